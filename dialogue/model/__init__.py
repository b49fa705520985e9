"""A language model behind the engine: its protocol, its limits and what it costs."""

"""The model files the product runs on: where they come from, and that they are the right ones."""

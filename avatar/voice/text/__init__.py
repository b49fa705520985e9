"""Written Chinese to the words that are said."""

"""A whole shop in one file and back again, or moved to another database."""

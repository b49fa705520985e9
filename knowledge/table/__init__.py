"""Tables become catalogues: cells, columns and values into typed records."""

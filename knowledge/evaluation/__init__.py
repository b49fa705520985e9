"""How good the search is, measured on questions with known answers."""

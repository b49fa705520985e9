"""Live selling: the rundown, the comments that wait, and who speaks next."""

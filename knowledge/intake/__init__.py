"""Files into readings: which files are meant, and what each one holds."""

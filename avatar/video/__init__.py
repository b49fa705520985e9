"""Product videos and sample sheets: scripts in, files out."""

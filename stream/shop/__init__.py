"""What a shop shows: what it has published, its product cards and their pictures."""

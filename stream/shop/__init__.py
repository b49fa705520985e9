"""What a shop shows: product cards and their pictures."""

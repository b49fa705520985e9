"""What is around the host: background, product card, captions, and the label that says an AI made it."""

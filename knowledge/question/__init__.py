"""What a question asks and what it is about, read from its words and from what was said before."""

"""The demo shop: a believable merchant whose files run through the real parsers."""

"""The host on the screen: what a face does at a moment, and how it is drawn."""

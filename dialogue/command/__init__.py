"""What a merchant types about leads, shops, tokens and channels."""

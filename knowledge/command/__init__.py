"""What a merchant types: `zhanggui knowledge …`."""

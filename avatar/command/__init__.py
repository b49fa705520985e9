"""What a merchant types: `zhanggui avatar …`, `zhanggui models …` and `zhanggui video`."""

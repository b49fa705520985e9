"""Outputs besides the viewers: RTMP, WHIP, HLS and recordings, from the same packets."""

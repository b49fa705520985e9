"""Viewers over WebRTC: WHEP, peers, and one encode fanned out to all of them."""

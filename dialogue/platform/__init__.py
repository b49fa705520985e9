"""Platforms a merchant has joined: their addresses and secrets, and what still has to reach them."""

from dialogue.platform.delivery import PREFIX, Delivery, Unfinished
from dialogue.platform.register import JoinedChannel, PlatformError

__all__ = ["PREFIX", "Delivery", "JoinedChannel", "PlatformError", "Unfinished"]

"""Platforms a merchant has joined: their addresses and secrets, and what still has to reach them."""

from dialogue.platform.courier import PlatformCourier
from dialogue.platform.delivery import PREFIX, Delivery, Unfinished
from dialogue.platform.register import OWN_CHANNELS, JoinedChannel, PlatformError
from dialogue.platform.webhook import webhooks

__all__ = [
    "OWN_CHANNELS",
    "PREFIX",
    "Delivery",
    "JoinedChannel",
    "PlatformCourier",
    "PlatformError",
    "Unfinished",
    "webhooks",
]

"""How much one visitor, one address and one socket may ask for. Pure, with an injected clock."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `burst` at once, then `per_second` on average."""

    burst: float
    per_second: float


@dataclass(frozen=True, slots=True)
class ChatLimits:
    """What the chat refuses, and when. All of it is documented in `docs/chat-protocol.md`."""

    frame_chars: int = 16_384
    """Longest frame, in characters; a longer one is refused unread and counts as unusable."""
    text_chars: int = 2_000
    """Longest customer message; a longer one is refused, the socket stays."""
    frames: Rate = Rate(60, 20)
    """All frames of one socket."""
    visitor_messages: Rate = Rate(12, 0.5)
    """Messages and forms of one conversation."""
    address_messages: Rate = Rate(60, 5)
    """Messages and forms from one address (a whole office may share it)."""
    address_opens: Rate = Rate(40, 2)
    """Sockets opened from one address."""
    bad_frames: int = 8
    """Unusable frames before the socket is closed with 4400."""
    sockets_per_conversation: int = 8
    """Tabs and devices on one conversation; one more closes the oldest with 4409."""
    sockets: int = 10_000
    """Open sockets of the process; more are refused with 4503."""
    send_queue: int = 256
    """Frames that may wait for a slow reader; then the socket is closed with 4408 and may resume."""
    answers: int = 64
    """Answers under way at the same time in the process; further ones wait for their turn."""
    hello_timeout_s: float = 10.0
    idle_timeout_s: float = 120.0
    """Silence (no frame, no ping) after which a socket is closed with 4408."""
    send_timeout_s: float = 20.0


class RateLimiter:
    """Token buckets by key; the least recently used key is forgotten beyond `keys`."""

    def __init__(self, rate: Rate, *, keys: int = 20_000) -> None:
        self._rate = rate
        self._keys = keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """Take one token: 0.0 when it was there, else the seconds until the next one."""
        tokens, since = self._buckets.get(key, (self._rate.burst, now))
        tokens = min(self._rate.burst, tokens + max(0.0, now - since) * self._rate.per_second)
        if tokens >= 1.0:
            self._put(key, tokens - 1.0, now)
            return 0.0
        self._put(key, tokens, now)
        return (1.0 - tokens) / self._rate.per_second

    def _put(self, key: str, tokens: float, now: float) -> None:
        self._buckets[key] = (tokens, now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)

"""One encode for everyone: a hub keeps the packets of a stream once and hands them to every viewer."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from avatar import FRAME_RATE

RING_PACKETS = 2048
"""Packets kept for retransmission and for joiners: about ten seconds of 1.5 Mb/s, at least one group of pictures."""
_USUAL = 2 * FRAME_RATE + 1
"""Frames from which the usual time between a timestamp and its handing out is taken."""
KEY_INTERVAL_S = 0.5
"""Key frames that viewers ask for come no closer than this, however many ask."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedFrame:
    """One encoded frame, shared by all viewers."""

    payloads: tuple[bytes, ...]
    timestamp: int
    """In the stream's RTP clock, not wrapped, from the program's first sample."""
    key: bool
    first: int
    """Index of its first packet in the hub's ring."""
    size: int
    ntp: int
    """64-bit NTP time of `timestamp`."""
    published_s: float
    """Monotonic time at which it was handed to the viewers."""


class Viewing(Protocol):
    """A viewer's stream, which takes every frame that was just made."""

    def deliver(self, hub: Hub, frame: SharedFrame) -> None:
        """Take a frame. Never waits."""
        ...


class Hub:
    """The packets of one stream (one rendition, or the sound), and those who want them."""

    def __init__(
        self, name: str, *, video: bool, clock_rate: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.monotonic = monotonic
        self.video = video
        self.clock_rate = clock_rate
        self.streams: set[Viewing] = set()
        self.frames = 0
        self.keyframes = 0
        self.keyframe_requests = 0
        self.nacks = 0
        self.resent = 0
        self.drops = 0
        self.bitrate = 0.0
        """Bits per second over the last two seconds."""
        self.latest: SharedFrame | None = None
        self._leads: deque[float] = deque(maxlen=_USUAL)
        self._group: list[SharedFrame] = []
        self._ring: list[tuple[int, bytes, SharedFrame] | None] = [None] * RING_PACKETS
        self._next = 0
        self._key_wanted = False
        self._key_at_s = float("-inf")

    def request_keyframe(self) -> None:
        """A viewer lost its picture (PLI, FIR): ask the encoder, once for all who ask."""
        self.keyframe_requests += 1
        self._key_wanted = True

    def take_keyframe_request(self, now_s: float) -> bool:
        """Whether the next picture has to be a key frame; the request is then taken."""
        if not self._key_wanted or now_s - self._key_at_s < KEY_INTERVAL_S:
            return False
        self._key_wanted, self._key_at_s = False, now_s
        return True

    def publish(self, payloads: tuple[bytes, ...], timestamp: int, *, key: bool, ntp: int) -> None:
        """Keep a frame's packets and hand them to every viewer."""
        size = sum(map(len, payloads))
        frame = SharedFrame(payloads, timestamp, key, self._next, size, ntp, self.monotonic())
        self._leads.append(timestamp / self.clock_rate - frame.published_s)
        for index, payload in enumerate(payloads, self._next):
            self._ring[index % RING_PACKETS] = (index, payload, frame)
        self._next += len(payloads)
        self.frames += 1
        self.latest = frame
        if self.video:
            self.bitrate += (frame.size * 8 * FRAME_RATE - self.bitrate) / (2 * FRAME_RATE)
            if key:
                self.keyframes += 1
                self._group.clear()
            if key or self._group:
                self._group.append(frame)
            if self._group and self._next - self._group[0].first > RING_PACKETS:
                self._group.clear()
        for stream in tuple(self.streams):
            stream.deliver(self, frame)

    def due(self) -> int:
        """The timestamp of a frame that would be handed out now, were it neither early nor late.

        The newest frame alone does not tell it: a program that has just been held up hands out late frames for a
        moment. 0 before the first frame.
        """
        if not self._leads:
            return 0
        return round((self.monotonic() + statistics.median(self._leads)) * self.clock_rate)

    def group(self) -> list[SharedFrame]:
        """The frames since the last key frame, itself included: where a joiner begins."""
        return list(self._group)

    def packet(self, index: int) -> tuple[bytes, SharedFrame] | None:
        """A packet of the past, while it is kept."""
        entry = self._ring[index % RING_PACKETS]
        return (entry[1], entry[2]) if entry is not None and entry[0] == index else None

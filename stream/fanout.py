"""One encode for everyone: a hub keeps the packets of a stream once, and every viewer's stream numbers them anew."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from avatar import FRAME_RATE

RING_PACKETS = 2048
"""Packets kept for retransmission and for joiners: about ten seconds of 1.5 Mb/s, at least one group of pictures."""
KEY_INTERVAL_S = 0.5
"""Key frames that viewers ask for come no closer than this, however many ask."""
CATCH_UP_STEP = 9
"""Ticks of 90 kHz (0.1 ms) at least between the pictures a joiner is given from the past: it decodes them at once and
shows the last."""
_VIDEO_RATE = 90_000
_FRAME_TICKS = _VIDEO_RATE // FRAME_RATE
_PACE_BYTES = 48_000
_PACE_S = 0.005
_SEGMENTS = 4


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


class Sink(Protocol):
    """Where one stream's packets go to one viewer. Never waits."""

    def send(self, seq: int, timestamp: int, payloads: tuple[bytes, ...]) -> bool:
        """Send a frame's packets, the marker on the last. False when the viewer cannot take them now."""
        ...

    def resend(self, seq: int, timestamp: int, payload: bytes, *, marker: bool) -> bool:
        """Send one packet again, by RTX (RFC 4588) where it was negotiated. False when the allowance is used up."""
        ...

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Call back after `delay_s`."""
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
        self.streams: set[OutgoingStream] = set()
        self.frames = 0
        self.keyframes = 0
        self.keyframe_requests = 0
        self.nacks = 0
        self.resent = 0
        self.drops = 0
        self.bitrate = 0.0
        """Bits per second over the last two seconds."""
        self.latest: SharedFrame | None = None
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

    def group(self) -> list[SharedFrame]:
        """The frames since the last key frame, itself included: where a joiner begins."""
        return list(self._group)

    def packet(self, index: int) -> tuple[bytes, SharedFrame] | None:
        """A packet of the past, while it is kept."""
        entry = self._ring[index % RING_PACKETS]
        return (entry[1], entry[2]) if entry is not None and entry[0] == index else None


@dataclass(slots=True)
class _Segment:
    """A run of sequence numbers that map one to one on a hub's packets."""

    seq: int
    hub: Hub
    index: int
    moved: dict[int, int] = field(default_factory=dict)
    """Timestamps of the frames (by first index) that could not keep their own."""


class OutgoingStream:
    """What one viewer is sent of one stream: its own numbers, its own gaps, nobody else's.

    States: waiting for a key frame, catching up from the current group of pictures, or live. Sequence numbers never
    show a gap that was meant, so a viewer asks again only for what the network lost.
    """

    def __init__(self, hub: Hub, sink: Sink, *, seq: int, timestamp_offset: int) -> None:
        self.hub = hub
        self.packets = 0
        self.octets = 0
        self.drops = 0
        self.last: SharedFrame | None = None
        self._target: Hub | None = None
        self._sink = sink
        self._seq = seq
        self._offset = timestamp_offset
        self._last_timestamp = -1
        self._segments: deque[_Segment] = deque(maxlen=_SEGMENTS)
        self._waiting = True
        self._backlog: deque[SharedFrame] = deque()
        self._newest: SharedFrame | None = None
        self._past = 0
        """Frames in the backlog that were made before the viewer joined."""
        self._pacing = False
        self._open = False

    def start(self) -> None:
        """Begin: a video stream with the current group of pictures, sound with the next packet."""
        self._open = True
        self.hub.streams.add(self)
        group = self.hub.group()
        if not self.hub.video:
            self._waiting = False
        elif group:
            self._begin_segment(self.hub, group[0].first)
            self._newest, self._past = group[-1], len(group)
            self._last_timestamp = group[-1].timestamp - CATCH_UP_STEP
            self._waiting = False
            self._backlog.extend(group)
            self._catch_up()
        else:
            self.hub.request_keyframe()

    def stop(self) -> None:
        """Send nothing more; may be called twice."""
        self._open = False
        self.hub.streams.discard(self)
        if self._target is not None:
            self._target.streams.discard(self)
            self._target = None
        self._backlog.clear()

    def switch(self, hub: Hub) -> None:
        """Move to another rendition at its next key frame; until then the old one goes on."""
        if self._target is not None:
            self._target.streams.discard(self)
        self._target = None
        if hub is not self.hub:
            self._target = hub
            hub.streams.add(self)
            hub.request_keyframe()

    def deliver(self, hub: Hub, frame: SharedFrame) -> None:
        """Take a frame that was just made."""
        if hub is self._target:
            if not frame.key:
                return
            self.hub.streams.discard(self)
            self.hub, self._target = hub, None
            self._waiting = True
            self._backlog.clear()
        elif hub is not self.hub:
            return
        if self._backlog:
            self._backlog.append(frame)
            return
        if self._waiting and hub.video and not frame.key:
            self.drops += 1
            return
        self._send(frame)

    def retransmit(self, seq: int) -> None:
        """Answer a NACK for a 16-bit sequence number; what is no longer kept is not answered."""
        self.hub.nacks += 1
        full = self._seq - ((self._seq - seq) & 0xFFFF)
        for segment in reversed(self._segments):
            if full >= segment.seq:
                break
        else:
            return
        if full >= self._seq:
            return
        found = segment.hub.packet(segment.index + full - segment.seq)
        if found is None:
            return
        payload, frame = found
        timestamp = segment.moved.get(frame.first, frame.timestamp)
        marker = segment.index + full - segment.seq == frame.first + len(frame.payloads) - 1
        if self._sink.resend(full & 0xFFFF, self._wire(timestamp), payload, marker=marker):
            self.hub.resent += 1

    def lost_picture(self) -> None:
        """The viewer cannot decode (PLI, FIR)."""
        (self._target or self.hub).request_keyframe()

    def report(self) -> tuple[int, int] | None:
        """(NTP, RTP) of the newest frame, for a sender report; None before the first one."""
        return None if self.last is None else (self.last.ntp, self._wire(self.last.timestamp))

    def _begin_segment(self, hub: Hub, index: int) -> None:
        self._segments.append(_Segment(self._seq, hub, index))

    def _wire(self, timestamp: int) -> int:
        return (timestamp + self._offset) & 0xFFFFFFFF

    def _send(self, frame: SharedFrame) -> bool:
        segment = self._segments[-1] if self._segments else None
        if segment is None or segment.hub is not self.hub or segment.index + self._seq - segment.seq != frame.first:
            self._begin_segment(self.hub, frame.first)
            segment = self._segments[-1]
        timestamp = segment.moved.get(frame.first, frame.timestamp)
        if timestamp <= self._last_timestamp:
            timestamp = segment.moved[frame.first] = self._last_timestamp + CATCH_UP_STEP
        if not self._sink.send(self._seq & 0xFFFF, self._wire(timestamp), frame.payloads):
            self.drops += 1
            self.hub.drops += 1
            self._waiting = True
            # A part may have left: number on, so that the viewer sees a broken frame and not a forged one.
            self._seq += len(frame.payloads)
            self._last_timestamp = timestamp
            self.hub.request_keyframe()
            return False
        self._waiting = False
        self._seq += len(frame.payloads)
        self._last_timestamp = timestamp
        self.packets += len(frame.payloads)
        self.octets += frame.size
        self.last = frame
        return True

    def _catch_up(self) -> None:
        self._pacing = False
        budget = _PACE_BYTES
        while self._backlog and budget > 0:
            frame = self._backlog.popleft()
            budget -= frame.size
            if self._past:
                self._segments[-1].moved[frame.first] = self._present()
                self._past -= 1
            if not self._send(frame):
                self._backlog.clear()
                self._past = 0
        if self._backlog and self._open and not self._pacing:
            self._pacing = True
            self._sink.later(_PACE_S, self._catch_up)

    def _present(self) -> int:
        """The timestamp of a picture of the past: that of the moment it is sent.

        A player learns from timestamps and arrivals how late pictures are, and forgets slowly: were the past sent under
        times of the past, all that follows would be shown too early, and lips ahead of words, for half a minute. The
        next picture made keeps its own timestamp, so that these end before it.
        """
        newest = self._newest
        if newest is None:
            return self._last_timestamp + CATCH_UP_STEP
        now = newest.timestamp + round((self.hub.monotonic() - newest.published_s) * _VIDEO_RATE)
        latest = newest.timestamp + _FRAME_TICKS - self._past * CATCH_UP_STEP
        return max(self._last_timestamp + CATCH_UP_STEP, min(now, latest))

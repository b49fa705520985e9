"""What one viewer is sent of a hub's stream: its own numbers, its own gaps, nobody else's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from stream.viewer.fanout import Hub, SharedFrame
from stream.viewer.repair import Repair

CATCH_UP_STEP = 9
"""Ticks of 90 kHz (0.1 ms) at least between the pictures a joiner is given from the past: it decodes them at once and
shows the last."""
_PACE_BYTES = 48_000
_PACE_S = 0.005
_SEGMENTS = 4
_COPY_S = 0.008
"""Between the copies of a packet that is sent more than once: what loses one loses its neighbours."""


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

    def __init__(
        self,
        hub: Hub,
        sink: Sink,
        *,
        seq: int,
        timestamp_offset: int,
        on_first: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_first` is called when the first frame has left."""
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
        self._past = 0
        """Frames in the backlog that were made before the viewer joined."""
        self._pacing = False
        self._open = False
        self._repair = Repair()
        self._on_first = on_first

    def start(self) -> None:
        """Begin: a video stream with the current group of pictures, sound with the next packet."""
        self._open = True
        self.hub.streams.add(self)
        group = self.hub.group()
        if not self.hub.video:
            self._waiting = False
        elif group:
            self._begin_segment(self.hub, group[0].first)
            self._past = len(group)
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
        timestamp = self._wire(segment.moved.get(frame.first, frame.timestamp))
        marker = segment.index + full - segment.seq == frame.first + len(frame.payloads) - 1

        def send() -> None:
            if self._open and self._sink.resend(full & 0xFFFF, timestamp, payload, marker=marker):
                self.hub.resent += 1

        send()
        for copy in range(1, self._repair.copies(full, sent=self._seq)):
            self._sink.later(copy * _COPY_S, send)

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
        if not self.packets:
            self._on_first()
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
        times of the past, all that follows would be shown too early, and lips ahead of words, for half a minute.
        Pictures that come late after these follow as closely, until one is on time.
        """
        return max(self._last_timestamp + CATCH_UP_STEP, self.hub.due())

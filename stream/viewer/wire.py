"""The fast path to a viewer: own RTP headers, SRTP in place, and a whole frame in one system call where Linux can."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]

_log = logging.getLogger(__name__)

_HEADER = struct.Struct("!BBHLL")
_SOL_UDP = 17
_UDP_SEGMENT = 103
_GSO_PACKETS = 44
_PACKET_ROOM = 1500
_SEND_BUFFER = 1 << 20
_RESEND_OCTETS_S = 250_000
"""A viewer is sent no more than 2 Mb/s again: a flood of NACKs buys no flood of packets."""
_NTP_UNIX_OFFSET_S = 2_208_988_800


class Scratch:
    """One buffer for all viewers of a loop, so that it stays in the processor's cache. Not for two threads."""

    def __init__(self) -> None:
        self.cdata = ffi.new("char[]", _GSO_PACKETS * _PACKET_ROOM)
        self.view = ffi.buffer(self.cdata)
        self.length = ffi.new("int *")


@dataclass(slots=True)
class Route:
    """Where packets leave: an SRTP context, and either a UDP socket and address, or the library's own way."""

    srtp: Any
    sock: socket.socket | None
    address: tuple[str, int] | None
    send: Callable[[bytes], bool] | None = None
    """Takes a protected packet when there is no socket (TURN); False when its queue is full."""


class Router(Protocol):
    """Finds a viewer's current route; the answer changes when ICE restarts or nominates another pair."""

    def route(self) -> Route | None:
        """The route in use, or None while there is no connection."""
        ...

    def close(self) -> None:
        """Free the route; may be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was negotiated for one stream."""

    ssrc: int
    payload_type: int
    mid: str = ""
    mid_id: int = 0
    """Header extension id of the MID (RFC 9143 section 14); 0 when not negotiated."""
    send_time_id: int = 0
    """Header extension id of abs-send-time; 0 when not negotiated."""
    rtx_ssrc: int = 0
    rtx_payload_type: int | None = None


class Leg:
    """One stream's way to one viewer; the `Sink` of an `OutgoingStream`."""

    def __init__(
        self,
        router: Router,
        numbers: Numbers,
        scratch: Scratch,
        *,
        gso: bool = True,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.numbers = numbers
        self.sent_octets = 0
        self.refused = 0
        self.router = router
        self._scratch = scratch
        self._gso = gso
        self._wall = wall
        self._monotonic = monotonic
        self._allowance = float(_RESEND_OCTETS_S)
        self._allowed_at = monotonic()
        self._rtx_seq = int.from_bytes(numbers.ssrc.to_bytes(4, "big")[:2], "big") & 0x7FFF
        self._first, self._extension, self._time_at = _extension(numbers)
        self._timers: set[asyncio.TimerHandle] = set()

    def send(self, seq: int, timestamp: int, payloads: tuple[bytes, ...]) -> bool:
        """Protect and send a frame. False when the socket's buffer is full; part of it may have left."""
        route = self.router.route()
        if route is None:
            return False
        try:
            if route.sock is None:
                return self._send_by_library(route, seq, timestamp, payloads)
            if self._gso and len(payloads) > 1:
                self._send_segments(route, route.sock, seq, timestamp, payloads)
            else:
                self._send_each(route, route.sock, seq, timestamp, payloads)
        except BlockingIOError:
            self.refused += 1
            return False
        except OSError as exc:
            # ICMP errors of a viewer who has just left land here; ICE consent ends the session.
            self.refused += 1
            _log.debug("a viewer's socket refused a frame: %s", exc)
            return False
        return True

    def resend(self, seq: int, timestamp: int, payload: bytes, *, marker: bool) -> bool:
        """Send one packet again, by RTX where negotiated."""
        now = self._monotonic()
        self._allowance = min(_RESEND_OCTETS_S, self._allowance + (now - self._allowed_at) * _RESEND_OCTETS_S)
        self._allowed_at = now
        route = self.router.route()
        if route is None or self._allowance < len(payload):
            return False
        self._allowance -= len(payload)
        try:
            packet = self._scratch.view[0 : self._protect_again(route, seq, timestamp, payload, marker)]
            if route.sock is None or route.address is None:
                return route.send is not None and route.send(bytes(packet))
            route.sock.sendto(packet, route.address)
        except OSError as exc:
            # SRTP refuses as well: without RTX, a number from before its replay window (1,024 packets).
            _log.debug("a packet could not be sent again: %s", exc)
            return False
        return True

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Call back on the running loop, unless the leg is closed first."""

        def fire() -> None:
            self._timers.discard(handle)
            call()

        handle = asyncio.get_running_loop().call_later(delay_s, fire)
        self._timers.add(handle)

    def close(self) -> None:
        """Cancel what was put off and free the route; may be called twice."""
        self.router.close()
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()

    def _send_each(
        self, route: Route, sock: socket.socket, seq: int, timestamp: int, payloads: tuple[bytes, ...]
    ) -> None:
        extension, last = self._stamped(), len(payloads) - 1
        for number, payload in enumerate(payloads):
            size = self._pack(route, 0, extension, number == last, seq + number, timestamp, payload)
            sock.sendto(self._scratch.view[0:size], route.address)  # type: ignore[arg-type]

    def _send_segments(
        self, route: Route, sock: socket.socket, seq: int, timestamp: int, payloads: tuple[bytes, ...]
    ) -> None:
        """UDP GSO (Linux 4.18, udp(7)): runs of packets of one size, the last of a run may be shorter."""
        extension, count, at = self._stamped(), len(payloads), 0
        while at < count:
            segment, used, end = len(payloads[at]), 0, at
            size = 0
            while end < count and end - at < _GSO_PACKETS and len(payloads[end]) <= segment:
                packed = self._pack(route, used, extension, end == count - 1, seq + end, timestamp, payloads[end])
                size = size or packed
                used += packed
                end += 1
                if len(payloads[end - 1]) < segment:
                    break
            data = self._scratch.view[0:used]
            if end - at == 1:
                sock.sendto(data, route.address)  # type: ignore[arg-type]
            else:
                try:
                    sock.sendmsg([data], [(_SOL_UDP, _UDP_SEGMENT, struct.pack("H", size))], 0, route.address)
                except BlockingIOError:
                    raise
                except OSError as exc:
                    _log.info("no UDP segmentation on this path (%s), sending packets one by one", exc)
                    self._gso = False
                    for start in range(0, used, size):
                        sock.sendto(self._scratch.view[start : min(start + size, used)], route.address)  # type: ignore[arg-type]
            at = end

    def _send_by_library(self, route: Route, seq: int, timestamp: int, payloads: tuple[bytes, ...]) -> bool:
        extension, last = self._stamped(), len(payloads) - 1
        for number, payload in enumerate(payloads):
            size = self._pack(route, 0, extension, number == last, seq + number, timestamp, payload)
            if route.send is None or not route.send(bytes(self._scratch.view[0:size])):
                self.refused += 1
                return False
        return True

    def _pack(
        self, route: Route, at: int, extension: bytes, marker: bool, seq: int, timestamp: int, payload: bytes
    ) -> int:
        head = self._head(self.numbers.payload_type, marker, seq & 0xFFFF, timestamp, self.numbers.ssrc)
        return self._protect(route, at, head + extension + payload)

    def _head(self, payload_type: int, marker: bool, seq: int, timestamp: int, ssrc: int) -> bytes:
        return _HEADER.pack(self._first, payload_type | (0x80 if marker else 0), seq, timestamp, ssrc)

    def _protect_again(self, route: Route, seq: int, timestamp: int, payload: bytes, marker: bool) -> int:
        numbers, extension = self.numbers, self._stamped()
        if numbers.rtx_payload_type is None:
            head = self._head(numbers.payload_type, marker, seq, timestamp, numbers.ssrc)
            return self._protect(route, 0, head + extension + payload)
        head = self._head(numbers.rtx_payload_type, marker, self._rtx_seq, timestamp, numbers.rtx_ssrc)
        self._rtx_seq = self._rtx_seq + 1 & 0xFFFF
        return self._protect(route, 0, head + extension + seq.to_bytes(2, "big") + payload)

    def _protect(self, route: Route, at: int, packet: bytes) -> int:
        scratch = self._scratch
        scratch.view[at : at + len(packet)] = packet
        scratch.length[0] = len(packet)
        status = lib.srtp_protect(route.srtp, scratch.cdata + at, scratch.length)
        if status:
            raise OSError(f"srtp_protect failed with status {status}")
        size = int(scratch.length[0])
        self.sent_octets += size
        return size

    def _stamped(self) -> bytes:
        if self._time_at:
            ticks = int((self._wall() + _NTP_UNIX_OFFSET_S) * (1 << 18)) & 0xFFFFFF
            self._extension[self._time_at : self._time_at + 3] = ticks.to_bytes(3, "big")
        return bytes(self._extension)


def _extension(numbers: Numbers) -> tuple[int, bytearray, int]:
    """First header byte, the one-byte header extensions (RFC 8285 section 4.2), and where the send time goes."""
    body, time_at = b"", 0
    if numbers.mid_id:
        mid = numbers.mid.encode()
        body += bytes((numbers.mid_id << 4 | len(mid) - 1,)) + mid
    if numbers.send_time_id:
        time_at = 4 + len(body) + 1
        body += bytes((numbers.send_time_id << 4 | 2, 0, 0, 0))
    if not body:
        return 0x80, bytearray(), 0
    body += b"\0" * (-len(body) % 4)
    return 0x90, bytearray(struct.pack("!HH", 0xBEDE, len(body) // 4) + body), time_at


def enlarge(sock: socket.socket) -> None:
    """Ask for a send buffer that holds a few key frames; the kernel may grant less."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

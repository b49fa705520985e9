"""What `stream.viewer.peer` needs of aiortc (1.16.0) and aioice beyond their public names. No other file touches those.

`tests/stream/test_peer_contract.py` fails with the missing name when another version is installed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import aioice
from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.rtcdtlstransport import State
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)
from aiortc.sdp import candidate_from_sdp

from stream.viewer.outgoing import OutgoingStream
from stream.viewer.wire import Leg, Numbers, Route, Router, enlarge

_log = logging.getLogger(__name__)

_TURN_PENDING = 256
_TURN_BUFFER = 512 << 10
_NACKS_A_PACKET = 256
_RESTART_S = 15.0


@dataclass(frozen=True, slots=True)
class Restarted:
    """The answering half of an ICE restart."""

    ufrag: str
    password: str
    candidates: tuple[str, ...]
    """`candidate:` attribute values."""


class Feedback:
    """What a viewer reports about the picture it gets; override what is wanted."""

    def on_loss(self, fraction: float) -> None:
        """Share of the packets lost since the last report, 0..1."""

    def on_estimate(self, bitrate: int) -> None:
        """The viewer's estimate of what it can receive, bits per second (REMB)."""


class Fanout(Protocol):
    """Who is told that a negotiated stream may begin."""

    feedback: Feedback

    def begin(self, kind: str, numbers: Numbers, router: Router) -> tuple[OutgoingStream, Leg]:
        """Make and start the viewer's stream of this kind."""
        ...


def take_over_sender(sender: RTCRtpSender, fanout: Fanout) -> None:
    """Let a sender that `addTransceiver` made send what the hubs publish, and let its ICE be restartable."""
    changed: Any = sender
    changed.__class__ = _FanoutSender
    changed.fanout = fanout
    ice = changed.transport.transport
    ice._recv = _switching_recv(ice)


def ice_transport(pc: RTCPeerConnection) -> Any:
    """The ICE transport of the first media section, None before there is one."""
    transceivers = pc.getTransceivers()
    return transceivers[0].receiver.transport.transport if transceivers else None


async def add_candidates(ice: Any, candidates: Iterable[str]) -> None:
    """Add remote candidates (`candidate:` values), late ones are ignored. Raises `ValueError` for what is none."""
    if ice.iceGatherer._remote_candidates_end:
        return
    for value in candidates:
        try:
            candidate = candidate_from_sdp(value.removeprefix("candidate:"))
        except (AssertionError, ValueError, IndexError) as exc:
            raise ValueError("a candidate line cannot be read") from exc
        candidate.sdpMLineIndex = 0
        await ice.addRemoteCandidate(candidate)


async def begin_restart(ice: Any, ufrag: str, password: str, candidates: Iterable[str]) -> tuple[Restarted, Any]:
    """A second ICE connection beside the one in use; gives the answer and what `finish_restart` takes.

    Raises `ValueError` for a candidate that is none.
    """
    old = ice._connection
    fresh = aioice.Connection(
        ice_controlling=False,
        stun_server=old.stun_server,
        turn_server=old.turn_server,
        turn_username=old.turn_username,
        turn_password=old.turn_password,
        turn_ssl=old.turn_ssl,
        turn_transport=old.turn_transport,
        transport_policy=old._transport_policy,
    )
    fresh.remote_username, fresh.remote_password = ufrag, password
    await fresh.gather_candidates()
    try:
        for value in candidates:
            await fresh.add_remote_candidate(aioice.Candidate.from_sdp(value.removeprefix("candidate:")))
    except ValueError:
        await fresh.close()
        raise
    lines = tuple(f"candidate:{candidate.to_sdp()}" for candidate in fresh.local_candidates)
    return Restarted(fresh.local_username, fresh.local_password, lines), fresh


async def finish_restart(ice: Any, fresh: Any) -> None:
    """Connect, then let the new connection carry what the old one did; if it does not connect, the old one stays."""
    try:
        async with asyncio.timeout(_RESTART_S):
            await fresh.connect()
    except (ConnectionError, TimeoutError) as exc:
        _log.info("an ICE restart did not connect: %s", exc)
        await fresh.close()
        return
    except asyncio.CancelledError:
        await fresh.close()
        raise
    old = ice._connection
    ice._connection = ice.iceGatherer._connection = fresh
    ice._send = fresh.send
    fresh._event_waiter, old._event_waiter = old._event_waiter, None
    old._queue.put_nowait(None)
    await old.close()


class _Nominated:
    """Finds the nominated pair of a DTLS transport; keeps its own handle on the pair's socket."""

    def __init__(self, dtls: Any) -> None:
        self._dtls = dtls
        self._pair: Any = None
        self._route: Route | None = None

    def route(self) -> Route | None:
        dtls = self._dtls
        if dtls._state is not State.CONNECTED:
            return None
        pair = dtls.transport._connection._nominated.get(1)
        if pair is not self._pair:
            self.close()
            self._pair = pair
            if pair is not None:
                self._route = self._open(pair)
        return self._route

    def close(self) -> None:
        if self._route is not None and self._route.sock is not None:
            self._route.sock.close()
        self._route, self._pair = None, None

    def _open(self, pair: Any) -> Route:
        srtp = self._dtls._tx_srtp._srtp[0]
        transport, address = pair.protocol.transport, pair.remote_addr
        shared = transport.get_extra_info("socket")
        if shared is None:
            return Route(srtp, None, address, _turn_send(transport, address))
        sock = socket.socket(fileno=os.dup(shared.fileno()))
        sock.setblocking(False)
        enlarge(sock)
        return Route(srtp, sock, address)


def _turn_send(transport: Any, address: tuple[str, int]) -> Callable[[bytes], bool]:
    """The library's way over a TURN allocation, refused while it is backed up."""
    pending = transport._TurnTransport__send_tasks
    inner = transport._TurnTransport__inner_protocol.transport

    def send(packet: bytes) -> bool:
        if len(pending) >= _TURN_PENDING:
            return False
        if hasattr(inner, "get_write_buffer_size") and inner.get_write_buffer_size() > _TURN_BUFFER:
            return False
        transport.sendto(packet, address)
        return True

    return send


def _switching_recv(ice: Any) -> Callable[[], Any]:
    """A receive that survives an ICE restart: DTLS reads on from whichever connection is in use."""

    async def recv() -> bytes:
        while True:
            connection = ice._connection
            try:
                data: bytes = await connection.recv()
                return data
            except ConnectionError:
                if ice._connection is connection:
                    raise

    return recv


class _FanoutSender(RTCRtpSender):
    """Takes the place of the sender that `addTransceiver` made: sends what the hub publishes, encodes nothing."""

    fanout: Fanout

    async def _run_rtp(self, codec: Any) -> None:
        state = self.__dict__
        state["_RTCRtpSender__rtp_started"].set()
        ids = state["_RTCRtpSender__rtp_header_extensions_map"]._HeaderExtensionsMap__ids
        numbers = Numbers(
            ssrc=self._ssrc,
            payload_type=codec.payloadType,
            mid=state["_RTCRtpSender__mid"] or "",
            mid_id=ids.mid or 0 if state["_RTCRtpSender__mid"] else 0,
            send_time_id=(ids.abs_send_time or 0) if self.kind == "video" else 0,
            rtx_ssrc=self._rtx_ssrc,
            rtx_payload_type=state["_RTCRtpSender__rtx_payload_type"],
        )
        stream, leg = self.fanout.begin(self.kind, numbers, _Nominated(self.transport))
        state["fanout_stream"] = stream
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            _log.debug("a viewer's %s stream ends", self.kind)
        finally:
            stream.stop()
            leg.close()
            state["_RTCRtpSender__rtp_exited"].set()

    async def _run_rtcp(self) -> None:
        """Sender reports that pair the program's clock with the RTP clock: both streams' pairs lie on one timeline."""
        state = self.__dict__
        state["_RTCRtpSender__rtcp_started"].set()
        # A player needs two reports of each stream before it can lay both on one timeline.
        early = [0.2, 0.4, 0.6]
        wait_s = 0.05
        try:
            while True:
                await asyncio.sleep(wait_s)
                stream: OutgoingStream | None = state.get("fanout_stream")
                report = stream.report() if stream is not None else None
                if stream is None or report is None:
                    continue
                # RFC 3550 section 6.2 spreads the reports.
                wait_s = early.pop(0) if early else 0.5 + random.random()  # noqa: S311
                info = RtcpSenderInfo(report[0], report[1], stream.packets & 0xFFFFFFFF, stream.octets & 0xFFFFFFFF)
                name = (state["_RTCRtpSender__cname"] or "zhanggui").encode()
                await self._send_rtcp(
                    [
                        RtcpSrPacket(ssrc=self._ssrc, sender_info=info),
                        RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self._ssrc, items=[(1, name)])]),
                    ]
                )
        except asyncio.CancelledError:
            _log.debug("a viewer's %s reports end", self.kind)
        finally:
            state["_RTCRtpSender__rtcp_exited"].set()

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        stream: OutgoingStream | None = self.__dict__.get("fanout_stream")
        if stream is None:
            return
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for seq in packet.lost[:_NACKS_A_PACKET]:
                stream.retransmit(seq)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            stream.lost_picture()
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP and self.kind == "video":
            with contextlib.suppress(ValueError):  # an application message that is not REMB
                self.fanout.feedback.on_estimate(unpack_remb_fci(packet.fci)[0])
        elif isinstance(packet, RtcpRrPacket | RtcpSrPacket) and self.kind == "video":
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self.fanout.feedback.on_loss(report.fraction_lost / 256)

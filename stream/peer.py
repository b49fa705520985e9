"""A viewer's peer connection. The only file that touches private names of aiortc (1.16.0) and aioice.

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
from typing import Any

import aioice
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.codecs import is_rtx
from aiortc.rtcconfiguration import RTCIceTransportPolicy
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

from stream.errors import StreamError
from stream.fanout import Hub, OutgoingStream
from stream.wire import Leg, Numbers, Route, Scratch, enlarge

_log = logging.getLogger(__name__)

_TURN_PENDING = 256
_TURN_BUFFER = 512 << 10
_NACKS_A_PACKET = 256
_CLOSE_S = 5


class OfferError(StreamError):
    """The offer cannot be answered; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server, for this process and for the viewers' `Link` headers."""

    url: str
    username: str = ""
    credential: str = ""


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


class SendingPeer:
    """A peer connection that sends what the hubs publish; the two ways to negotiate it stand below."""

    def __init__(
        self,
        *,
        video: Hub,
        audio: Hub,
        scratch: Scratch,
        ice_servers: Iterable[IceServer] = (),
        relay_only: bool = False,
        feedback: Feedback | None = None,
        on_state: Callable[[str], None] = lambda _: None,
        gso: bool = True,
    ) -> None:
        self.streams: list[OutgoingStream] = []
        self.connected = False
        self.video_stream: OutgoingStream | None = None
        self._hubs = {"video": video, "audio": audio}
        self._scratch = scratch
        self._gso = gso
        self._feedback = feedback or Feedback()
        self._on_state = on_state
        self._ice_servers = tuple(ice_servers)
        self._policy = RTCIceTransportPolicy.RELAY if relay_only else RTCIceTransportPolicy.ALL
        self._pc: RTCPeerConnection | None = None
        self._restart: asyncio.Task[None] | None = None

    def switch(self, hub: Hub) -> None:
        """Move the picture to another rendition at its next key frame."""
        if self.video_stream is not None:
            self.video_stream.switch(hub)

    async def aclose(self) -> None:
        """Stop sending and free the sockets; may be called twice."""
        if self._restart is not None:
            self._restart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._restart
            self._restart = None
        for stream in self.streams:
            stream.stop()
        if self._pc is not None:
            try:
                async with asyncio.timeout(_CLOSE_S):
                    await self._pc.close()
            except TimeoutError:
                _log.warning("a viewer's connection did not close in %d s and is left behind", _CLOSE_S)

    def _open(self, policy: RTCBundlePolicy) -> RTCPeerConnection:
        servers = [RTCIceServer(s.url, s.username or None, s.credential or None) for s in self._ice_servers]
        pc = self._pc = RTCPeerConnection(RTCConfiguration(servers, self._policy, policy))
        pc.on("connectionstatechange", self._state_changed)
        return pc

    def _add(self, pc: RTCPeerConnection, kind: str) -> None:
        transceiver = pc.addTransceiver(kind, direction="sendonly")
        wanted = ("video/h264",) if kind == "video" else ("audio/opus",)
        codecs = [c for c in RTCRtpSender.getCapabilities(kind).codecs if c.mimeType.lower() in wanted or is_rtx(c)]
        # Constrained baseline first: it is what the encoder makes.
        codecs.sort(key=lambda codec: codec.parameters.get("profile-level-id") != "42e01f")
        transceiver.setCodecPreferences(codecs)
        sender: Any = transceiver.sender
        sender.__class__ = _FanoutSender
        sender.fanout = self
        ice = sender.transport.transport
        ice._recv = _switching_recv(ice)

    def _ice(self) -> Any:
        if self._pc is None or not self._pc.getTransceivers():
            return None
        return self._pc.getTransceivers()[0].receiver.transport.transport

    def _state_changed(self) -> None:
        if self._pc is not None:
            state = self._pc.connectionState
            self.connected = state == "connected"
            self._on_state(state)

    async def _take_over(self, transport: Any, fresh: aioice.Connection) -> None:
        try:
            async with asyncio.timeout(15):
                await fresh.connect()
        except (ConnectionError, TimeoutError) as exc:
            _log.info("an ICE restart did not connect: %s", exc)
            await fresh.close()
            return
        except asyncio.CancelledError:
            await fresh.close()
            raise
        old = transport._connection
        transport._connection = transport.iceGatherer._connection = fresh
        transport._send = fresh.send
        fresh._event_waiter, old._event_waiter = old._event_waiter, None
        old._queue.put_nowait(None)
        await old.close()

    def _begin(self, sender: Any, kind: str, numbers: Numbers) -> tuple[OutgoingStream, Leg]:
        leg = Leg(_Router(sender.transport), numbers, self._scratch, gso=self._gso)
        offset = random.getrandbits(32)
        seq = random.getrandbits(15)
        stream = OutgoingStream(self._hubs[kind], leg, seq=seq, timestamp_offset=offset)
        self.streams.append(stream)
        if kind == "video":
            self.video_stream = stream
        stream.start()
        return stream, leg


class ViewerPeer(SendingPeer):
    """One viewer: answers its offer."""

    async def answer(self, offer: str) -> str:
        """The SDP answer to a checked offer, with all candidates in it. Raises `OfferError`."""
        lines = offer.splitlines()
        kinds = [line[2:].split(" ", 1)[0] for line in lines if line.startswith("m=")]
        mids = [line[6:] for line in lines if line.startswith("a=mid:")]
        # One transport from the start, where the library would not take it for a spare one: its order is the bundle's.
        bundled = f"a=group:BUNDLE {' '.join(mids)}" in lines
        pc = self._open(RTCBundlePolicy.MAX_BUNDLE if bundled else RTCBundlePolicy.BALANCED)
        try:
            for kind in kinds:
                self._add(pc, kind)
            await pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            await pc.setLocalDescription(await pc.createAnswer())
        except Exception as exc:
            # The library's parser raises whatever it stumbles over; every such offer is the sender's fault.
            await self.aclose()
            raise OfferError(f"the offer cannot be answered: {type(exc).__name__}: {exc}"[:200]) from exc
        return str(pc.localDescription.sdp)

    async def trickle(self, candidates: Iterable[str]) -> None:
        """Add remote candidates (`candidate:` values); wrong ones raise `OfferError`, late ones are ignored.

        The library is never told that these were the last: it would give up when they fail, though the viewer's own
        checks, from an address nobody could name, may be on their way. Who never connects is dropped by the audience.
        """
        transport = self._ice()
        if transport is None or transport.iceGatherer._remote_candidates_end:
            return
        for value in candidates:
            await transport.addRemoteCandidate(_parse_candidate(value))

    async def restart_ice(self, ufrag: str, password: str, candidates: Iterable[str]) -> Restarted:
        """Begin a new ICE session under the same DTLS and SRTP (RFC 8445 section 9). Raises `OfferError`.

        aiortc knows no restart: a second aioice connection is checked beside the one in use and takes its place when
        it connects; until then, and if it never does, the old one carries the media.
        """
        transport = self._ice()
        if transport is None or not self.connected:
            raise OfferError("the session is not connected: post a new offer")
        if self._restart is not None:
            self._restart.cancel()
        old = transport._connection
        fresh = aioice.Connection(
            ice_controlling=False,
            stun_server=old.stun_server,
            turn_server=old.turn_server,
            turn_username=old.turn_username,
            turn_password=old.turn_password,
            turn_ssl=old.turn_ssl,
            turn_transport=old.turn_transport,
        )
        fresh.remote_username, fresh.remote_password = ufrag, password
        await fresh.gather_candidates()
        for value in candidates:
            await fresh.add_remote_candidate(aioice.Candidate.from_sdp(value.removeprefix("candidate:")))
        self._restart = asyncio.create_task(self._take_over(transport, fresh), name="ice-restart")
        lines = tuple(f"candidate:{candidate.to_sdp()}" for candidate in fresh.local_candidates)
        return Restarted(fresh.local_username, fresh.local_password, lines)


class PublisherPeer(SendingPeer):
    """The room as a publisher at an SFU: makes the offer."""

    def __init__(
        self, *, video: Hub, audio: Hub, scratch: Scratch, ice_servers: Iterable[IceServer] = (), gso: bool = True
    ) -> None:
        super().__init__(
            video=video, audio=audio, scratch=scratch, ice_servers=ice_servers, on_state=self._follow, gso=gso
        )
        self.opened = asyncio.Event()
        """Set when the connection stands."""
        self.closed = asyncio.Event()
        """Set when it ended or failed."""

    async def offer(self) -> str:
        """The SDP offer, sending one video and one sound, with all candidates in it."""
        pc = self._open(RTCBundlePolicy.MAX_BUNDLE)
        for kind in ("video", "audio"):
            self._add(pc, kind)
        await pc.setLocalDescription(await pc.createOffer())
        return str(pc.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """Take the server's answer. Raises `OfferError`."""
        if self._pc is None:
            raise OfferError("there is no offer to be answered")
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except Exception as exc:
            # The library's parser raises whatever it stumbles over.
            raise OfferError(f"the server's answer cannot be used: {type(exc).__name__}"[:200]) from exc

    def _follow(self, state: str) -> None:
        if state == "connected":
            self.opened.set()
        elif state in ("failed", "closed"):
            self.closed.set()


class _Router:
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


def _parse_candidate(value: str) -> Any:
    try:
        candidate = candidate_from_sdp(value.removeprefix("candidate:"))
    except (AssertionError, ValueError, IndexError) as exc:
        raise OfferError("a candidate line cannot be read") from exc
    candidate.sdpMLineIndex = 0
    return candidate


class _FanoutSender(RTCRtpSender):
    """Takes the place of the sender that `addTransceiver` made: sends what the hub publishes, encodes nothing."""

    fanout: SendingPeer

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
        stream, leg = self.fanout._begin(self, self.kind, numbers)
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
        wait_s = 0.05
        try:
            while True:
                await asyncio.sleep(wait_s)
                stream: OutgoingStream | None = state.get("fanout_stream")
                report = stream.report() if stream is not None else None
                if stream is None or report is None:
                    continue
                wait_s = 0.5 + random.random()  # noqa: S311 - RFC 3550 section 6.2 spreads the reports
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
                self.fanout._feedback.on_estimate(unpack_remb_fci(packet.fci)[0])
        elif isinstance(packet, RtcpRrPacket | RtcpSrPacket) and self.kind == "video":
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self.fanout._feedback.on_loss(report.fraction_lost / 256)

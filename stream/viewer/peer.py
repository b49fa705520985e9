"""The peer connections of a room: viewers, whose offers it answers, and SFUs, to whom it makes one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

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

from stream.errors import StreamError
from stream.viewer.adapter import (
    Feedback,
    Restarted,
    add_candidates,
    begin_restart,
    finish_restart,
    ice_transport,
    take_over_sender,
)
from stream.viewer.fanout import Hub
from stream.viewer.outgoing import OutgoingStream
from stream.viewer.wire import Leg, Numbers, Router, Scratch

_log = logging.getLogger(__name__)

_CLOSE_S = 5


class OfferError(StreamError):
    """The offer cannot be answered; the text says why in one line."""


class NoSocketError(StreamError):
    """This machine has no socket for a connection more: its limit of open files (`ulimit -n`), most likely."""


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server, for this process and for the viewers' `Link` headers."""

    url: str
    username: str = ""
    credential: str = ""


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
        on_first_picture: Callable[[], None] = lambda: None,
        gso: bool = True,
    ) -> None:
        self.streams: list[OutgoingStream] = []
        self.connected = False
        self.video_stream: OutgoingStream | None = None
        self._hubs = {"video": video, "audio": audio}
        self._scratch = scratch
        self._gso = gso
        self.feedback = feedback or Feedback()
        self._on_state = on_state
        self._on_first_picture = on_first_picture
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

    def begin(self, kind: str, numbers: Numbers, router: Router) -> tuple[OutgoingStream, Leg]:
        """A stream was negotiated and its transport stands: send. Called by the adapter."""
        leg = Leg(router, numbers, self._scratch, gso=self._gso)
        # Random as RFC 3550 section 5.1 asks; a sequence number of the lower half, since a wrap while the other side
        # sets up would break SRTP's rollover counter.
        offset, seq = random.getrandbits(32), random.getrandbits(15)
        first = self._on_first_picture if kind == "video" else lambda: None
        stream = OutgoingStream(self._hubs[kind], leg, seq=seq, timestamp_offset=offset, on_first=first)
        self.streams.append(stream)
        if kind == "video":
            self.video_stream = stream
        stream.start()
        return stream, leg

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
        take_over_sender(transceiver.sender, self)

    def _state_changed(self) -> None:
        if self._pc is not None:
            state = self._pc.connectionState
            self.connected = state == "connected"
            self._on_state(state)


class ViewerPeer(SendingPeer):
    """One viewer: answers its offer."""

    async def answer(self, offer: str) -> str:
        """The SDP answer to a checked offer, with all candidates in it. Raises `OfferError` or `NoSocketError`."""
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
        except OSError as exc:
            await self.aclose()
            raise NoSocketError(f"no socket is left for one viewer more: {exc.strerror or type(exc).__name__}") from exc
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
        ice = ice_transport(self._pc) if self._pc is not None else None
        if ice is not None:
            try:
                await add_candidates(ice, candidates)
            except ValueError as exc:
                raise OfferError(str(exc)) from exc

    async def restart_ice(self, ufrag: str, password: str, candidates: Iterable[str]) -> Restarted:
        """Begin a new ICE session under the same DTLS and SRTP (RFC 8445 section 9). Raises `OfferError`.

        aiortc knows no restart: a second aioice connection is checked beside the one in use and takes its place when
        it connects; until then, and if it never does, the old one carries the media.
        """
        ice = ice_transport(self._pc) if self._pc is not None else None
        if ice is None or not self.connected:
            raise OfferError("the session is not connected: post a new offer")
        if self._restart is not None:
            self._restart.cancel()
        try:
            made, fresh = await begin_restart(ice, ufrag, password, candidates)
        except ValueError as exc:
            raise OfferError("a candidate line cannot be read") from exc
        self._restart = asyncio.create_task(finish_restart(ice, fresh), name="ice-restart")
        return made


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

"""The viewers of one room: their sessions, their peers, who is let in and who is dropped."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from stream.telemetry.latency import Latency
from stream.viewer.adapter import Feedback
from stream.viewer.fanout import Hub
from stream.viewer.peer import IceServer, NoSocketError, OfferError, ViewerPeer
from stream.viewer.rendition import RenditionChoice
from stream.viewer.whep import (
    HALF_OPEN_S,
    Admission,
    Fragment,
    Refusal,
    Session,
    answer_fragment,
    new_session,
    party,
)
from stream.viewer.wire import Scratch

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Viewer:
    """One WHEP session and its peer."""

    session: Session
    peer: ViewerPeer
    address: str
    joined_s: float
    deadline: asyncio.TimerHandle | None = None
    choice: RenditionChoice | None = None
    counted: bool = True
    """Not so for those who look after the room."""


class _Reports(Feedback):
    def __init__(self, audience: Audience, session: str) -> None:
        self._audience, self._session = audience, session

    def on_loss(self, fraction: float) -> None:
        self._audience._reported(self._session, loss=fraction)

    def on_estimate(self, bitrate: int) -> None:
        self._audience._reported(self._session, estimate=bitrate)


class Audience:
    """Lets viewers in, moves them between renditions, and drops those who never come or have gone."""

    def __init__(
        self,
        *,
        video: Hub,
        audio: Hub,
        low_video: Hub | None = None,
        max_viewers: int = 300,
        offers_per_s: float = 20.0,
        ice_servers: Sequence[IceServer] = (),
        own_ice_servers: Sequence[IceServer] = (),
        relay_only: bool = False,
        half_open_s: float = HALF_OPEN_S,
        gso: bool = True,
        sent_bitrate: Callable[[Hub], int] = lambda _: 0,
        busy: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.viewers: dict[str, Viewer] = {}
        self.ice_servers = tuple(ice_servers)
        """Offered to the viewers."""
        self._own_ice_servers = tuple(own_ice_servers)
        self._relay_only = relay_only
        self.joined = 0
        self.reaped = 0
        self.moves = 0
        self.connect = Latency()
        """From a viewer's offer to its connection."""
        self.first_frame = Latency()
        """From a viewer's offer to the first picture that left."""
        self._video, self._audio, self._low = video, audio, low_video
        self._admission = Admission(max_viewers, rate=offers_per_s, burst=2 * offers_per_s)
        self._half_open_s = half_open_s
        self._gso = gso
        self._sent_bitrate = sent_bitrate
        self._busy = busy
        self._monotonic = monotonic
        self._scratch = Scratch()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening = 0
        self._left = asyncio.Event()
        self._closed = False

    @property
    def half_open(self) -> int:
        """Viewers that have not connected yet."""
        return self._opening + sum(not viewer.session.connected for viewer in self.viewers.values())

    @property
    def connected(self) -> int:
        """Peers that are connected, with those who look after the room."""
        return sum(viewer.session.connected for viewer in self.viewers.values())

    @property
    def watching(self) -> int:
        """Viewers that watch."""
        return sum(viewer.session.connected and viewer.counted for viewer in self.viewers.values())

    def knock(self, address: str) -> None:
        """Count an offer before a byte of it is read: a flood costs no parsing. Raises `Refusal` 429."""
        self._admission.knock(address, now_s=self._monotonic())

    async def join(self, offer: str, address: str, *, counted: bool = True) -> tuple[Session, str]:
        """Answer a checked offer. Raises `Refusal`: 400 or 503."""
        now, address = self._monotonic(), party(address)
        if self._closed:
            raise Refusal(503, "the room is closing", Retry_After="2")
        self._make_way(address)
        self._admission.check(viewers=len(self.viewers) + self._opening, half_open=self.half_open)
        if self._busy():
            raise Refusal(503, "the machine is full: the room's clock runs late", Retry_After="10")
        session = new_session(offer)
        peer = ViewerPeer(
            video=self._video,
            audio=self._audio,
            scratch=self._scratch,
            ice_servers=self._own_ice_servers,
            relay_only=self._relay_only,
            feedback=_Reports(self, session.id),
            on_state=lambda state: self._state(session.id, state),
            on_first_picture=lambda: self.first_frame.add(self._monotonic() - now),
            gso=self._gso,
        )
        self._opening += 1
        try:
            async with asyncio.timeout(10):
                answer = await peer.answer(offer)
        except OfferError as exc:
            raise Refusal(400, str(exc)) from exc
        except NoSocketError as exc:
            _log.warning("a viewer was turned away: %s", exc)
            raise Refusal(503, "the machine is full: no socket is left", Retry_After="10") from exc
        except TimeoutError as exc:
            await peer.aclose()
            raise Refusal(503, "the ICE servers did not answer in time", Retry_After="5") from exc
        finally:
            self._opening -= 1
            self._left.set()
        viewer = Viewer(session, peer, address, now, choice=RenditionChoice(now), counted=counted)
        if self._closed:
            await peer.aclose()
            raise Refusal(503, "the room is closing", Retry_After="2")
        self.viewers[session.id] = viewer
        viewer.deadline = asyncio.get_running_loop().call_later(self._half_open_s, self._reap, session.id)
        return session, answer

    def find(self, session_id: str) -> Viewer:
        """The viewer of a session. Raises `Refusal` 404."""
        viewer = self.viewers.get(session_id)
        if viewer is None:
            raise Refusal(404, "no such session; it may have ended")
        return viewer

    async def patch(self, session_id: str, if_match: str | None, fragment: Fragment) -> str | None:
        """Trickle (None) or restart ICE (the answering fragment). Raises `Refusal`: 400, 404, 412 or 428."""
        viewer = self.find(session_id)
        restart = viewer.session.check_patch(if_match, fragment)
        try:
            if not restart:
                await viewer.peer.trickle(fragment.candidates)
                return None
            made = await viewer.peer.restart_ice(fragment.ufrag, fragment.password, fragment.candidates)
        except (OfferError, ValueError) as exc:
            raise Refusal(400, str(exc)) from exc
        viewer.session.restarted(fragment.ufrag)
        return answer_fragment(made.ufrag, made.password, made.candidates)

    async def leave(self, session_id: str) -> None:
        """End a session. Raises `Refusal` 404."""
        viewer = self.find(session_id)
        self._forget(viewer)
        await viewer.peer.aclose()

    async def drain(self, within_s: float) -> None:
        """Let nobody in any more, and wait until those who watch have joined elsewhere, at most `within_s`."""
        self._closed = True
        try:
            async with asyncio.timeout(within_s):
                while self.viewers or self._opening:
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            _log.info("%d viewers stayed to the end", len(self.viewers))

    async def aclose(self) -> None:
        """End every session; may be called twice."""
        self._closed = True
        viewers = list(self.viewers.values())
        for viewer in viewers:
            self._forget(viewer)
        await asyncio.gather(*(viewer.peer.aclose() for viewer in viewers))
        if self._tasks:
            await asyncio.gather(*self._tasks)

    def _state(self, session_id: str, state: str) -> None:
        viewer = self.viewers.get(session_id)
        if viewer is None:
            return
        if state == "connected" and not viewer.session.connected:
            viewer.session.connected = True
            self.joined += 1
            self.connect.add(self._monotonic() - viewer.joined_s)
            if viewer.deadline is not None:
                viewer.deadline.cancel()
        elif state in ("failed", "closed"):
            self._forget(viewer)
            self._spawn(viewer.peer.aclose())

    def _reap(self, session_id: str) -> None:
        viewer = self.viewers.get(session_id)
        if viewer is not None and not viewer.session.connected:
            self.reaped += 1
            self._forget(viewer)
            self._spawn(viewer.peer.aclose())

    def _make_way(self, address: str) -> None:
        """When every place for connecting peers is taken, the address that holds most of them gives up its oldest:
        somebody who offers and never answers keeps only himself out."""
        if self.half_open < self._admission.max_half_open:
            return
        waiting = [viewer for viewer in self.viewers.values() if not viewer.session.connected]
        held = Counter(viewer.address for viewer in waiting)
        crowded = max(held, key=held.__getitem__, default=address)
        if held[crowded] > held[address] + 1:
            self._reap(next(viewer.session.id for viewer in waiting if viewer.address == crowded))

    def _forget(self, viewer: Viewer) -> None:
        self.viewers.pop(viewer.session.id, None)
        self._left.set()
        if viewer.deadline is not None:
            viewer.deadline.cancel()

    def _reported(self, session_id: str, *, loss: float | None = None, estimate: int | None = None) -> None:
        viewer = self.viewers.get(session_id)
        if viewer is None or viewer.choice is None or self._low is None:
            return
        choice, was, now = viewer.choice, viewer.choice.low, self._monotonic()
        sent = self._sent_bitrate(self._low if was else self._video)
        if loss is not None:
            low = choice.report_loss(loss, now, sent_bitrate=sent)
        else:
            low = choice.report_estimate(estimate or 0, now, sent_bitrate=sent)
        if low != was:
            self.moves += 1
            viewer.peer.switch(self._low if low else self._video)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name="viewer-close")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            _log.error("a viewer could not be closed", exc_info=exc)

"""`WS /ws/rooms/{room}`: the thin shell that carries the room's feed to a viewer and the viewer's words to the room."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from dialogue import Locale, locale_of
from stream.chat.limit import Rate, RateLimiter
from stream.room.broadcast import Broadcast, Subscription
from stream.room.protocol import PROTOCOL, CommentFrame, Hello, Like, Message, Ping, ProtocolError, parse

logger = logging.getLogger(__name__)

HELLO_TIMEOUT_S = 10.0
IDLE_TIMEOUT_S = 75.0
"""A page pings every 20 s; a socket silent for longer is gone."""
SEND_TIMEOUT_S = 10.0
COMMENTS, ADDRESSES, LIKES = Rate(4, 0.4), Rate(60, 6), Rate(30, 5)
"""Per viewer, per address, hearts per viewer."""
RECENT = 30
"""How many of the last events a newcomer is shown."""

CLOSE_NORMAL, CLOSE_POLICY, CLOSE_LAGGED, CLOSE_NO_ROOM = 1000, 1008, 4408, 4404


class LiveFeed(Protocol):
    """The room as a socket sees it."""

    merchant: str
    feed: Broadcast

    def welcome(self) -> Message:
        """The room as it stands now: shop, state, product, products, questions."""
        ...

    async def comment(self, *, visitor: str, client_id: str, text: str) -> None:
        """Take a public comment. Raises `ProtocolError` when it is not wanted."""
        ...

    def like(self) -> None:
        """Count a heart."""
        ...


Staff = Callable[[str, str], Awaitable[bool]]
"""Whether a bearer token is one of this merchant's."""


async def _nobody(secret: str, merchant: str) -> bool:
    return False


class Limits:
    """How often one viewer, and one address behind which many may sit, may speak."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        comments: Rate = COMMENTS,
        addresses: Rate = ADDRESSES,
        likes: Rate = LIKES,
    ) -> None:
        self._clock = clock
        self._comments, self._addresses, self._likes = map(RateLimiter, (comments, addresses, likes))

    def comment(self, viewer: str, address: str) -> int:
        """Count a comment; 0 when it is allowed, else the milliseconds to wait."""
        now = self._clock()
        wait_s = self._comments.take(viewer, now) or self._addresses.take(address, now)
        return max(1, int(wait_s * 1000)) if wait_s else 0

    def like(self, viewer: str) -> bool:
        """Count a heart; False when it is one too many."""
        return not self._likes.take(viewer, self._clock())


@dataclass(frozen=True, slots=True)
class _Viewer:
    id: str
    address: str
    locale: Locale


def _still_open(socket: WebSocket) -> None:
    """Raises `WebSocketDisconnect` once this side has closed the socket: what the page said meanwhile finds nobody."""
    if socket.application_state is not WebSocketState.CONNECTED:
        raise WebSocketDisconnect(CLOSE_NORMAL)


async def _send(socket: WebSocket, message: Message) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        _still_open(socket)
        await socket.send_json(message)


async def _receive(socket: WebSocket, timeout_s: float) -> str:
    async with asyncio.timeout(timeout_s):
        _still_open(socket)
        return await socket.receive_text()


async def _pump(socket: WebSocket, reader: Subscription) -> None:
    while (message := await reader.next()) is not None:
        await _send(socket, message)
    if reader.lagged:
        await socket.close(CLOSE_LAGGED, "too slow: reconnect with after_seq")
    else:
        await socket.close(CLOSE_NO_ROOM, "off air")


class _Conversation:
    """One viewer's socket after `hello`."""

    def __init__(self, socket: WebSocket, room: LiveFeed, viewer: _Viewer, limits: Limits) -> None:
        self._socket, self._room, self._viewer = socket, room, viewer
        self._limits = limits

    async def take(self, raw: str) -> None:
        frame = None
        try:
            frame = parse(raw)
            if isinstance(frame, CommentFrame):
                await self._comment(frame)
            elif isinstance(frame, Like):
                if self._limits.like(self._viewer.id):
                    self._room.like()
            elif isinstance(frame, Ping):
                await _send(self._socket, {"type": "pong"})
            else:
                raise ProtocolError("bad_frame", "hello 只发一次，在最前面。")
        except ProtocolError as error:
            about = {"client_id": frame.client_id} if isinstance(frame, CommentFrame) else {}
            await _send(self._socket, {**error.to_json(self._viewer.locale), **about})

    async def _comment(self, frame: CommentFrame) -> None:
        wait = self._limits.comment(self._viewer.id, self._viewer.address)
        if wait:
            raise ProtocolError("rate", "说得有点快，稍等再发。", retry_after_ms=wait)
        await self._room.comment(visitor=self._viewer.id, client_id=frame.client_id, text=frame.text)


async def _hello(socket: WebSocket) -> Hello:
    raw = await _receive(socket, HELLO_TIMEOUT_S)
    frame = parse(raw)
    if not isinstance(frame, Hello):
        raise ProtocolError("hello_first", "第一条消息必须是 hello。")
    return frame


def create_room_router(rooms: Mapping[str, LiveFeed], *, limits: Limits, staff: Staff = _nobody) -> APIRouter:
    """The room socket for every room in `rooms` (looked up at each connection); `staff` watches uncounted."""
    router = APIRouter()

    @router.websocket("/ws/rooms/{name}")
    async def room_socket(socket: WebSocket, name: str) -> None:
        await socket.accept()
        room = rooms.get(name)
        if room is None:
            await _send(socket, ProtocolError("no_room", f"没有名为 {name[:40]} 的直播间。").to_json())
            await socket.close(CLOSE_NO_ROOM)
            return
        with suppress(WebSocketDisconnect, TimeoutError, ConnectionError):
            await _serve(socket, room, limits, staff)

    return router


async def _serve(socket: WebSocket, room: LiveFeed, limits: Limits, staff: Staff) -> None:
    try:
        hello = await _hello(socket)
    except ProtocolError as error:
        await _send(socket, error.to_json())
        await socket.close(CLOSE_POLICY)
        return
    locale, problem = locale_of(hello.locale), None
    if hello.protocol != PROTOCOL:
        problem = ProtocolError("protocol", f"这里说的是协议第 {PROTOCOL} 版。")
    elif hello.operator is not None and not await staff(hello.operator, room.merchant):
        problem = ProtocolError("operator", "这个令牌不是这家店的。")
    if problem is not None:
        await _send(socket, problem.to_json(locale))
        await socket.close(CLOSE_POLICY)
        return
    seq = room.feed.seq
    reader = room.feed.subscribe(
        after_seq=max(0, seq - RECENT) if hello.after_seq is None else hello.after_seq, counted=hello.operator is None
    )
    viewer = _Viewer(hello.token or secrets.token_urlsafe(12), socket.client.host if socket.client else "?", locale)
    welcome: dict[str, Any] = {"type": "welcome", "token": viewer.id, **room.welcome()}
    conversation = _Conversation(socket, room, viewer, limits)
    pump: asyncio.Task[None] | None = None
    try:
        await _send(socket, welcome)
        pump = asyncio.create_task(_pump(socket, reader))
        while True:
            raw = await _receive(socket, IDLE_TIMEOUT_S)
            await conversation.take(raw)
    finally:
        reader.close()
        if pump is not None:
            pump.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, TimeoutError, ConnectionError, RuntimeError):
                await pump

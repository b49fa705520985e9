"""One websocket: the thin shell around `ProtocolSession` and a `Thread`."""

from __future__ import annotations

import asyncio
import logging

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from dialogue import Locale
from stream.chat.english import told
from stream.chat.outgoing import Problem, encode
from stream.chat.session import CloseCode

_LOG = logging.getLogger(__name__)
_CLOSE_S = 2.0


class SocketWriter:
    """Sends frames in order without ever making the giver wait; the queue is bounded.

    Frames with a `seq` at or below `cursor` are dropped, so nothing is sent twice. When the reader is so slow that
    the queue is full, the rest is dropped and the socket closed with 4408; the client comes back with `after_seq`.
    """

    def __init__(self, websocket: WebSocket, *, size: int, send_timeout_s: float) -> None:
        self.cursor = 0
        self.locale: Locale | None = None
        """In which language problems are told; None while the client has not said hello: in both."""
        self._websocket = websocket
        self._size = size
        self._send_timeout_s = send_timeout_s
        # A short list and one future: thousands of sockets idle, and a deque or an event takes 700 bytes of each.
        self._queue: list[str] = []
        self._asleep: asyncio.Future[None] | None = None
        self._closing: CloseCode | None = None
        self._broken = False

    def offer(self, frame: str, *, seq: int | None = None) -> None:
        """Queue a frame; see `Listener`."""
        if self._closing is not None or self._broken:
            return
        if seq is not None:
            if seq <= self.cursor:
                return
            self.cursor = seq
        if len(self._queue) >= self._size:
            self._queue.clear()
            slow = Problem(code="slow_reader", message="读得太慢，连接已收回，重连即可继续")
            self._queue.append(encode(told(slow, self.locale)))
            self._closing = CloseCode.TIMEOUT
        else:
            self._queue.append(frame)
        self._wake()

    def refuse(self, problem: Problem) -> None:
        """Queue a problem, in the client's language."""
        self.offer(encode(told(problem, self.locale)))

    def close(self, code: CloseCode, problem: Problem | None = None) -> None:
        """Send what is queued and the reason, then close."""
        if self._closing is None:
            if problem is not None:
                self._queue.append(encode(told(problem, self.locale)))
            self._closing = code
            self._wake()

    async def send(self, frame: str, *, seq: int | None = None) -> None:
        """Send a frame now, waiting for the reader: for the replay, before `run`."""
        if seq is not None:
            self.cursor = max(self.cursor, seq)
        async with asyncio.timeout(self._send_timeout_s):
            await self._websocket.send_text(frame)

    async def run(self) -> None:
        """Send until closed. Ends quietly when the peer is gone or takes nothing."""
        while self._closing is None and not self._broken:
            await self.drain()
            if self._closing is None and not self._broken:
                self._asleep = asyncio.get_running_loop().create_future()
                await self._asleep
        await self.finish()

    def _wake(self) -> None:
        if self._asleep is not None and not self._asleep.done():
            self._asleep.set_result(None)

    async def drain(self) -> None:
        """Send what is queued."""
        try:
            while self._queue:
                await self.send(self._queue.pop(0))
        except (WebSocketDisconnect, RuntimeError, TimeoutError) as exc:
            _LOG.debug("a chat socket broke off: %s", type(exc).__name__)
            self._broken = True
            self._queue.clear()

    async def finish(self) -> None:
        """Send the rest and close with the code that was asked for; may be called twice."""
        await self.drain()
        if self._websocket.application_state is not WebSocketState.CONNECTED:
            return
        code = self._closing or (CloseCode.TIMEOUT if self._broken else CloseCode.GOING_AWAY)
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._websocket.close(code)
        except (WebSocketDisconnect, RuntimeError, TimeoutError) as exc:
            _LOG.debug("a chat socket was gone before its close: %s", type(exc).__name__)

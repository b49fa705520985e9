"""Carries requests and sockets for rooms in processes of their own to them, so that the addresses stay the same.

Signalling, the room socket, HLS and the operator's calls go this way; picture and sound leave that process directly.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from stream.room.process import RoomProcess, unix_transport

logger = logging.getLogger(__name__)

_ROOM = re.compile(r"/(?:rooms|ws/rooms|api/rooms)/([a-z0-9][a-z0-9_-]{0,62})(?:/(.*))?")
_FRONT = frozenset({"start", "stop"})
"""What is done to a room rather than asked of it stays with the serving process."""
_HOP = frozenset(
    {"connection", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "x-forwarded-for"}
)
_BODY_MAX = 1 << 20
_TIMEOUT_S = 20.0
_CONNECT_S = 5.0
_SEND_S = 10.0
_GONE = 1012
"""Close code "service restart" (IANA WebSocket close code registry): come again."""


class RoomProxy:
    """ASGI middleware; `find` gives the process of a room that has one."""

    def __init__(self, app: ASGIApp, *, find: Callable[[str], RoomProcess | None]) -> None:
        self._app = app
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        process = self._process(scope)
        if process is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await _socket(WebSocket(scope, receive, send), process)
        else:
            reply = await _request(Request(scope, receive), process)
            await reply(scope, receive, send)

    def _process(self, scope: Scope) -> RoomProcess | None:
        if scope["type"] not in ("http", "websocket"):
            return None
        found = _ROOM.fullmatch(scope["path"])
        if found is None or (scope["path"].startswith("/api/") and found.group(2) in _FRONT):
            return None
        return self._find(found.group(1))


def _headers(items: list[tuple[str, str]], client: Any) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in items if name.lower() not in _HOP]
    return [*kept, ("X-Forwarded-For", client.host if client else "")]


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    path: str = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
    return path + (f"?{query}" if query else "")


async def _request(request: Request, process: RoomProcess) -> Response:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_MAX:
            return PlainTextResponse(f"the body is larger than {_BODY_MAX} bytes\n", 413)
    client = httpx.AsyncClient(transport=unix_transport(process.socket), base_url="http://room", timeout=_TIMEOUT_S)
    try:
        asked = client.build_request(
            request.method,
            _target(request.scope),
            content=bytes(body),
            headers=_headers(request.headers.items(), request.client),
        )
        reply = await client.send(asked, stream=True)
    except (httpx.HTTPError, OSError) as exc:
        await client.aclose()
        logger.info("room %s did not answer: %s", process.name, type(exc).__name__)
        headers = {"Retry-After": "1", "Access-Control-Allow-Origin": "*"}
        return PlainTextResponse("直播间正在重新开播 / the room is being started again\n", 502, headers)

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async for chunk in reply.aiter_raw():
                yield chunk
        finally:
            await reply.aclose()
            await client.aclose()

    answer = StreamingResponse(chunks(), reply.status_code)
    # The date is written by this side's server.
    kept = _HOP | {"date"}
    answer.raw_headers = [
        (name.lower(), value) for name, value in reply.headers.raw if name.lower().decode("latin-1") not in kept
    ]
    return answer


async def _socket(page: WebSocket, process: RoomProcess) -> None:
    await page.accept()
    try:
        async with asyncio.timeout(_CONNECT_S):
            room = await unix_connect(
                str(process.socket),
                f"ws://room{_target(page.scope)}",
                compression=None,
                additional_headers=[("X-Forwarded-For", page.client.host if page.client else "")],
            )
    except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed):
        await page.close(_GONE, "the room is being started again")
        return
    ways = [
        asyncio.create_task(_up(page, room), name=f"{process.name}-up"),
        asyncio.create_task(_down(room, page), name=f"{process.name}-down"),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        with suppress(TimeoutError, OSError):
            await asyncio.wait_for(room.close(), _CONNECT_S)
        if page.application_state is WebSocketState.CONNECTED and page.client_state is WebSocketState.CONNECTED:
            code = room.close_code
            with suppress(RuntimeError, WebSocketDisconnect):
                # 1006 says that there was no closing at all, and may not be sent.
                await page.close(_GONE if code in (None, 1006) else code, room.close_reason or None)


async def _up(page: WebSocket, room: ClientConnection) -> None:
    with suppress(WebSocketDisconnect, ConnectionClosed):
        while True:
            await room.send(await page.receive_text())


async def _down(room: ClientConnection, page: WebSocket) -> None:
    with suppress(WebSocketDisconnect, ConnectionClosed, TimeoutError, RuntimeError):
        async for message in room:
            await asyncio.wait_for(page.send_text(message if isinstance(message, str) else message.decode()), _SEND_S)

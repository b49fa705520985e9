"""A small real HTTP server that speaks `/v1/chat/completions` and can fail, dawdle, lie and obey on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

Request = dict[str, Any]


class Mode(StrEnum):
    """How the server behaves."""

    ANSWER = "answer"
    FAIL = "fail"
    """HTTP 500."""
    REFUSE = "refuse"
    """HTTP 401."""
    SILENT = "silent"
    """Accepts and never answers."""
    STALL = "stall"
    """Half of the reply, then nothing more."""
    DROP = "drop"
    """Half of the reply, then the connection is cut."""
    GARBAGE = "garbage"
    """An event stream that is not JSON."""
    EMPTY = "empty"
    LENGTH = "length"
    """Half of the reply, then the token limit."""
    NO_OPTIONS = "no_options"
    """HTTP 400 for a request with `stream_options`."""


class ModelServer:
    """Answers with `reply(request)` in pieces of four characters. `failures` makes that many first requests fail."""

    def __init__(self) -> None:
        self.mode = Mode.ANSWER
        self.reply: Callable[[Request], str] = lambda request: "好的。"
        self.failures = 0
        self.requests: list[Request] = []
        self.url = ""
        self.cut = asyncio.Event()
        """A client closed its connection before the reply was through."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
            request = json.loads(await reader.readexactly(length))
            self.requests.append(request)
            await self._respond(request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.cut.set()
        finally:
            writer.close()

    async def _respond(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mode = self.mode
        if self.failures:
            self.failures -= 1
            mode = Mode.FAIL
        if mode is Mode.NO_OPTIONS and "stream_options" in request:
            return await _status(writer, 400)
        if mode is Mode.FAIL:
            return await _status(writer, 500)
        if mode is Mode.REFUSE:
            return await _status(writer, 401)
        if mode is Mode.SILENT:
            await reader.read()
            return None
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        ending = "length" if mode is Mode.LENGTH else "stop"
        text = "" if mode is Mode.EMPTY else self.reply(request)
        pieces = [text[i : i + 4] for i in range(0, len(text), 4)]
        if mode in (Mode.STALL, Mode.DROP, Mode.LENGTH):
            pieces = pieces[: len(pieces) // 2]
        for piece in pieces:
            if mode is Mode.GARBAGE:
                writer.write(b"data: {not json\n\n")
            else:
                writer.write(_event({"choices": [{"index": 0, "delta": {"content": piece}}]}))
            await writer.drain()
            await asyncio.sleep(0)
        if mode is Mode.STALL:
            await reader.read()
            return None
        if mode is Mode.DROP:
            writer.transport.abort()
            return None
        writer.write(_event({"choices": [{"index": 0, "delta": {}, "finish_reason": ending}]}))
        if "stream_options" in request:
            usage = {"prompt_tokens": 100, "completion_tokens": len(pieces), "total_tokens": 100 + len(pieces)}
            writer.write(_event({"choices": [], "usage": usage}))
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()
        return None


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """A server on a free port of the loopback; `server.url` is its base URL."""
    model = ModelServer()
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    model.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield model
    finally:
        server.close()


def _event(chunk: dict[str, Any]) -> bytes:
    whole = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted", **chunk}
    return f"data: {json.dumps(whole, ensure_ascii=False)}\n\n".encode()


async def _status(writer: asyncio.StreamWriter, status: int) -> None:
    body = json.dumps({"error": {"message": "scripted", "type": "scripted"}}).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
    writer.write(head.encode() + b"\r\n\r\n" + body)
    await writer.drain()

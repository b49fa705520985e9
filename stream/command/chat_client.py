"""A chat client for the terminal, and the smallest example of a client: one socket, resumed when it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from stream.command.chat_transcript import Transcript
from stream.errors import StreamError

_FINAL = frozenset({4400, 4401, 4403, 4404, 4409, 4426})
_BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


class ChatClosedError(StreamError):
    """The server ended the chat for good, or cannot be reached; the text says why."""


async def chat(
    url: str,
    *,
    lines: AsyncIterator[str],
    write: Callable[[str], None],
    transcript: Transcript | None = None,
    attempts: int = 6,
    timeout_s: float = 10.0,
) -> Transcript:
    """Talk to `url` (`ws://host:port/ws/chat/{merchant}`): `lines` are said, what comes back is written line by line.

    Returns when `lines` has ended and the last message is answered. A broken socket is opened again, up to `attempts`
    times in a row, and goes on where it was. Raises `ChatClosedError`.
    """
    held = transcript or Transcript()
    inbox: asyncio.Queue[str | None] = asyncio.Queue(maxsize=32)
    reading = asyncio.create_task(_fill(inbox, lines), name="chat-lines")
    talk = _Talk(held, inbox, write)
    failed = 0
    try:
        while True:
            try:
                async with connect(url, open_timeout=timeout_s, close_timeout=2.0) as socket:
                    failed = 0
                    if await talk.run(socket):
                        return held
            except (OSError, InvalidHandshake, TimeoutError) as exc:
                if failed + 1 >= attempts:
                    raise ChatClosedError(f"{url}: {exc or type(exc).__name__}") from exc
            except ConnectionClosed as exc:
                if exc.rcvd is not None and exc.rcvd.code in _FINAL:
                    raise ChatClosedError(talk.problem or f"{url}: closed with {exc.rcvd.code}") from exc
            await asyncio.sleep(_BACKOFF_S[min(failed, len(_BACKOFF_S) - 1)] * random.uniform(0.75, 1.25))  # noqa: S311
            failed += 1
            if failed >= attempts:
                raise ChatClosedError(f"{url}: cannot be reached")
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


class _Talk:
    """One conversation over however many sockets it takes."""

    def __init__(self, transcript: Transcript, inbox: asyncio.Queue[str | None], write: Callable[[str], None]) -> None:
        self._transcript = transcript
        self._inbox = inbox
        self._write = write
        self._ended = False
        self._awaited: str | None = None
        self.problem = ""

    async def run(self, socket: ClientConnection) -> bool:
        """Until the lines have ended and the last one is answered (true), or the socket breaks (`ConnectionClosed`)."""
        with contextlib.suppress(ConnectionClosed):  # reading says why
            await socket.send(json.dumps(self._transcript.hello()))
        sender = asyncio.create_task(self._send(socket), name="chat-send")
        try:
            async for raw in socket:
                frame = json.loads(raw)
                if frame["type"] == "welcome":
                    self._greet(frame)
                self._show(frame, self._transcript.take(frame))
                if frame["type"] == "welcome":
                    for waiting in list(self._transcript.unacknowledged.values()):
                        await socket.send(json.dumps(waiting, ensure_ascii=False))
                if self._ended and self._awaited is None and not self._transcript.unacknowledged:
                    return True
            raise ConnectionClosed(None, None)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(self, socket: ClientConnection) -> None:
        while not self._ended:
            line = await self._inbox.get()
            if line is None:
                self._ended = True
                await socket.send(json.dumps({"type": "ping"}))
            elif line.strip():
                client_id = f"c-{secrets.token_hex(6)}"
                self._awaited = client_id
                frame = {"type": "message", "client_id": client_id, "text": line.strip()}
                await socket.send(json.dumps(self._transcript.sending(frame), ensure_ascii=False))

    def _greet(self, frame: Mapping[str, Any]) -> None:
        if frame["conversation"] != self._transcript.conversation:
            self._write(f"〔{frame['ai_notice']}〕")
            self._write(str(frame["greeting"]))

    def _show(self, frame: Mapping[str, Any], text: str) -> None:
        match frame["type"]:
            case "delta":
                self._write(text)
            case "message" if frame["role"] != "visitor":
                if text:
                    self._write(text)
                if sources := sorted({str(cite["file"]) for cite in frame.get("citations", ())}):
                    self._write(f"  依据：{'、'.join(sources)}")
                self._awaited = None
            case "retract":
                self._write("（这一句收回，连同下一句一起答）")
            case "lead_form":
                self._write(f"  〔{frame['purpose']}〕直接把联系方式发过来就行。")
            case "lead_saved":
                self._write("  〔联系方式已存好〕")
            case "handoff":
                self._write(f"  〔转人工：{frame['state']}〕")
                self._awaited = None
            case "error":
                self.problem = str(frame["message"])
                self._write(f"  〔{frame['message']}〕")
                self._awaited = None


async def _fill(inbox: asyncio.Queue[str | None], lines: AsyncIterator[str]) -> None:
    async for line in lines:
        await inbox.put(line)
    await inbox.put(None)

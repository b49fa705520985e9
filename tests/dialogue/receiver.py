"""A merchant's server on loopback that leads are sent to, and what sends them there."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dialogue.lead import Mailbox, Postman

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
MESSAGE = {
    "type": "lead.created",
    "data": {
        "id": "lead_1",
        "channel": "chat",
        "product": "SOFA-1",
        "profile": {"name": "王女士"},
        "contacts": [{"kind": "phone", "value": "13812346021"}],
    },
}


@dataclass
class Receiver:
    """A merchant's server on loopback that answers with the given statuses, the last one for ever."""

    statuses: list[int]
    body: bytes = b""
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.seen.append((headers, body))
        self.arrived.set()
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        location = b"location: http://127.0.0.1:9/\r\n" if status == 302 else b""
        writer.write(b"HTTP/1.1 %d X\r\n%scontent-length: %d\r\n\r\n%s" % (status, location, len(self.body), self.body))
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiver(*statuses: int, body: bytes = b"") -> AsyncIterator[Receiver]:
    one = Receiver(list(statuses), body)
    async with await asyncio.start_server(one.answer, "127.0.0.1", 0) as server:
        one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield one


@asynccontextmanager
async def postman(*, allow_private: bool = True, mailbox: Mailbox | None = None) -> AsyncIterator[Postman]:
    one = Postman(allow_private=allow_private, mailbox=mailbox, timeout_s=5)
    try:
        yield one
    finally:
        await one.aclose()

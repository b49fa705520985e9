"""A UDP relay that loses, delays and reorders on purpose, the same way every time."""

from __future__ import annotations

import asyncio
import random
import re
from typing import Any


class LossyRelay:
    """Stands between a viewer and a server's UDP address; give the viewer `port` instead."""

    def __init__(self, server: tuple[str, int], *, loss: float, delay_s: float, reorder: float = 0.0) -> None:
        self.loss, self.delay_s, self.reorder = loss, delay_s, reorder
        self.carried = self.lost = 0
        self.port = 0
        self._server = server
        self._random = random.Random(17)
        self._front: asyncio.DatagramTransport | None = None
        self._back: dict[Any, asyncio.DatagramTransport] = {}
        self._timers: set[asyncio.TimerHandle] = set()

    async def start(self) -> None:
        relay, loop = self, asyncio.get_running_loop()

        class Front(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, address: Any) -> None:
                loop.create_task(relay._up(data, address))

        self._front, _ = await loop.create_datagram_endpoint(Front, local_addr=(self._server[0], 0))
        self.port = self._front.get_extra_info("sockname")[1]

    async def _up(self, data: bytes, viewer: Any) -> None:
        relay = self

        class Back(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, address: Any) -> None:
                relay._carry(data, lambda packet: relay._front and relay._front.sendto(packet, viewer))

        if viewer not in self._back:
            loop = asyncio.get_running_loop()
            back, _ = await loop.create_datagram_endpoint(Back, remote_addr=self._server)
            self._back[viewer] = back
        back = self._back[viewer]
        self._carry(data, lambda packet: None if back.is_closing() else back.sendto(packet))

    def _carry(self, data: bytes, send: Any) -> None:
        """Lose media only: what the handshake costs on a bad network is another question."""
        if 127 < data[0] < 192 and self._random.random() < self.loss:
            self.lost += 1
            return
        self.carried += 1
        extra = 0.03 if self._random.random() < self.reorder else 0.0

        def fire() -> None:
            self._timers.discard(handle)
            send(data)

        handle = asyncio.get_running_loop().call_later(self.delay_s + extra, fire)
        self._timers.add(handle)

    async def stop(self) -> None:
        for handle in self._timers:
            handle.cancel()
        for transport in [self._front, *self._back.values()]:
            if transport is not None:
                transport.close()


_CANDIDATE = re.compile(r"^a=candidate:\S+ \d+ udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host$", re.MULTILINE)


def server_address(answer: str) -> tuple[str, int]:
    """The first IPv4 candidate of an answer."""
    found = _CANDIDATE.search(answer.replace("\r", ""))
    if found is None:
        raise AssertionError("the answer has no IPv4 candidate")
    return found.group(1), int(found.group(2))


def through(answer: str, port: int) -> str:
    """The answer with the relay's port as its only candidate."""
    lines, kept = [], False
    for line in answer.replace("\r", "").splitlines():
        if line.startswith("a=candidate:"):
            found = _CANDIDATE.match(line)
            if found is None:
                continue
            line = line.replace(f" {found.group(2)} typ", f" {port} typ")
            kept = True
        lines.append(line)
    assert kept
    return "\r\n".join(lines) + "\r\n"

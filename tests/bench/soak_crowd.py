"""A crowd for `bench_soak`, in a process of its own that may be killed: viewers, pages and chats at one server."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from typing import Any

import aioice.ice
import httpx
from aiortc import RTCPeerConnection
from websockets.asyncio.client import connect

from tests.bench import stream_viewers

COMMENTS = ("这个多少钱", "有货吗", "主播好", "云朵单人沙发多少钱？", "包邮吗", "怎么买", "哈哈哈", "材质是什么")


async def page(url: str, chance: random.Random, seconds: float) -> None:
    """A live page's socket: listens, says something now and then, drops and comes back once."""
    after: int | None = None
    for _ in range(2):
        async with connect(f"{url.replace('http', 'ws')}/ws/rooms/demo", compression=None) as socket:
            hello: dict[str, Any] = {"type": "hello", "protocol": 1}
            await socket.send(json.dumps(hello if after is None else {**hello, "after_seq": after}))
            loop = asyncio.get_running_loop()
            end = loop.time() + seconds / 2
            said = False
            while (left := end - loop.time()) > 0:
                try:
                    after = max(after or 0, json.loads(await asyncio.wait_for(socket.recv(), left)).get("seq", 0))
                except TimeoutError:
                    break
                if not said:
                    said = True
                    words = {"client_id": f"{chance.random()}", "text": chance.choice(COMMENTS)}
                    await socket.send(json.dumps({"type": "comment", **words}))
                    await socket.send('{"type":"like"}')


async def chat(url: str, chance: random.Random) -> None:
    """A private chat: one question, its answer, and gone."""
    async with connect(f"{url.replace('http', 'ws')}/ws/chat/demo", compression=None) as socket:
        await socket.send('{"type":"hello","protocol":1}')
        await socket.recv()
        await socket.send(json.dumps({"type": "message", "client_id": "1", "text": chance.choice(COMMENTS)}))
        async with asyncio.timeout(60):
            while json.loads(await socket.recv())["type"] != "message":
                continue


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--viewers", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long they stay once all have joined")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    aioice.ice.StunProtocol.datagram_received = stream_viewers._count  # type: ignore[method-assign]
    pages = [asyncio.create_task(page(options.url, chance, options.seconds)) for _ in range(3)]
    chats = asyncio.create_task(chat(options.url, chance))
    peers: list[RTCPeerConnection] = []
    async with httpx.AsyncClient(timeout=60) as client:
        for _ in range(options.viewers):
            peers.append((await stream_viewers.join(client, options.url, audio=True))[0])
    print("joined", flush=True)
    await asyncio.sleep(options.seconds)
    await asyncio.gather(chats, *pages)
    await asyncio.gather(*(peer.close() for peer in peers))


if __name__ == "__main__":
    asyncio.run(main())

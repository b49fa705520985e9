"""Many cheap WHEP viewers in a process of their own: packets are counted where they arrive and thrown away."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from collections import Counter
from typing import Any

import aioice.ice
import httpx
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

PACKETS: Counter[int] = Counter()
FRAMES: Counter[int] = Counter()
_RECEIVED = aioice.ice.StunProtocol.datagram_received


def _count(self: Any, data: bytes, address: Any) -> None:
    """Media is counted before SRTP; STUN, DTLS and RTCP go their way. A marker on a video packet ends a frame."""
    if 127 < data[0] < 192 and not 192 <= data[1] <= 223:
        PACKETS[id(self)] += 1
        if data[1] & 0x80 and len(data) > 40 and (data[1] & 0x7F) != 96:
            FRAMES[id(self)] += 1
        return
    _RECEIVED(self, data, address)


async def join(client: httpx.AsyncClient, url: str, *, audio: bool) -> tuple[RTCPeerConnection, float]:
    began = time.monotonic()
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    pc.addTransceiver("video", direction="recvonly")
    if audio:
        pc.addTransceiver("audio", direction="recvonly")
    await pc.setLocalDescription(await pc.createOffer())
    headers = {"Content-Type": "application/sdp"}
    for _ in range(50):
        reply = await client.post(f"{url}/rooms/demo/whep", content=pc.localDescription.sdp, headers=headers)
        if reply.status_code == 201:
            break
        await asyncio.sleep(0.2)
    await pc.setRemoteDescription(RTCSessionDescription(reply.text, "answer"))
    async with asyncio.timeout(30):
        while pc.connectionState != "connected":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return pc, time.monotonic() - began


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("viewers", type=int)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--no-audio", action="store_true")
    options = parser.parse_args()
    aioice.ice.StunProtocol.datagram_received = _count  # type: ignore[method-assign]
    peers, joins = [], []
    async with httpx.AsyncClient(timeout=60) as client:
        for start in range(0, options.viewers, 4):
            batch = [
                join(client, options.url, audio=not options.no_audio) for _ in range(min(4, options.viewers - start))
            ]
            for peer, took in await asyncio.gather(*batch):
                peers.append(peer)
                joins.append(took)
        await asyncio.sleep(3)
        FRAMES.clear()
        PACKETS.clear()
        before = (await client.get(f"{options.url}/stats")).json()
        await asyncio.sleep(options.seconds)
        after = (await client.get(f"{options.url}/stats")).json()
        rates = sorted(count / (after["t"] - before["t"]) for count in FRAMES.values())
        print(
            json.dumps(
                {
                    "before": before,
                    "after": after,
                    "watching": len(rates),
                    "packets": sum(PACKETS.values()),
                    "fps_least": rates[0] if rates else 0.0,
                    "fps_p5": rates[len(rates) // 20] if rates else 0.0,
                    "fps_median": rates[len(rates) // 2] if rates else 0.0,
                    "joins": sorted(joins),
                }
            ),
            flush=True,
        )
    await asyncio.gather(*(peer.close() for peer in peers))


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main())

"""A small room served on a Unix socket as `zhanggui room-process` does it, with a socket that breaks it on request."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import suppress

import uvicorn
from fastapi import FastAPI, Header, HTTPException, Response, WebSocket
from prometheus_client import CollectorRegistry, generate_latest

from stream.room.metrics import RoomCollector
from stream.room.room import HIGH
from stream.viewer.whep_router import whep_router
from tests.stream.live import make_room


async def main(path: str) -> None:
    token = (await asyncio.to_thread(sys.stdin.readline)).strip()
    room = make_room(renditions=(HIGH,))
    await room.start()
    registry = CollectorRegistry()
    registry.register(RoomCollector(lambda: [room]))
    app = FastAPI()
    app.include_router(whep_router({"demo": room}.get))

    @app.get("/api/rooms/demo")
    async def state(authorization: str = Header()) -> dict[str, object]:
        if authorization != f"Bearer {token}":
            raise HTTPException(401)
        return {"name": "demo", "merchant": "shop", "state": "live", "likes": 7}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry))

    @app.websocket("/ws/rooms/demo")
    async def echo(page: WebSocket) -> None:
        await page.accept()
        async for said in page.iter_text():
            if said == "kill -9":
                os.kill(os.getpid(), signal.SIGKILL)
            elif said == "freeze":
                time.sleep(600)  # noqa: ASYNC251 - that is the fault
            elif said.startswith("close"):
                await page.close(int(said.split()[1]))
            else:
                await page.send_text(f"{page.client.host if page.client else '?'} said {said}")

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        config = uvicorn.Config(app, log_level="error", lifespan="off", forwarded_allow_ips="*")
        server = uvicorn.Server(config)

        async def follow() -> None:
            while await asyncio.to_thread(sys.stdin.readline):
                continue
            server.should_exit = True

        following = asyncio.create_task(follow())
        await server.serve([listener])
        following.cancel()
        await room.stop()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))

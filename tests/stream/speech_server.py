"""An OpenAI-compatible `/audio/speech` on the loopback that works, fails or lies as told."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from aiohttp import web


def wav(seconds: float, level: float = 0.3) -> bytes:
    """A humming of so many seconds."""
    hum = level * np.sin(2 * np.pi * 220 * np.arange(int(seconds * 24_000)) / 24_000)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes((hum * 32767).astype("<i2").tobytes())
    return out.getvalue()


@asynccontextmanager
async def speech_server(mode: str) -> AsyncIterator[str]:
    """An `/audio/speech` that is slow, drips, lies or works; gives its base URL."""
    lies = {
        "empty": b"",
        "web page": b"<html>502 Bad Gateway</html>",
        "silence": wav(3.0, level=0.0),
        "a click": wav(0.06),
        "an hour": wav(110.0),
        "cut header": wav(3.0)[:30],
    }

    async def speech(request: web.Request) -> web.StreamResponse:
        await request.json()
        if mode == "slow":
            await asyncio.sleep(20)
        if mode == "drips":
            reply = web.StreamResponse()
            await reply.prepare(request)
            for byte in wav(3.0):
                await reply.write(bytes([byte]))
                await asyncio.sleep(0.01)
            return reply
        if mode == "refuses":
            return web.json_response({"error": {"message": "quota"}}, status=429)
        return web.Response(body=lies.get(mode, wav(3.0)), content_type="audio/wav")

    app = web.Application()
    app.router.add_post("/v1/audio/speech", speech)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    if mode == "dead":
        await runner.cleanup()
    try:
        yield f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()

"""A room in a process of its own: same addresses, started again when it dies, and nobody else's trouble."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from stream.room.book import RoomSpec
from stream.room.metrics import RoomCollector
from stream.room.process import RoomProcess, unix_transport
from stream.room.proxy import RoomProxy
from tests.stream.live import Watcher, eventually, serving

SPEC = RoomSpec("demo", "shop", own_process=True)


pytestmark = pytest.mark.slow


@asynccontextmanager
async def apart(*, watch_s: float = 0.2, ask_s: float = 10.0) -> AsyncIterator[tuple[RoomProcess, str]]:
    """The small room of `lone_room` in its own process, behind a front; gives both."""
    process = RoomProcess(
        SPEC,
        command=lambda path: [sys.executable, "-m", "tests.stream.lone_room", str(path)],
        token="secret",
        watch_s=watch_s,
        ask_s=ask_s,
    )
    app = FastAPI()

    @app.get("/here")
    async def here() -> str:
        return "front"

    app.add_middleware(RoomProxy, find=lambda name: process if name == "demo" else None)
    try:
        await process.start(within_s=60)
        async with serving(app) as url:
            yield process, url
    finally:
        await process.stop()


async def test_a_viewer_of_a_room_apart_joins_at_the_same_address_and_sees_it() -> None:
    async with apart() as (_, url):
        watcher = Watcher(url)
        await watcher.join()
        assert watcher.resource.startswith(f"{url}/rooms/demo/whep/")
        assert (await watcher.frame()).width == 720
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}/here")).json() == "front"
            options = await client.options(f"{url}/rooms/demo/whep")
            assert options.status_code == 204
            assert options.headers["accept-post"] == "application/sdp"
            assert len(options.headers.get_list("date")) == 1
            assert (await client.delete(watcher.resource)).status_code == 200
            assert (await client.post(f"{url}/rooms/demo/whep", content=b"x" * (2 << 20))).status_code == 413
        await watcher.close()


async def test_the_room_socket_is_carried_both_ways_with_its_closing_code() -> None:
    async with apart() as (_, url):
        async with connect(f"{url.replace('http', 'ws')}/ws/rooms/demo") as socket:
            await socket.send("hello")
            assert await asyncio.wait_for(socket.recv(), 60) == "127.0.0.1 said hello"
            await socket.send("close 4404")
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 60)
        assert socket.close_code == 4404


async def test_a_killed_room_is_started_again_and_says_so_meanwhile() -> None:
    async with apart() as (process, url), httpx.AsyncClient(timeout=20) as client:
        assert process.state()["state"] == "live"
        first = process.pid
        socket = await connect(f"{url.replace('http', 'ws')}/ws/rooms/demo")
        await socket.send("kill -9")
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 60)
        assert socket.close_code == 1012, "the page is told to come again"
        await eventually(lambda: not process.up)
        assert process.state()["state"] == "restarting"
        assert process.state()["likes"] == 7, "the last that was known stays"
        assert "started again" in (process.problem or "")
        answer = await client.get(f"{url}/rooms/demo/hls/index.m3u8")
        assert answer.status_code == 502
        assert answer.headers["retry-after"] == "1"
        assert (await client.get(f"{url}/here")).status_code == 200
        await eventually(lambda: process.up, within_s=60)
        assert process.pid != first
        assert process.restarts == 1
        watcher = Watcher(url)
        await watcher.join()
        await watcher.frame()
        await watcher.close()


async def test_a_frozen_room_is_killed_and_started_again() -> None:
    async with apart(ask_s=1.0) as (process, url):
        first = process.pid
        async with connect(f"{url.replace('http', 'ws')}/ws/rooms/demo") as socket:
            await socket.send("freeze")
            await eventually(lambda: process.restarts == 1, within_s=60)
        await eventually(lambda: process.up and process.pid != first, within_s=60)


async def test_a_room_apart_never_outlives_the_process_in_front() -> None:
    async with apart(watch_s=30) as (process, _):
        child = process._process
        assert child is not None
        assert child.stdin is not None
        child.stdin.close()
        assert await asyncio.wait_for(child.wait(), 60) == 0


async def test_metrics_of_a_room_apart_stand_among_the_others() -> None:
    async with apart() as (process, _):
        registry = CollectorRegistry()
        registry.register(RoomCollector(list, elsewhere=lambda: [process.metrics]))
        text = generate_latest(registry).decode()
    assert 'zhanggui_room_live{room="demo"} 1.0' in text
    assert text.count("# TYPE zhanggui_room_ticks_total counter") == 1
    assert 'zhanggui_room_connect_seconds_bucket{le="0.4",room="demo"}' in text


async def test_a_process_that_never_comes_up_is_said_in_one_line(tmp_path: Path) -> None:
    process = RoomProcess(SPEC, command=lambda path: [sys.executable, "-c", "raise SystemExit(3)"], token="t")
    with pytest.raises(Exception, match="not on air after 1 s"):
        await process.start(within_s=1)
    await process.stop()
    assert process.pid is None


async def test_the_way_to_a_room_s_process_reads_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them takes tens of milliseconds of the loop, and every request goes this way."""
    read: list[object] = []
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: read.append(1))
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_, **__: read.append(1))
    httpx.AsyncHTTPTransport(uds="/nowhere")
    assert read
    read.clear()
    async with httpx.AsyncClient(transport=unix_transport(Path("/nowhere")), base_url="http://room"):
        assert not read

"""The shipped WHEP client in Debian's Chromium, against a room with real encoders."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from stream.room.room import HIGH
from tests.chromium import chromium
from tests.stream.live import make_room, on_air

pytestmark = pytest.mark.browser


async def watch(browser: Browser, url: str) -> Page:
    page = await browser.new_page()
    await page.goto(url)
    await page.wait_for_function("window.player && window.player.state === 'live'", timeout=20_000)
    return page


async def stats(page: Page) -> dict[str, Any]:
    return dict(await page.evaluate("window.stats()"))


async def test_the_picture_advances_with_sound_and_both_are_in_step() -> None:
    async with on_air(make_room(renditions=(HIGH,))) as url, chromium() as browser:
        page = await watch(browser, url)
        await asyncio.sleep(1)
        first = await stats(page)
        await asyncio.sleep(4)
        then = await stats(page)
        seconds = (then["video"]["timestamp"] - first["video"]["timestamp"]) / 1000
        assert (then["video"]["framesDecoded"] - first["video"]["framesDecoded"]) / seconds >= 20
        assert then["video"]["frameWidth"] == 720
        assert then["audio"]["totalAudioEnergy"] > first["audio"]["totalAudioEnergy"], "the host is heard"
        skew_ms = then["video"]["estimatedPlayoutTimestamp"] - then["audio"]["estimatedPlayoutTimestamp"]
        assert abs(skew_ms) < 200, "sender reports lay both on one timeline"
        assert await page.evaluate("window.firstFrameMs") > 0


async def test_after_the_room_comes_back_the_page_joins_again() -> None:
    async with chromium() as browser:
        room = make_room(renditions=(HIGH,))
        async with on_air(room) as url:
            page = await watch(browser, url)
            viewer = next(iter(room.audience.viewers.values()))
            await room.audience.leave(viewer.session.id)
            await page.wait_for_function("window.states.length >= 4", timeout=20_000)
            assert await page.evaluate("window.states") == ["connecting", "live", "reconnecting", "live"]
            assert room.audience.joined == 2


ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def own_process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A room in a process of its own, which a test may kill; gives it and its address."""
    command = [sys.executable, "-m", "tests.bench.stream_server"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait(10)


async def test_a_server_that_is_killed_is_noticed_before_the_picture_has_stood_for_long() -> None:
    with own_process() as (process, url):
        async with chromium() as browser:
            page = await watch(browser, url)
            await page.evaluate("window.player.check()")
            await asyncio.sleep(1)
            assert await page.evaluate("window.states") == ["connecting", "live"], "a doubt alone costs nothing"
            process.kill()
            # The machine's other work counts too; without the watch it would be four seconds at the least.
            await page.wait_for_function("window.player.state === 'reconnecting'", timeout=3_500)


async def test_a_page_that_doubts_its_connection_knows_at_once_that_it_is_dead() -> None:
    with own_process() as (process, url):
        async with chromium() as browser:
            page = await watch(browser, url)
            process.kill()
            process.wait(10)
            await page.evaluate("void window.player.check()")
            await page.wait_for_function("window.player.state === 'reconnecting'", timeout=1_000)


async def test_rejoining_keeps_the_old_picture_until_the_new_one_is_there() -> None:
    async with on_air(make_room(renditions=(HIGH,))) as url, chromium() as browser:
        page = await watch(browser, url)
        await page.evaluate("window.player.rejoin()")
        await page.wait_for_function("window.player.state === 'live'")
        assert await page.evaluate("window.states") == ["connecting", "live"]


async def test_closing_the_page_ends_the_session() -> None:
    room = make_room(renditions=(HIGH,))
    async with on_air(room) as url, chromium() as browser:
        page = await watch(browser, url)
        assert room.audience.connected == 1
        await page.evaluate("window.player.close()")
        async with asyncio.timeout(10):
            while room.audience.viewers:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await page.evaluate("window.player.state") == "closed"


async def test_lost_packets_are_sent_again_and_the_picture_does_not_freeze() -> None:
    room = make_room(renditions=(HIGH,))
    network = {"loss": 0.05, "delay_s": 0.04, "reorder": 0.02}
    async with on_air(room, network=network) as url, chromium() as browser:
        page = await watch(browser, f"{url}/?whep=/lossy/rooms/demo/whep")
        await asyncio.sleep(2)
        first = await stats(page)
        await asyncio.sleep(8)
        then = await stats(page)
        seconds = (then["video"]["timestamp"] - first["video"]["timestamp"]) / 1000
        assert (then["video"]["framesDecoded"] - first["video"]["framesDecoded"]) / seconds >= 20
        assert then["video"]["retransmittedPacketsReceived"] > 5
        assert room.hubs["high"].resent > 5
        assert then["video"]["pliCount"] == 0, "what was lost came again in time"

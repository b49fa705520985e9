"""The shipped WHEP client in Debian's Chromium, against a room with real encoders."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from stream.program.clock import FRAME_SAMPLES
from stream.room.room import HIGH, Room
from tests.chromium import chromium
from tests.stream.live import make_room, on_air

pytestmark = pytest.mark.browser


async def watch(browser: Browser, url: str) -> Page:
    page = await browser.new_page()
    await page.goto(url)
    await page.wait_for_function("window.player && window.player.state === 'live'", timeout=60_000)
    return page


async def stats(page: Page) -> dict[str, Any]:
    return dict(await page.evaluate("window.stats()"))


async def assert_all_pictures_arrive(page: Page, room: Room, seconds: float) -> None:
    """Against the room's own clock and counters: on a slow machine it leaves pictures out, and says so."""
    first = await stats(page)
    sent, left_out, sample = room.hubs["high"].frames, room.shed + room.studio.dropped, room.program.sample
    await asyncio.sleep(seconds)
    then = await stats(page)
    sent, left_out = room.hubs["high"].frames - sent, room.shed + room.studio.dropped - left_out
    assert sent + left_out >= 0.9 * (room.program.sample - sample) / FRAME_SAMPLES
    assert sent >= 8 * seconds
    assert then["video"]["framesDecoded"] - first["video"]["framesDecoded"] >= 0.8 * sent


async def skew_ms(page: Page) -> float:
    """By how much the picture is ahead of the sound, as the browser plays them."""
    now = await stats(page)
    return float(now["video"]["estimatedPlayoutTimestamp"] - now["audio"]["estimatedPlayoutTimestamp"])


async def test_the_picture_advances_with_sound_and_both_are_in_step() -> None:
    room = make_room(renditions=(HIGH,))
    async with on_air(room) as url, chromium() as browser:
        page = await watch(browser, url)
        await asyncio.sleep(1)
        first = await stats(page)
        await assert_all_pictures_arrive(page, room, 4)
        then = await stats(page)
        assert then["video"]["frameWidth"] == 720
        assert then["audio"]["totalAudioEnergy"] > first["audio"]["totalAudioEnergy"], "the host is heard"
        async with asyncio.timeout(60):  # sender reports lay both on one timeline
            while abs(await skew_ms(page)) >= 200:  # noqa: ASYNC110 - the page is asked
                await asyncio.sleep(0.5)
        assert await page.evaluate("window.firstFrameMs") > 0


async def test_after_the_room_comes_back_the_page_joins_again() -> None:
    async with chromium() as browser:
        room = make_room(renditions=(HIGH,))
        async with on_air(room) as url:
            page = await watch(browser, url)
            viewer = next(iter(room.audience.viewers.values()))
            await room.audience.leave(viewer.session.id)
            await page.wait_for_function("window.states.length >= 4", timeout=60_000)
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
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


async def test_a_server_that_is_killed_is_noticed_before_the_picture_has_stood_for_long() -> None:
    """The machine's other work counts too: the best of three, and without the watch it is four seconds at the least."""

    async def noticed_s(browser: Browser) -> float:
        with own_process() as (process, url):
            page = await watch(browser, url)
            await page.evaluate("window.player.check()")
            await asyncio.sleep(1)
            assert await page.evaluate("window.states") == ["connecting", "live"], "a doubt alone costs nothing"
            process.kill()
            killed = time.monotonic()
            await page.wait_for_function("window.player.state === 'reconnecting'", timeout=60_000)
            await page.close()
            return time.monotonic() - killed

    await assert_best_of_three(noticed_s, 3.5)


async def test_a_page_that_doubts_its_connection_knows_at_once_that_it_is_dead() -> None:
    """By the page's own clock, and the best of three: unasked it would be 1.2 s at the least."""
    checked = """async () => {
      const began = performance.now();
      window.player.check();
      while (window.player.state !== 'reconnecting') await new Promise((done) => setTimeout(done, 10));
      return (performance.now() - began) / 1000;
    }"""

    async def known_s(browser: Browser) -> float:
        with own_process() as (process, url):
            page = await watch(browser, url)
            process.kill()
            seconds = float(await page.evaluate(checked))
            await page.close()
            return seconds

    await assert_best_of_three(known_s, 1.0)


async def assert_best_of_three(measure: Callable[[Browser], Awaitable[float]], most_s: float) -> None:
    """One of up to three measurements holds."""
    found: list[float] = []
    async with chromium() as browser:
        while len(found) < 3 and not any(seconds <= most_s for seconds in found):
            found.append(await measure(browser))
    assert min(found) <= most_s, f"{found} s"


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
        async with asyncio.timeout(20):  # without a farewell it would be thirty
            while room.audience.viewers:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await page.evaluate("window.player.state") == "closed"


async def test_lost_packets_are_sent_again_and_the_picture_does_not_freeze() -> None:
    room = make_room(renditions=(HIGH,))
    network = {"loss": 0.05, "delay_s": 0.04, "reorder": 0.02}
    async with on_air(room, network=network) as url, chromium() as browser:
        page = await watch(browser, f"{url}/?whep=/lossy/rooms/demo/whep")
        await asyncio.sleep(2)
        asked: list[int] = []
        while len(asked) < 4 and 0 not in asked:  # relay, room and browser share the machine: it may hold one up
            before = (await stats(page))["video"]["pliCount"]
            await assert_all_pictures_arrive(page, room, 6)
            then = await stats(page)
            asked.append(then["video"]["pliCount"] - before)
        assert 0 in asked, f"what was lost came again in time; asked for a whole picture: {asked}"
        assert then["video"]["retransmittedPacketsReceived"] > 5
        assert room.hubs["high"].resent > 5

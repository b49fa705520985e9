"""The stream's numbers: viewers in a process of their own, beside the same run with one encoder per viewer."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np

from stream.output.recorder import RecordingOutput
from stream.output.rtmp import RtmpOutput
from stream.room.room import HIGH
from tests.bench.bench_soak import Limits
from tests.bench.bench_soak import run as soak
from tests.bench.stream_joins import join_row, skew_row, until_watched, watching
from tests.bench.table import Row, print_table
from tests.stream.fakes import FakeLine, ListDirector
from tests.stream.live import eventually, make_room, on_air

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def server(*options: str) -> Iterator[str]:
    """The measured process; gives its address."""
    command = [sys.executable, "-m", "tests.bench.stream_server", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        deadline = time.monotonic() + 60
        while "rival" not in options and stats(url)["frames"] < 60 and time.monotonic() < deadline:
            time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def viewers(url: str, count: int, *, seconds: float, audio: bool = True) -> dict[str, Any]:
    """Let viewers join and watch; gives what both sides counted."""
    command = [sys.executable, "-m", "tests.bench.stream_viewers", url, str(count), "--seconds", str(seconds)]
    done = subprocess.run(
        command + ([] if audio else ["--no-audio"]), cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=600
    )
    return dict(json.loads(done.stdout))


def stats(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/stats", timeout=20) as reply:
        return dict(json.load(reply))


def cores(before: dict[str, float], after: dict[str, float]) -> float:
    return (after["cpu"] - before["cpu"]) / (after["t"] - before["t"])


def alone(url: str, *, seconds: float) -> float:
    """Cores the process uses without a viewer."""
    time.sleep(4)
    before = stats(url)
    time.sleep(seconds)
    return cores(before, stats(url))


def viewer_rows(seconds: float) -> Iterator[Row]:
    with server() as url:
        base = alone(url, seconds=seconds)
        found = viewers(url, 200, seconds=seconds)
        spent = cores(found["before"], found["after"])
        rate = (found["after"]["frames"] - found["before"]["frames"]) / (found["after"]["t"] - found["before"]["t"])
    each = (spent - base) / 200 * 25 / max(rate, 1)
    with server("--mode", "rival") as url:
        idle = alone(url, seconds=3)
        own = viewers(url, 1, seconds=seconds, audio=False)
        rival = cores(own["before"], own["after"]) - idle
        rival *= 25 / max(own["fps_median"], 1)
    yield (
        "core per further viewer, 720×1280@25 and Opus, at 200 viewers",
        "≤ 0.004",
        f"{each:.4f} ({rate:.1f} fps while measured)",
    )
    yield (
        "ratio to one encoder per viewer (aiortc's own), same pictures",
        "≥ 150",
        f"{rival / each:.0f} ({rival:.2f} core each)",
    )
    with server() as url:
        found = viewers(url, 300, seconds=seconds)
    yield (
        "viewers at full rate in one process",
        "≥ 300",
        f"{found['watching']} at {found['fps_median']:.1f} fps (slowest {found['fps_least']:.1f})",
    )


def room_rows(seconds: float) -> Iterator[Row]:
    for options, what, target in (
        (("--stage", "real", "--silent"), "one room, host on stage, voice idle", "≤ 0.35 core"),
        (("--stage", "real", "--voice", "real"), "one room, speaking uncached lines", "≤ 1.0 core"),
    ):
        try:
            with server(*options) as url:
                time.sleep(5)
                yield (what, target, f"{alone(url, seconds=seconds):.2f} core")
        except (OSError, ValueError) as exc:
            yield (what, target, f"not measured: {exc}")


@asynccontextmanager
async def chromium() -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    from tests.chromium import FLAGS

    program = shutil.which("chromium")
    if program is None:
        raise OSError("no Chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


async def join_rows(joins: int, seconds: float) -> list[Row]:
    """Joins beside nine real peers that decode nothing; then lips and words of one viewer alone."""
    with server() as url, watching(url, 9):
        await until_watched(url, 9)
        async with chromium() as browser:
            joined = await join_row(browser, url, joins)
    with server() as url:
        async with chromium() as browser:
            return [joined, await skew_row(browser, url, seconds)]


def long_row() -> Row:
    from tests.stream.test_long_run import HOUR_TICKS, simulate

    rtp_ms, ntp_ms, wraps, _ = simulate(run_ticks=HOUR_TICKS)
    return (
        "skew after 26 h of virtual time, every tick, stalls of 0.3 to 61 s, RTP clock wrapped",
        "≤ 40 ms",
        f"{max(rtp_ms, ntp_ms):.4f} ms ({wraps} wraps)",
    )


async def interrupt_row(count: int) -> Row:
    """From the call to the first packet on the wire that holds nothing but silence."""
    took: list[float] = []
    room = make_room(director=ListDirector([FakeLine("说" * 200)], loop=True))
    silent = asyncio.Event()

    async with on_air(room):
        encode = room._opus.encode

        def watched(pcm: np.ndarray, sample: int) -> Any:  # type: ignore[type-arg]
            if not pcm.any():
                silent.set()
            return encode(pcm, sample)

        # What is encoded leaves in the same call: the hub sends at once.
        room._opus.encode = watched  # type: ignore[method-assign,assignment]
        for _ in range(count):
            await eventually(lambda: room.program.current is not None and room.program.current.played > 24_000)
            silent.clear()
            began = time.monotonic()
            room.interrupt()
            await asyncio.wait_for(silent.wait(), 5)
            took.append((time.monotonic() - began) * 1000)
    took.sort()
    return (
        "interrupt → silence on the wire, p50 / p99",
        "≤ 200 ms p99",
        f"{took[len(took) // 2]:.0f} / {took[int(len(took) * 0.99)]:.0f} ms ({count} interrupts)",
    )


async def loss_row(seconds: float) -> Row:
    room = make_room(renditions=(HIGH,))
    network = {"loss": 0.05, "delay_s": 0.04, "reorder": 0.01}
    async with on_air(room, network=network) as url, chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{url}/?whep=/lossy/rooms/demo/whep")
        await page.wait_for_function("window.player.state === 'live'", timeout=20_000)
        await asyncio.sleep(3)
        first = (await page.evaluate("window.stats()"))["video"]
        await asyncio.sleep(seconds)
        then = (await page.evaluate("window.stats()"))["video"]
    made = (then["timestamp"] - first["timestamp"]) / 40
    share = (then["framesDecoded"] - first["framesDecoded"]) / made
    freezes = then["freezeCount"] - first["freezeCount"]
    frozen = (then["totalFreezesDuration"] - first["totalFreezesDuration"]) * 1000
    longest = f"{freezes} freezes, {frozen / freezes:.0f} ms each" if freezes else "no freeze"
    return (
        "5 % loss, 80 ms round trip, Chromium",
        "no freeze > 250 ms, ≥ 99 % of frames",
        f"{longest}; {min(share, 1) * 100:.1f} % of frames; {then['pliCount']} PLI",
    )


async def output_row(seconds: float) -> Row:
    from tests.stream.media import decoded, times
    from tests.stream.test_rtmp import free_port, nginx

    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        room = make_room(renditions=(HIGH,))
        recording = RecordingOutput("file", folder / "recordings", free_bytes=0)
        push = RtmpOutput("push", f"rtmp://127.0.0.1:{port}/live/key")
        async with on_air(room), nginx(folder / "nginx", port):
            await room.outputs.add(recording)
            await room.outputs.add(push)
            await asyncio.sleep(seconds)
            await room.outputs.aclose()
            await asyncio.sleep(1)
        files = [next((folder / "recordings").glob("*.mp4")), folder / "nginx" / "key.flv"]
        counts = [decoded(path) for path in files]
        steady = all(np.all(np.diff(times(path, "video")) > 0) for path in files)
    return (
        "frames in recording / RTMP sink (nginx-rtmp), of those given",
        "all, decodable, monotone",
        f"{counts[0]}/{recording.frames} and {counts[1]}/{push.frames}, {'monotone' if steady else 'NOT monotone'}",
    )


def rows(*, seconds: float = 15.0, joins: int = 30, soak_minutes: float = 30.0) -> Iterator[Row]:
    """Every row of the stream's table, in the order of what they take."""
    av.logging.set_level(av.logging.PANIC)
    yield from viewer_rows(seconds)
    yield from room_rows(seconds)
    yield from asyncio.run(join_rows(joins, 2 * seconds))
    yield asyncio.run(interrupt_row(40))
    yield asyncio.run(loss_row(4 * seconds))
    yield asyncio.run(output_row(seconds))
    yield long_row()
    if soak_minutes:
        yield from (row for row, _ in soak(soak_minutes, soak_minutes / 3).rows(Limits()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each thing is measured")
    parser.add_argument("--joins", type=int, default=30)
    parser.add_argument("--soak-minutes", type=float, default=30.0, help="0 leaves the soak out")
    options = parser.parse_args()
    print_table(rows(seconds=options.seconds, joins=options.joins, soak_minutes=options.soak_minutes))


if __name__ == "__main__":
    main()

"""How long a join takes in Chromium and what it is made of; and how far what is shown is from what is heard."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.table import Row

ROOT = Path(__file__).resolve().parents[2]

STEPS = """
window.steps = {};
const step = name => { window.steps[name] ??= performance.now(); };
const Peer = window.RTCPeerConnection, ask = window.fetch;
window.RTCPeerConnection = function (...given) {
  step("begun");
  const pc = new Peer(...given);
  pc.addEventListener("connectionstatechange", () => pc.connectionState === "connected" && step("connected"));
  return pc;
};
window.RTCPeerConnection.prototype = Peer.prototype;
window.fetch = async (...given) => {
  step("asked");
  const reply = await ask(...given);
  step("answered");
  return reply;
};
"""

WATCH = """
() => {
  const video = document.getElementById("video");
  Object.assign(window, { shown: [], heard: [], delay: [] });
  const picture = (_, about) => {
    window.shown.push([about.expectedDisplayTime, about.rtpTimestamp]);
    video.requestVideoFrameCallback(picture);
  };
  video.requestVideoFrameCallback(picture);
  const sound = window.player.pc.getReceivers().find(receiver => receiver.track.kind === "audio");
  let last = 0;
  setInterval(() => {
    const source = sound.getSynchronizationSources()[0];
    if (!source || source.timestamp === last) return;
    last = source.timestamp;
    window.heard.push([source.timestamp - performance.timeOrigin, source.rtpTimestamp]);
  }, 4);
  setInterval(async () => {
    (await window.player.pc.getStats()).forEach(s => {
      if (s.type === "media-playout") window.delay.push([s.totalPlayoutDelay, s.totalSamplesCount]);
    });
  }, 1000);
}
"""


@contextmanager
def watching(url: str, count: int) -> Iterator[None]:
    """Real peers in a process of their own, which decode nothing, until the context is left."""
    command = [sys.executable, "-m", "tests.bench.stream_viewers", url, str(count), "--seconds", "3600"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


async def until_watched(url: str, count: int) -> None:
    """Wait until the server counts `count` connected viewers."""
    async with asyncio.timeout(60):
        while (await _get(f"{url}/stats"))["viewers"] < count:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.2)


async def join_row(browser: Any, url: str, joins: int) -> Row:
    """Join and leave `joins` times, each time in a new page, beside whoever watches already."""
    times: list[float] = []
    parts: dict[str, list[float]] = {"page": [], "answer": [], "ICE and DTLS": [], "picture": []}
    for _ in range(joins):
        page = await browser.new_page()
        await page.add_init_script(STEPS)
        await page.goto(url)
        await page.wait_for_function("window.firstFrameMs > 0", timeout=20_000)
        times.append(await page.evaluate("window.firstFrameMs"))
        at = await page.evaluate("window.steps")
        parts["page"].append(at["asked"] - at["begun"])
        parts["answer"].append(at["answered"] - at["asked"])
        # A picture may be shown before the page's thread hears that the connection stands.
        connected = at.get("connected", at["answered"])
        parts["ICE and DTLS"].append(connected - at["answered"])
        parts["picture"].append(at["begun"] + times[-1] - connected)
        await page.close()
    times.sort()
    late = times[min(joins - 1, int(joins * 0.95))]
    made_of = ", ".join(f"{name} {statistics.median(values):.0f}" for name, values in parts.items())
    return (
        "join → first frame in Chromium, nine others watching, p50 / p95",
        "≤ 400 / 700 ms",
        f"{statistics.median(times):.0f} / {late:.0f} ms ({joins} joins; {made_of})",
    )


async def skew_row(browser: Any, url: str, seconds: float) -> Row:
    """Picture against sound as they leave the browser, from two seconds after the first picture on.

    Each picture counts with the time at which the browser means to show it (requestVideoFrameCallback), each packet of
    sound with that at which it was handed to the output (getSynchronizationSources) and the output's own delay
    (media-playout statistics). A pair of the room's sender reports turns both RTP times into program time.
    """
    page = await browser.new_page()
    await page.goto(url)
    await page.wait_for_function("window.firstFrameMs > 0", timeout=20_000)
    await page.evaluate(WATCH)
    await asyncio.sleep(seconds + 2)
    reports = (await _get(f"{url}/reports"))[-1]
    shown, heard, delay = await page.evaluate("[window.shown, window.heard, window.delay]")
    await page.close()
    skews = skews_ms(shown, heard, reports, delay_ms=1000 * delay[-1][0] / max(1, delay[-1][1]))
    settled = np.abs([skew for at, skew in skews if at - shown[0][0] >= 2000])
    return (
        "sound against picture in Chromium, as shown and heard, p50 / p99",
        "≤ 40 ms p99",
        f"{np.percentile(settled, 50):.0f} / {np.percentile(settled, 99):.0f} ms ({len(settled)} pictures)",
    )


def skews_ms(
    shown: list[list[float]], heard: list[list[float]], reports: dict[str, list[int]], *, delay_ms: float
) -> list[tuple[float, float]]:
    """(time shown, picture's program time less that of the sound heard then), both in ms; the picture leads above 0."""
    (video_ntp, video_rtp), (audio_ntp, audio_rtp) = reports["video"], reports["audio"]
    apart_ms = (video_ntp - audio_ntp) / 2**32 * 1000
    sound_at = np.array([at + delay_ms for at, _ in heard])
    ahead = np.array([_since(rtp, audio_rtp) / 48 for _, rtp in heard]) - sound_at
    found = []
    for at, rtp in shown:
        # A packet is seen when it begins or a little later: the earliest sight within reach is the right one.
        near = (sound_at > at - 120) & (sound_at <= at + 20)
        if near.any():
            found.append((at, apart_ms + _since(int(rtp), video_rtp) / 90 - at - float(ahead[near].max())))
    return found


def _since(rtp: float, reference: int) -> int:
    """Ticks from one 32-bit RTP time to another, whichever is first."""
    ticks = (int(rtp) - reference) & 0xFFFFFFFF
    return ticks - (1 << 32) if ticks >> 31 else ticks


async def _get(url: str) -> Any:
    def get() -> Any:
        with contextlib.closing(urllib.request.urlopen(url, timeout=20)) as reply:
            return json.load(reply)

    return await asyncio.to_thread(get)

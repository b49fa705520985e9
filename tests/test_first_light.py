"""The whole product in a real browser: a host who sells, a comment answered aloud, a chat, a lead that survives."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from avatar.models.catalogue import LANDMARKER, open_models
from avatar.rigging.landmarks import FaceFinder
from tests.chromium import launch
from tests.demo_server import DemoServer, demo_server, zhanggui

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]

SOFA_PRICE = "1299"

WATCH = """
// Decoded pictures (downscaled) and the loudness of the sound at the same moments.
async (seconds) => {
  const video = document.querySelector("video.video");
  const context = new AudioContext(); await context.resume();
  const analyser = context.createAnalyser(); analyser.fftSize = 2048;
  context.createMediaStreamSource(new MediaStream(video.srcObject.getAudioTracks())).connect(analyser);
  const canvas = document.createElement("canvas"); canvas.width = 288; canvas.height = 320;
  const brush = canvas.getContext("2d", { willReadFrequently: true }), wave = new Float32Array(2048), seen = [];
  const begun = performance.now(), ran = () => (performance.now() - begun) / 1000;
  await new Promise(done => {
    const look = () => {
      analyser.getFloatTimeDomainData(wave);
      const loud = Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
      brush.drawImage(video, 0, 0, video.videoWidth, video.videoHeight * 0.625, 0, 0, 288, 320);  // head and shoulders
      seen.push({ t: performance.now(), loud, picture: canvas.toDataURL("image/jpeg", 0.85) });
      const enough = seen.length > 350 || ran() > 3 * seconds;  // a machine at work looks at fewer pictures a second
      if (ran() > seconds && enough) done(); else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });
  return seen;
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[DemoServer]:
    with demo_server(tmp_path_factory.mktemp("shop"), models_dir=models_dir) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright) as chromium:
        yield chromium


def _live(browser: Browser, server: DemoServer) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page.goto(f"{server.url}/live/demo")
    page.wait_for_selector("body[data-state=playing]", timeout=120_000)
    page.click(".unmute")
    return page


def _stats(page: Page) -> dict[str, float]:
    return page.evaluate(
        """() => { const q = document.querySelector("video.video").getVideoPlaybackQuality();
                   return { frames: q.totalVideoFrames, dropped: q.droppedVideoFrames, t: performance.now() }; }"""
    )


def _rates(page: Page, server: DemoServer) -> tuple[float, float]:
    """Pictures a second, over five: those that were shown, and those the room left out because its clock ran late."""
    before, shed = _stats(page), server.metric("zhanggui_room_frames_shed_total")
    time.sleep(5)
    after, shed = _stats(page), server.metric("zhanggui_room_frames_shed_total") - shed
    passed_s = (after["t"] - before["t"]) / 1000
    return (after["frames"] - before["frames"]) / passed_s, shed / passed_s


def _full(shown: float, left_out: float) -> bool:
    """The full rate; a machine that is too slow for it leaves pictures out on purpose, and counts them."""
    return shown >= 24 or (shown >= 12 and shown + left_out >= 24)


def test_the_picture_runs_at_full_rate_with_sound_and_the_mouth_follows_it(
    browser: Browser, server: DemoServer, models_dir: Path
) -> None:
    page = _live(browser, server)
    seconds: list[tuple[float, float]] = []
    while len(seconds) < 12 and not any(_full(*second) for second in seconds):
        seconds.append(_rates(page, server))
    assert any(_full(*second) for second in seconds), f"shown and left out in a second: {seconds}"

    seen: list[dict[str, Any]] = page.evaluate(WATCH, 28)
    page.close()
    assert len(seen) > 120
    loudness = np.array([moment["loud"] for moment in seen])
    assert loudness.max() > 0.02, "no sound"
    with FaceFinder(open_models(models_dir).folder(LANDMARKER) / "face_landmarker.task") as finder:
        opening = np.array([_opening(finder, moment["picture"]) for moment in seen])
    assert np.isfinite(opening).mean() > 0.95, "the face is not found"
    opening = np.nan_to_num(opening)
    assert opening.std() > 0.005, "the mouth does not move"
    assert _best_correlation(np.array([moment["t"] for moment in seen]), opening, loudness) >= 0.6


def _opening(finder: FaceFinder, picture: str) -> float:
    """Inner-lip distance by face height, NaN without a face."""
    jpeg = np.frombuffer(base64.b64decode(picture.partition(",")[2]), np.uint8)
    faces = finder.find(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
    return faces[0].mouth_opening if faces else float("nan")


def _best_correlation(t: np.ndarray, opening: np.ndarray, loudness: np.ndarray) -> float:
    """Highest correlation of opening and loudness in dB within ±160 ms: Chromium buffers sound and picture apart.

    Both on a grid of 40 ms and smoothed over 360 ms, a syllable or two: within one, a loud "m" is a closed mouth.
    Beside the sound of other lines the same pictures reach 0.44 at most (56 pairs measured).
    """
    grid, smooth = np.arange(t[0], t[-1], 40.0), np.ones(9) / 9
    level = np.clip(20 * np.log10(np.maximum(loudness, 1e-5)), -50, -10)
    a, b = (np.convolve(np.interp(grid, t, curve), smooth, "same") for curve in (opening, level))
    return max(
        float(np.corrcoef(a[max(0, lag) : len(a) + min(0, lag)], b[max(0, -lag) : len(b) + min(0, -lag)])[0, 1])
        for lag in range(-4, 5)
    )


# The script names prices of its own: only what is shown while the comment is being answered counts.
KEEP_CAPTIONS_OF_THE_ANSWER = """
() => {
  window.captions = [];
  const box = document.querySelector(".caption"), answering = () => document.querySelector(".flow li.me.asked");
  new MutationObserver(() => answering() && window.captions.push(box.textContent))
    .observe(box, { childList: true, subtree: true });
}
"""


def test_a_price_question_in_a_comment_is_answered_aloud_with_the_catalogues_price(
    browser: Browser, server: DemoServer
) -> None:
    page = _live(browser, server)
    page.evaluate(KEEP_CAPTIONS_OF_THE_ANSWER)
    page.fill(".askbox input", "云朵单人沙发多少钱？")
    page.keyboard.press("Enter")
    page.wait_for_selector(".flow li.asked", timeout=120_000)
    page.wait_for_selector(".flow li.me.done", timeout=120_000)
    answer = page.text_content(".flow li.me.done .ans") or ""
    captions = "".join(page.evaluate("window.captions"))
    page.close()
    assert SOFA_PRICE in answer.replace(",", ""), answer
    assert SOFA_PRICE in captions.replace(",", ""), captions


def test_the_chat_quotes_the_same_price(browser: Browser, server: DemoServer) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page.goto(f"{server.url}/chat/demo")
    answers = _chat(page, "云朵单人沙发多少钱？")
    expect(answers.filter(has_text=re.compile("1,?299")).first).to_be_visible(timeout=60_000)
    page.close()


def _chat(page: Page, text: str) -> Locator:
    """Say something in the chat page and give what the shop says then, once it has begun."""
    page.locator("textarea").fill(text)
    page.locator("textarea").press("Enter")
    answers = page.locator(".zg-log .msg.me ~ .msg:not(.me) .bubble")
    answers.first.wait_for(timeout=60_000)
    return answers


COUNT_RECEIVED = """
async () => { let frames = 0;
  for (const pc of window.peers)
    (await pc.getStats()).forEach(s => {
      if (s.type === "inbound-rtp" && s.kind === "video") frames += s.framesReceived || 0;
    });
  return frames; }
"""
KEEP_PEERS = """
window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...options) { super(...options); window.peers.push(this); }
};
"""


def test_ten_viewers_cost_one_encoder(browser: Browser, server: DemoServer) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568})
    context.add_init_script(KEEP_PEERS)
    pages = [context.new_page() for _ in range(10)]
    for page in pages:
        page.goto(f"{server.url}/live/demo")
    for page in pages:
        page.wait_for_selector("body[data-state=playing]", timeout=120_000)
    received, encoded, began = sum(page.evaluate(COUNT_RECEIVED) for page in pages), _encoded(server), time.monotonic()
    time.sleep(8)
    encoded, took_s = _encoded(server) - encoded, time.monotonic() - began
    received = sum(page.evaluate(COUNT_RECEIVED) for page in pages) - received
    context.close()
    # Ten software decoders starve two cores, so the rate may sink: what counts is that a picture is encoded once.
    assert 0 < encoded <= 27 * took_s + 50
    assert received >= 3 * encoded, f"{received} pictures arrived at ten viewers, {encoded:.0f} were encoded"


def _encoded(server: DemoServer) -> float:
    return server.metric("zhanggui_room_frames_total", rendition="high")


def test_a_phone_number_left_in_the_chat_survives_a_power_cut(
    browser: Browser, tmp_path: Path, models_dir: Path
) -> None:
    with demo_server(tmp_path, models_dir=models_dir) as running:
        page = browser.new_page(locale="zh-CN")
        page.goto(f"{running.url}/chat/demo")
        _chat(page, "我想要云朵沙发，电话13812345678，下午打给我")
        running.kill()
        page.close()
    listed = zhanggui("leads", "list", "--json", "--reveal", "--data-dir", str(tmp_path))
    assert listed.returncode == 0, listed.stderr
    assert "13812345678" in listed.stdout
    assert "138****5678" in zhanggui("leads", "list", "--json", "--data-dir", str(tmp_path)).stdout
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert tmp_path / "zhanggui.db" in files
    assert [path for path in files if b"13812345678" in path.read_bytes()] == []
    assert json.loads(listed.stdout)

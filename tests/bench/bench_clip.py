"""Hosts made from a clip, and product videos, in numbers: cost of a frame, memory, the seam, seconds of video a second.

`python -m tests.bench.bench_clip`; needs the models `face-landmarker`, `selfie-segmenter` and `kokoro`. About five
minutes, most of them the making of a host from a clip of a minute.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from avatar.face.colour import Pixels
from avatar.face.host import Host, load_host
from avatar.face.movement import Footage
from avatar.face.presenter import FRAME_RATE, Cue
from avatar.face.wander import wander
from avatar.models.catalogue import LANDMARKER, SEGMENTER, open_models
from avatar.rigging.create import Consent, create_host
from avatar.rigging.footage import read_footage
from avatar.rigging.landmarks import FaceFinder
from avatar.rigging.segmenter import PersonFinder
from avatar.scene.scene import Stage
from avatar.video.filming import Look
from avatar.video.script import parse_script
from avatar.video.video import make_video
from avatar.voice.speech import SAMPLE_RATE
from avatar.voice.voice import create_voice
from tests.avatar.clips import filmed, write_clip
from tests.avatar.lip_sync import babble, measure_mouth
from tests.bench.table import Row, print_table

MODELS = Path(os.environ.get("ZHANGGUI_MODELS_DIR") or Path.home() / ".cache" / "zhanggui" / "models")
FRAMES = 500
SCRIPT = """# 云朵单人沙发
## 开场
情绪: joy
大家好，今天给您看一款能拆洗的单人沙发。坐垫是高回弹海绵，久坐也不塌。
## 价格
商品: 云朵单人沙发
价格: 1,299
原价: 1,699
背景: daylight
外罩整套带拉链，三十度以下机洗就可以。现在下单只要一千二百九十九元，还送一只同色抱枕。
"""
_MEMORY = """
import gc, sys
from pathlib import Path
def resident():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
import cv2, avatar.face.host
from avatar.scene.scene import create_stage
cv2.setNumThreads(1)
from avatar.scene.lettering import font
font(50).getbbox("好")
before = resident()
stage = create_stage("clip", hosts_dir=Path(sys.argv[1]), width=720, height=1280, background=sys.argv[2])
for k in range(len(stage.host.movement) + 500):
    stage.frame(k * 1920, ())
print(resident() - before)
"""


def rows() -> Iterator[Row]:
    """Yield every measurement as it is made."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name, _finder() as finder, _people() as people:
        folder = Path(name)
        short = write_clip(folder / "short.mp4", filmed(6, period_s=2.5))
        pictures = itertools.chain.from_iterable(read_footage(short) for _ in range(10))
        long = write_clip(folder / "long.mp4", itertools.islice(pictures, 60 * FRAME_RATE))
        for clip, seconds in ((short, 6), (long, 60)):
            hosts = folder / clip.stem
            began = time.process_time()
            host = _create(clip, hosts, finder, people)
            yield f"host from a clip of {seconds} s: making it", "—", f"{time.process_time() - began:.0f} s CPU"
            yield from _stored(host, seconds)
            for background in ("own", "daylight"):
                code = [sys.executable, "-c", _MEMORY, str(hosts), background]
                used = int(subprocess.run(code, check=True, capture_output=True, text=True).stdout) / 2**20
                yield f"memory of one host from a clip of {seconds} s, on {background}", "≤ 250 MB", f"{used:.0f} MB"
        host = load_host("clip", hosts_dir=folder / "short")
        yield from _costs(host)
        yield from _mouth(host, finder)
        for who in (load_host("xiaoqi"), host):
            yield from _video(who, folder)


def _finder() -> FaceFinder:
    return FaceFinder(open_models(MODELS).folder(LANDMARKER) / "face_landmarker.task")


def _people() -> PersonFinder:
    return PersonFinder(open_models(MODELS).folder(SEGMENTER) / "selfie_segmentation.tflite")


def _create(clip: Path, hosts: Path, finder: FaceFinder, people: PersonFinder) -> Host:
    consent = Consent("nobody", "bench", datetime.now(UTC))
    wish = {"name": "clip", "title": "clip", "gender": "", "voice": "zf_xiaobei", "consent": consent}
    return create_host(clip, clip=True, hosts_dir=hosts, finder=finder, people=people, **wish)  # type: ignore[arg-type]


def _stored(host: Host, seconds: int) -> Iterator[Row]:
    assert host.movement is not None
    footage = Footage(host.movement.folder / "movement.mp4")
    small = [
        cv2.resize(footage.at(k)[0], (180, 320), interpolation=cv2.INTER_AREA).astype(float)
        for k in range(len(footage))
    ]
    steps = np.array([np.abs(a - b).mean() for a, b in zip(small, [*small[1:], small[0]], strict=True)])
    fade = min(26, len(steps) // 3)
    length = f"{len(footage) / FRAME_RATE:.1f} s, {host.movement.kind}, {footage.bytes / 2**20:.1f} MB"
    yield f"round of a clip of {seconds} s", "—", length
    order = wander(host.movement)
    turns = int(np.count_nonzero(np.diff(order) % len(footage) != 1))
    parts = [order[k : k + 750].tobytes() for k in range(0, 10 * 60 * FRAME_RATE - 750)]
    again = len(parts) - len(set(parts)) if turns else "—"
    what = (
        f"clip of {seconds} s: changes of direction in {len(order) / FRAME_RATE / 60:.1f} min; half minutes seen twice"
    )
    yield what, "0 twice", f"{turns}; {again}"
    told = f"{steps[-fade:].max():.2f} / {steps[:-fade].max():.2f} grey levels (means {steps[-fade:].mean():.2f} / "
    yield (
        f"clip of {seconds} s: largest change between pictures at the seam / elsewhere",
        "seam ≤ elsewhere",
        told + f"{steps[:-fade].mean():.2f})",
    )


def _costs(host: Host) -> Iterator[Row]:
    cue = Cue(0, babble(FRAMES / FRAME_RATE, 3))
    for width, height, background, target in (
        (720, 1280, "own", "≤ 4 / ≤ 8 ms"),
        (720, 1280, "daylight", "≤ 4 / ≤ 8 ms"),
        (1080, 1920, "own", "≤ 9 ms"),
        (1280, 720, "daylight", "—"),
    ):
        stage = Stage(host, width=width, height=height, background=background)
        for speaks in (True, False):
            whole, rest = [], []
            for k in range(FRAMES):
                began = time.process_time()
                with _decoding() as decoded:
                    stage.frame(k * SAMPLE_RATE // FRAME_RATE, (cue,) if speaks else ())
                whole.append(time.process_time() - began)
                rest.append(whole[-1] - sum(decoded))
            told = " / ".join(f"{np.percentile(rest[25:], q) * 1000:.1f}" for q in (50, 99)) + " ms CPU, with decoding "
            told += " / ".join(f"{np.percentile(whole[25:], q) * 1000:.1f}" for q in (50, 99)) + f" (n = {FRAMES - 25})"
            what = f"clip host, render + compose, {width}×{height}, on {background}"
            yield f"{what}, {'speaking' if speaks else 'silent'}: median / p99", target, told


@contextmanager
def _decoding() -> Iterator[list[float]]:
    """Collect the CPU seconds that decoding the clip's pictures and outlines takes."""
    spent: list[float] = []
    at = Footage.at

    def timed(self: Footage, number: int, *, soon: int | None = None) -> tuple[Pixels, ...]:
        began = time.process_time()
        try:
            return at(self, number, soon=soon)
        finally:
            spent.append(time.process_time() - began)

    Footage.at = timed  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        Footage.at = at  # type: ignore[method-assign]


def _mouth(host: Host, finder: FaceFinder) -> Iterator[Row]:
    measured = measure_mouth(Stage(host, background="own"), finder, seconds=24, seed=11)
    yield "clip host: mouth opening against intended", "≥ 0.85", f"{measured.correlation:.2f}"
    told = f"{measured.bilabials_closed:.2f} ({measured.bilabials} bilabials in 24 s)"
    yield "clip host: bilabials with lips closed", "≥ 0.95", told


def _video(host: Host, folder: Path) -> Iterator[Row]:
    """Make a video as the command does, with a voice that has not said the script before."""

    async def make() -> float:
        voice = create_voice(models_dir=MODELS, cache_dir=folder / "speech", cache_bytes=0, threads=2)
        try:
            await _warm(voice)
            began.append((time.perf_counter(), time.process_time()))
            made = await make_video(parse_script(SCRIPT), folder / "out.mp4", host=host, voice=voice, look=Look())
            return made.seconds
        finally:
            await voice.aclose()

    began: list[tuple[float, float]] = []
    seconds = asyncio.run(make())
    wall, spent = time.perf_counter() - began[0][0], time.process_time() - began[0][1]
    told = f"{seconds / wall:.1f} (of {seconds:.1f} s; {spent / seconds:.2f} s CPU a second)"
    yield f"product video 720×1280 with {host.name}: seconds of video per second", "> 1", told


async def _warm(voice: object) -> None:
    async for _ in voice.speak("好。"):  # type: ignore[attr-defined]
        pass


if __name__ == "__main__":
    print_table(rows())

"""The face in numbers: cost of a frame, what MediaPipe sees of the mouth, memory of a host.

`python -m tests.bench.bench_face`; needs the models `face-landmarker` and `kokoro`. About three minutes.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import cv2
import numpy as np

from avatar.face.colour import to_bgr
from avatar.face.host_folder import host_folders
from avatar.face.presenter import FRAME_RATE, Cue
from avatar.models.catalogue import LANDMARKER, open_models
from avatar.rigging.landmarks import FaceFinder
from avatar.scene.plate import ProductCard
from avatar.scene.scene import create_stage
from avatar.voice.speech import SAMPLE_RATE, VisemeSpan
from avatar.voice.voice import create_voice
from tests.avatar.lip_sync import babble, measure_mouth
from tests.bench.table import Row, print_table

MODELS = Path(os.environ.get("ZHANGGUI_MODELS_DIR") or Path.home() / ".cache" / "zhanggui" / "models")
FRAMES = 750
SENTENCE = "大家好，欢迎来到直播间，今天给您介绍这款可以拆洗的单人沙发，现在下单只要一千二百九十九元。"
_MEMORY = """
import gc
from pathlib import Path
def resident():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
import cv2, avatar.scene.scene, avatar.face.host
cv2.setNumThreads(1)
from avatar.scene.lettering import font
font(50).getbbox("好")
before = resident()
stage = avatar.scene.scene.create_stage("xiaoqi", width={width}, height={height})
for k in range(50):
    stage.frame(k * 1920, ())
print(resident() - before)
"""


def rows() -> Iterator[Row]:
    """Yield every measurement as it is made."""
    cv2.setNumThreads(1)
    yield from _costs()
    with FaceFinder(open_models(MODELS).folder(LANDMARKER) / "face_landmarker.task") as finder:
        for folder in host_folders():
            measured = measure_mouth(folder.name, finder, seconds=24, seed=11)
            n = f"{measured.bilabials} bilabials in 24 s"
            yield f"{folder.name}: mouth opening against intended", "≥ 0.85", f"{measured.correlation:.2f}"
            yield f"{folder.name}: bilabials with lips closed", "≥ 0.95", f"{measured.bilabials_closed:.2f} ({n})"
            yield f"{folder.name}: mouth width against intended rounding", "—", f"{measured.rounding:.2f}"
        lag, peak = _sound_against_mouth(finder)
        yield "sound against mouth, cross-correlation peak", "within ±1 frame", f"{lag:+d} frames (r = {peak:.2f})"
    for width, height in ((720, 1280), (1080, 1920)):
        size = _memory(width, height) / 2**20
        yield f"memory of one host, {width}×{height}", "≤ 250 MB", f"{size:.0f} MB"


def _costs() -> Iterator[Row]:
    cue = Cue(0, babble(FRAMES / FRAME_RATE, 3))
    for width, height, target in ((720, 1280, "≤ 4 / ≤ 8 ms"), (1080, 1920, "≤ 9 ms"), (1280, 720, "—")):
        stage = create_stage("xiaoqi", width=width, height=height, burn_captions=True, burn_card=True)
        for plates in (False, True):
            if plates:
                stage.show_caption("三十度以下机洗就可以")
                stage.show_card(ProductCard("云朵单人沙发", "1,299", "1,699", note="余 36 件", ends_in_s=9999))
            spent = []
            for k in range(FRAMES):
                began = time.process_time()
                stage.frame(k * SAMPLE_RATE // FRAME_RATE, (cue,))
                spent.append(time.process_time() - began)
            median, tail = (float(np.percentile(spent[25:], q)) * 1000 for q in (50, 99))
            what = f"render + compose, {width}×{height}{', caption and card' if plates else ''}"
            yield f"{what}: median / p99", target, f"{median:.1f} / {tail:.1f} ms CPU (n = {FRAMES - 25})"


def _sound_against_mouth(finder: FaceFinder) -> tuple[int, float]:
    """Correlate how loud open vowels are in real speech with the opening that MediaPipe sees in the frames.

    A frame is held against the sound that is heard while it is shown. Loudness is taken between 500 and 1,500 Hz, in
    decibels: there an open mouth is loud, and a closed vowel or an s is not.
    """
    pcm, visemes = asyncio.run(_say())
    stage = create_stage("xiaoqi")
    cue = (Cue(0, tuple(visemes)),)
    step = SAMPLE_RATE // FRAME_RATE
    count = len(pcm) // step
    spectra = np.abs(np.fft.rfft(pcm[: count * step].reshape(count, step) * np.hanning(step))) ** 2
    vowels = slice(*np.searchsorted(np.fft.rfftfreq(step, 1 / SAMPLE_RATE), (500, 1500)))
    loud = 10 * np.log10(spectra[:, vowels].sum(1) + 1e6)
    seen = np.array([finder.find(to_bgr(stage.frame(k * step, cue)))[0].mouth_opening for k in range(count)])
    shifts = range(-8, 9)
    scores = [float(np.corrcoef(seen[8 + s : count - 8 + s], loud[8 : count - 8])[0, 1]) for s in shifts]
    best = int(np.argmax(scores))
    return shifts[best], scores[best]


async def _say() -> tuple[np.ndarray, list[VisemeSpan]]:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as folder:
        voice = create_voice(models_dir=MODELS, cache_dir=Path(folder), cache_bytes=0)
        try:
            parts, visemes = [], []
            async with aclosing(voice.speak(SENTENCE)) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    parts.append(chunk.pcm)
                    visemes += chunk.visemes
        finally:
            await voice.aclose()
    return np.concatenate(parts), visemes


def _memory(width: int, height: int) -> int:
    code = _MEMORY.format(width=width, height=height)
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    print_table(rows())

"""What the tests of outputs put in, and how they read what came out."""

import asyncio
import time
from collections.abc import Callable, Container
from pathlib import Path

import av
import numpy as np

from stream.output.muxing import MuxingOutput
from stream.program.clock import FRAME_SAMPLES, TICK_SAMPLES
from stream.program.encoder import AacEncoder, Rendition, VideoEncoder, VideoUnit, picture
from tests.stream.fakes import BarsStage

SMALL = Rendition("small", 180, 320, 300_000)


def feed(
    output: MuxingOutput,
    frames: int,
    *,
    start: int = 0,
    key: bool = True,
    asked: Container[int] = (),
    patient: bool = True,
) -> list[VideoUnit]:
    """Encode moving bars and a tone, and hand both to an output; `asked` are pictures that viewers want as keys.

    As fast as the output takes them, so that none is dropped, however slow the disk: unless it is not `patient`.
    """
    encoder, aac, stage = VideoEncoder(SMALL), AacEncoder(), BarsStage(180, 320)
    tone = (np.sin(np.arange(TICK_SAMPLES) / 10) * 8000).astype(np.int16)
    units = []
    for number in range(frames):
        sample = start + number * FRAME_SAMPLES
        end = time.monotonic() + 60
        while patient and output.waiting > 100:
            assert time.monotonic() < end, "the output takes nothing"
            time.sleep(0.002)
        unit = encoder.encode(picture(stage.frame(sample, ())), sample, key=(key and number == 0) or number in asked)
        units.append(unit)
        output.video(unit)
        for half in (0, 1):
            for packet in aac.encode(tone, sample + half * TICK_SAMPLES):
                output.audio(packet)
    return units


async def fed_until(output: MuxingOutput, check: Callable[[], bool], *, start: int = 0) -> None:
    """Feed groups of ten pictures, each beginning with a key frame, until `check` holds; fails after a minute."""
    async with asyncio.timeout(60):
        while not check():
            feed(output, 10, start=start)
            start += 10 * FRAME_SAMPLES
            await asyncio.sleep(0.05)


def times(path: Path, kind: str) -> list[float]:
    with av.open(str(path)) as found:
        stream = found.streams.video[0] if kind == "video" else found.streams.audio[0]
        return [float(p.pts * p.time_base) for p in found.demux(stream) if p.pts is not None and p.size]


def files(folder: Path, pattern: str = "*.mp4") -> list[Path]:
    return sorted(folder.glob(pattern))


def decoded(path: Path) -> int:
    with av.open(str(path)) as found:
        return sum(1 for _ in found.decode(video=0))

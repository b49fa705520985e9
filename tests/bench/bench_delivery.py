"""How evenly and how surely a host speaks: loudness of every line, feelings, fallback, sound in a running room.

`python -m tests.bench.bench_delivery`
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar import SAMPLE_RATE, Emotion, Voice, VoiceFigures, create_stage, create_voice
from avatar.voice.loudness import loudness
from stream.room.room import Room
from tests.avatar.sound import fundamental
from tests.bench.bench_speech import LONG, MODELS, SHORT
from tests.bench.table import Row, print_table
from tests.stream.fakes import FakeLine, ListDirector
from tests.stream.speech_server import speech_server

SENTENCES = Path(__file__).with_name("selling_sentences.txt").read_text(encoding="utf-8").split("\n")[:50]
ROOM_S = 40.0
FEELING = "这款杯子今天只要九十九元，喜欢的朋友可以拍了。"


def rows() -> Iterator[Row]:
    """All of them, with the default voice."""
    with tempfile.TemporaryDirectory() as folder:
        voice = create_voice("kokoro", models_dir=MODELS, cache_dir=Path(folder), cache_bytes=0)
        yield from asyncio.run(_levels(voice))
        yield from asyncio.run(_feelings(voice))
        for mode, name in (
            ("dead", "nobody listens"),
            ("slow", "answers after 20 s"),
            ("web page", "sends a web page"),
        ):
            yield from asyncio.run(_fallback(Path(folder), mode, name))
        yield from asyncio.run(_room(voice))


async def _levels(voice: Voice) -> list[Row]:
    levels, peaks, seconds = [], [], []
    for text in (*SENTENCES, *SHORT):
        pcm = await _sound(voice, text)
        levels.append(loudness(pcm, SAMPLE_RATE))
        peaks.append(true_peak(pcm))
        seconds.append(len(pcm) / SAMPLE_RATE)
    off = np.abs(np.array(levels) + 16)
    return [
        (
            "loudness of every line, short ones included, streamed",
            "−16 LUFS ± 1, all",
            f"median {np.median(levels):.1f}, furthest off {off.max():.2f} LU, {np.mean(off <= 1):.0%} within "
            f"(n = {len(off)}, {min(seconds):.1f} to {max(seconds):.1f} s)",
        ),
        ("true peak of the same lines", "≤ −0.5 dBTP", f"{max(peaks):.2f} dBTP"),
    ]


async def _feelings(voice: Voice) -> list[Row]:
    calm = await _sound(voice, FEELING)
    told = []
    for emotion in Emotion:
        pcm = await _sound(voice, FEELING, emotion)
        longer, higher = len(pcm) / len(calm), fundamental(pcm) / fundamental(calm)
        told.append(f"{emotion.value} {longer:.2f} × as long, {higher:.2f} × as high")
    return [("feelings against neutral, measured on the sound", "differ", "; ".join(told[1:]))]


async def _fallback(folder: Path, mode: str, name: str) -> list[Row]:
    figures = VoiceFigures()
    async with speech_server(mode) as url:
        voice = await asyncio.to_thread(
            create_voice,
            "openai:alloy",
            models_dir=MODELS,
            cache_dir=folder / mode,
            cache_bytes=0,
            allow_cloud=True,
            base_url=url,
            figures=figures,
        )
        began = time.perf_counter()
        async with aclosing(voice.speak(LONG[0])) as speaking:  # type: ignore[type-var]
            await anext(aiter(speaking))
            first_s = time.perf_counter() - began
        await voice.aclose()
    reason = ", ".join(reason for _, reason in figures.fallbacks)
    return [(f"a speech server that {name} → local sound, first line", "≤ 1 s", f"{first_s:.2f} s ({reason})")]


async def _room(voice: Voice) -> list[Row]:
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as hosts:
        room = Room(
            "bench",
            voice=voice,
            make_stage=lambda: create_stage("xiaoqi", hosts_dir=Path(hosts)),
            director=ListDirector([FakeLine(text) for text in LONG], loop=True),
        )
        late: list[float] = []
        await room.start()
        await asyncio.sleep(5)
        before, cpu, began = room.program.underruns, time.process_time(), time.monotonic()
        while time.monotonic() - began < ROOM_S:
            await asyncio.sleep(0.02)
            late.append(room.tick_late_s * 1000)
        cores = (time.process_time() - cpu) / (time.monotonic() - began)
        underruns = room.program.underruns - before
        await room.stop()
    await voice.aclose()
    return [
        (
            "uncached long sentences spoken without a break in a rendering room",
            "0 underruns",
            f"{underruns} underruns in {ROOM_S:.0f} s, ticks late p50 {np.percentile(late, 50):.1f} ms, "
            f"p99 {np.percentile(late, 99):.0f} ms, {cores:.2f} core",
        )
    ]


def true_peak(samples: NDArray[np.float32]) -> float:
    """Highest level between and at the samples in dBTP, by fourfold interpolation (BS.1770-4, annex 2)."""
    spectrum = np.fft.rfft(samples)
    fine = np.fft.irfft(np.concatenate([spectrum, np.zeros(3 * (len(samples) // 2))]), 4 * len(samples)) * 4
    return float(20 * np.log10(np.abs(fine).max()))


async def _sound(voice: Voice, text: str, emotion: Emotion = Emotion.NEUTRAL) -> NDArray[np.float32]:
    parts = [chunk.pcm async for chunk in voice.speak(text, emotion=emotion)]
    return np.concatenate(parts).astype(np.float32) / np.float32(32768)


if __name__ == "__main__":
    print_table(rows())

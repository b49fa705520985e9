"""How soon and how fast the embedded voice speaks: `python -m tests.bench.bench_speech`."""

from __future__ import annotations

import asyncio
import difflib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import numpy as np

from avatar.models.catalogue import open_models
from avatar.voice.align import align
from avatar.voice.kokoro.voice import KokoroVoice, create_kokoro
from avatar.voice.phoneme import Phonemizer
from avatar.voice.speech import Emotion, Speech, Viseme, VisemeSpan, Voice
from avatar.voice.text.normalise import Normaliser
from avatar.voice.voice import create_voice
from tests.bench.table import Row, print_table

MODELS = Path(os.environ.get("ZHANGGUI_MODELS_DIR") or Path.home() / ".cache" / "zhanggui" / "models")
SHORT = (
    "好的。",
    "没问题。",
    "有库存。",
    "您好！",
    "欢迎您！",
    "谢谢支持。",
    "现在下单。",
    "马上发货。",
    "请放心。",
    "不客气。",
)
LONG = Path(__file__).with_name("selling_sentences.txt").read_text(encoding="utf-8").split("\n")[3:33:3]


def rows() -> Iterator[Row]:
    """Latency to the first sound, real-time factor, cancellation, alignment."""
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Row]:
    normaliser, phonemizer = Normaliser(), Phonemizer(cache_dir=folder)
    voice = create_kokoro(
        "zf_xiaobei",
        models=open_models(MODELS),
        normaliser=normaliser,
        phonemizer=phonemizer,
        clock=time.process_time,  # windows as on a machine that has nothing else to do
    )
    for text in ("预热一下，马上就好。", "再来一句。"):
        await _heard(voice, text)
    short = [await _heard(voice, text) for text in SHORT]
    long = [await _heard(voice, text) for text in LONG]
    cached = create_voice("kokoro", models_dir=MODELS, cache_dir=folder / "speech")
    for text in LONG:
        await _heard(cached, text)
    again = [await _heard(cached, text) for text in LONG]
    cancels = [await _cancelled(voice, text) for text in LONG]
    cpu = sum(line.cpu_s for line in long)
    seconds = sum(line.seconds for line in long)
    underruns = sum(line.gap_s > 0.02 for line in long)
    errors = [
        error for line, text in zip(long, LONG, strict=True) for error in _errors(line, text, normaliser, phonemizer)
    ]
    await cached.aclose()
    await voice.aclose()
    return [
        ("text → first sound, line spoken before", "≤ 20 ms", _first(again)),
        ("text → first sound, clause of ≤ 6 syllables", "≤ 400 ms", _first(short)),
        ("text → first sound, long sentence", "≤ 600 ms", _first(long)),
        ("voice, CPU seconds per second of sound", "≤ 0.6", f"{cpu / seconds:.2f} over {seconds:.0f} s"),
        ("long sentences in which sound ran out", "0", f"{underruns} of {len(long)}"),
        (
            "closing a line → worker free",
            "≤ 100 ms",
            f"{1000 * statistics.median(cancels):.0f} ms median, {1000 * max(cancels):.0f} ms worst, "
            f"n = {len(cancels)}",
        ),
        (
            "visemes aligned from the signal against the model's own durations",
            "median ≤ 80 ms",
            f"{statistics.median(errors):.0f} ms, 90th percentile {np.percentile(errors, 90):.0f} ms, "
            f"n = {len(errors)}",
        ),
    ]


class _Line:
    def __init__(self, first_wall_s: float, first_cpu_s: float, cpu_s: float, gap_s: float, chunks: list[Speech]):
        self.first_wall_s = first_wall_s
        self.first_cpu_s = first_cpu_s
        self.cpu_s = cpu_s
        self.gap_s = gap_s
        self.chunks = chunks
        self.seconds = sum(len(chunk.pcm) for chunk in chunks) / 48_000


async def _heard(voice: Voice, text: str) -> _Line:
    """Pull a line as fast as it comes; `gap_s` is the longest silence a player hears on an idle machine."""
    began, cpu = time.perf_counter(), time.process_time()
    first_wall = first_cpu = gap = given = 0.0
    chunks: list[Speech] = []
    async with aclosing(voice.speak(text, emotion=Emotion.NEUTRAL)) as speaking:  # type: ignore[type-var]
        async for chunk in speaking:
            spent = time.process_time() - cpu
            if not chunks:
                first_wall, first_cpu = time.perf_counter() - began, spent
            gap = max(gap, spent - first_cpu - given)
            given += len(chunk.pcm) / 48_000
            chunks.append(chunk)
    return _Line(first_wall, first_cpu, time.process_time() - cpu, gap, chunks)


async def _cancelled(voice: KokoroVoice, text: str) -> float:
    """Cancel while a window renders; seconds until the voice's worker is idle."""
    task = asyncio.ensure_future(_heard(voice, text))
    await asyncio.sleep(0.25)
    began = time.perf_counter()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await voice.idle()
    return time.perf_counter() - began


def _first(lines: list[_Line]) -> str:
    wall = statistics.median(line.first_wall_s for line in lines)
    cpu = statistics.median(line.first_cpu_s for line in lines)
    return (
        f"{1000 * cpu:.0f} ms of CPU time on one thread, median ({1000 * wall:.0f} ms on the clock), n = {len(lines)}"
    )


def _errors(line: _Line, text: str, normaliser: Normaliser, phonemizer: Phonemizer) -> list[float]:
    """Distances in ms between the starts of the mouth shapes that both tracks have."""
    known = _open(tuple(span for chunk in line.chunks for span in chunk.visemes))
    samples = np.concatenate([chunk.pcm for chunk in line.chunks]).astype(np.float32) / np.float32(32768)
    found = _open(align(phonemizer.phonemes(normaliser.spoken(text)), samples))
    matcher = difflib.SequenceMatcher(None, [s.viseme for s in known], [s.viseme for s in found], autojunk=False)
    return [
        abs(found[j + k].start - known[i + k].start) / 48
        for i, j, size in matcher.get_matching_blocks()
        for k in range(size)
    ]


def _open(spans: tuple[VisemeSpan, ...]) -> list[VisemeSpan]:
    return [span for span in spans if span.viseme is not Viseme.REST]


if __name__ == "__main__":
    print_table(rows())

"""Deterministic stand-ins for what the stream is handed: a voice of tones, moving bars, a list of lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import numpy as np

from avatar import I420, SAMPLE_RATE, Cue, Emotion, Speech, Viseme, VisemeSpan

CHUNK = SAMPLE_RATE // 5


@dataclass(frozen=True, slots=True)
class FakeLine:
    """The fields of a director's line."""

    text: str
    generation: int = 0
    kind: str = "script"
    emotion: str = "neutral"
    sku: str | None = None


class ToneVoice:
    """Speaks every character as 200 ms of tone, chunk by chunk."""

    name = "tone"

    def __init__(self, *, delay_s: float = 0.0, level: int = 9000) -> None:
        self.spoken: list[str] = []
        self.failing = 0
        self.hanging = False
        self.delay_s = delay_s
        self.level = level

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Speech]:
        self.spoken.append(text)
        if self.failing:
            self.failing -= 1
            raise RuntimeError("the voice broke")
        if self.hanging:
            await asyncio.Event().wait()
        for number, _ in enumerate(text):
            await asyncio.sleep(self.delay_s)
            start = number * CHUNK
            phase = np.arange(start, start + CHUNK) * (2 * np.pi * 440 / SAMPLE_RATE)
            pcm = (np.sin(phase) * self.level).astype(np.int16)
            span = VisemeSpan(Viseme.A, start, start + CHUNK, 0.5)
            yield Speech(pcm, (span,), start, number == len(text) - 1)

    async def aclose(self) -> None:
        return


class BarsStage:
    """A bar that moves with the sample and is bright while a mouth would be open."""

    def __init__(self, width: int = 720, height: int = 1280) -> None:
        self.width, self.height = width, height
        self._canvas = np.full((height * 3 // 2, width), 128, np.uint8)
        self._ramp = np.linspace(40, 120, width, dtype=np.uint8)[None, :].repeat(height, 0)
        self.samples: list[int] = []

    def frame(self, sample: int, cues: tuple[Cue, ...], *, listening: bool = False) -> I420:
        self.samples.append(sample)
        self._canvas[: self.height] = self._ramp
        at = sample // 480 % (self.height - 40)
        self._canvas[at : at + 40] = 230 if mouth_open(sample, cues) else 180
        return self._canvas


def mouth_open(sample: int, cues: Iterable[Cue]) -> bool:
    """Whether a vowel is being spoken at `sample`."""
    return any(
        cue.start + span.start <= sample < cue.start + span.end and span.viseme is Viseme.A
        for cue in cues
        for span in cue.visemes
    )


class ListDirector:
    """Gives the lines it was handed, answers first, and counts generations."""

    def __init__(self, lines: Iterable[FakeLine] = (), *, loop: bool = False) -> None:
        self.script = list(lines)
        self.answers: asyncio.Queue[FakeLine] = asyncio.Queue()
        self.generation = 0
        self._loop = loop

    def interrupt(self) -> int:
        self.generation += 1
        return self.generation

    async def lines(self) -> AsyncIterator[FakeLine]:
        at = 0
        while True:
            if not self.answers.empty():
                yield self.answers.get_nowait()
            elif at < len(self.script) or (self._loop and self.script):
                line = self.script[at % len(self.script)]
                at += 1
                yield FakeLine(line.text, self.generation, line.kind, line.emotion, line.sku)
            else:
                yield await self.answers.get()

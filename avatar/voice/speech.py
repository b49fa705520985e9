"""Speech and its mouth shapes: what a voice gives and what a face needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
"""Hz; the rate of every PCM buffer in the product (that of Opus and of the program clock)."""


class Viseme(StrEnum):
    """Mouth shapes, the 15 of the Oculus/MPEG-4 tradition reduced to those a Mandarin face needs."""

    REST = "rest"
    """Silence; lips closed and relaxed."""
    BMP = "bmp"
    """b p m: lips pressed together."""
    F = "f"
    """Lower lip under the upper teeth."""
    D = "d"
    """d t n l: tongue tip behind the teeth."""
    G = "g"
    """g k h: back of the tongue, jaw a little open."""
    J = "j"
    """j q x, front consonants with spread lips."""
    ZH = "zh"
    """zh ch sh r: teeth together, lips a little rounded."""
    Z = "z"
    """z c s: teeth together, lips spread."""
    A = "a"
    O = "o"  # noqa: E741
    E = "e"
    I = "i"  # noqa: E741
    U = "u"
    V = "v"
    """ü: rounded and narrow."""
    ER = "er"


class Emotion(StrEnum):
    """How a sentence is meant; voice and face follow it."""

    NEUTRAL = "neutral"
    JOY = "joy"
    EXCITEMENT = "excitement"
    EMPATHY = "empathy"
    APOLOGY = "apology"
    SURPRISE = "surprise"


@dataclass(frozen=True, slots=True)
class VisemeSpan:
    """One mouth shape over a stretch of the sentence's own audio, in samples at 48 kHz from the sentence's start."""

    viseme: Viseme
    start: int
    end: int
    stress: float = 0.0
    """0..1: how strongly the syllable is spoken; drives jaw amplitude and small head moves."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A chunk of one spoken sentence. Chunks of a sentence follow each other without a gap."""

    pcm: NDArray[np.int16]
    """Mono, 48 kHz, shape (n,)."""
    visemes: tuple[VisemeSpan, ...]
    """Spans that begin inside this chunk; positions count from the sentence's first sample."""
    start: int
    """Position of `pcm[0]` in the sentence, in samples."""
    last: bool
    """True on the sentence's final chunk."""

    def moved(self, by: int, *, last: bool) -> Speech:
        """Return the chunk as part of a longer line: `by` samples later, `last` as told."""
        spans = tuple(VisemeSpan(s.viseme, s.start + by, s.end + by, s.stress) for s in self.visemes)
        return Speech(self.pcm, spans, self.start + by, last)


class Voice(Protocol):
    """Anything that can speak a sentence."""

    name: str

    def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Speech]:
        """Yield the sentence's sound as it becomes ready. Closing the iterator stops the work.

        Raises `avatar.AvatarError` when nothing can be spoken.
        """
        ...

    async def aclose(self) -> None:
        """Free what the voice holds; may be called twice."""
        ...

"""A line's sound on its way through a room's program: what was voiced of it, what was heard, where its mouth moves."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar import SAMPLE_RATE, Emotion, VisemeSpan

Pcm = NDArray[np.int16]

_FADE_SAMPLES = SAMPLE_RATE // 100


class SpokenLine(Protocol):
    """What the program needs to know of a line; `dialogue`'s `Line` is one."""

    @property
    def generation(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def kind(self) -> str: ...


@dataclass(slots=True)
class Segment:
    """A stretch of a line that is played without a gap; a late voice starts another one."""

    start: int
    spans: list[VisemeSpan]


@dataclass(slots=True, eq=False)
class Utterance:
    """A line's sound on its way through the program. Made by `Program.open`, fed by `Program.push`."""

    line: SpokenLine
    generation: int
    emotion: Emotion
    pause: int
    """Samples of silence before it."""
    chunks: deque[Pcm] = field(default_factory=deque)
    spans: list[VisemeSpan] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    pushed: int = 0
    played: int = 0
    complete: bool = False
    dropped: bool = False
    start: int | None = None
    """Program sample of its first sample, once played."""
    running: bool = False
    """Whether the previous tick ended inside it without a gap."""

    @property
    def waiting(self) -> int:
        """Samples pushed and not yet played."""
        return self.pushed - self.played

    def faded(self) -> Pcm | None:
        """The next 10 ms of its sound, faded out; None when nothing of it is being heard."""
        if not self.chunks or not self.running:
            return None
        tail = np.concatenate(list(self.chunks)[:2])[:_FADE_SAMPLES].astype(np.float32)
        faded: Pcm = (tail * np.linspace(1.0, 0.0, len(tail), dtype=np.float32)).astype(np.int16)
        return faded

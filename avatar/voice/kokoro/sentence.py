"""A line while it is being spoken: levelled, limited and handed out in chunks with its mouth shapes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from avatar.voice.kokoro.level import Leveller
from avatar.voice.kokoro.window import Floats
from avatar.voice.limiter import Limiter
from avatar.voice.loudness import pcm16
from avatar.voice.speech import Speech, VisemeSpan

_GLIDE = 2_400
"""Samples (50 ms) over which the gain moves from one window to the next."""


class Sentence:
    """Where a line stands: samples made and given out, mouth shapes still to come, how much is still to be heard."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.made = 0
        """Samples that went into the limiter, which holds some back."""
        self.leveller = Leveller()
        self._given = 0
        self._gain: float | None = None
        self._limiter = Limiter()
        self._visemes: deque[VisemeSpan] = deque()
        self._began: float | None = None

    @property
    def buffered_s(self) -> float | None:
        """Seconds of sound given out and not yet played if playing began at once; None before the first chunk."""
        if self._began is None:
            return None
        return max(0.0, self._given / 48_000 - (self._clock() - self._began))

    def plan(self, visemes: tuple[VisemeSpan, ...]) -> None:
        """Announce the mouth shapes of the clause that begins now."""
        self._visemes += visemes

    def levelled(self, samples: Floats, gain: float) -> Floats:
        """Return `samples` with the gain, which glides there from the one before."""
        before, self._gain = self._gain or gain, gain
        glide = np.full(len(samples), gain, np.float32)
        glide[:_GLIDE] = np.linspace(before, gain, _GLIDE, dtype=np.float32)[: len(samples)]
        levelled: Floats = samples * glide
        return levelled

    def chunk(self, samples: Floats, *, last: bool) -> Speech:
        """Account for the next samples and return what is ready as a chunk, with the spans that begin inside it."""
        pcm = pcm16(self._limiter.push(samples, last=last))
        self.made += len(samples)
        start, self._given = self._given, self._given + len(pcm)
        if self._began is None:
            self._began = self._clock()
        inside = []
        while self._visemes and self._visemes[0].start < self._given:
            inside.append(self._visemes.popleft())
        return Speech(pcm, tuple(inside), start, last)

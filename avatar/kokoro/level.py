"""Bringing a line to the target loudness while it is still being rendered.

The model says beforehand how strong every frame will be; what a window then really measures corrects the expectation
for the windows after it, and what was already given out is made up for, gently. Loudness is counted in frames of
12.5 ms, of which 32 make a block of BS.1770 and 8 its hop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.kokoro.window import HOP, Floats
from avatar.loudness import TARGET_LUFS, gain_to_target, integrated, weighted

_TRUST = 12
"""Measured frames that weigh as much as the expectation."""
_STEP_DB = 0.7
"""A window may get so much more or less than its clause asks for, to make up for the line so far."""
_RATE = 24_000

Powers = NDArray[np.float64]


class Leveller:
    """Gives each rendered window of a line its gain. Serves one line, clause by clause, window by window."""

    def __init__(self, target: float = TARGET_LUFS) -> None:
        self._target = target
        self._past: Powers = np.zeros(0)
        """Mean squares of the frames given out, with their gain."""
        self._silence: Powers = np.zeros(0)
        """Of the pause after the clause at hand."""
        self._expected: Powers = np.zeros(0)
        """Mean squares expected of the clause's frames still to be rendered, before any gain."""
        self._own: tuple[float, float] = (0.0, 0.0)
        """Sums of what was expected and measured in this clause."""
        self._clause: Powers = np.zeros(0)
        """Mean squares measured in the clause at hand, before any gain."""

    def expect(self, powers: Floats | None, *, pause: int) -> None:
        """Begin a clause whose frames are expected to have these mean squares (K-weighted, before gain).

        `pause` frames of silence follow it. Without `powers` the clause is expected in one window.
        """
        self._past = np.concatenate([self._past, self._silence])
        self._silence = np.zeros(pause)
        self._expected = np.zeros(0) if powers is None else np.asarray(powers, np.float64)
        self._own, self._clause = (0.0, 0.0), np.zeros(0)

    def gain(self, samples: Floats) -> float:
        """Return the factor for the clause's next samples (24 kHz), and take them as given out with it."""
        count = max(1, round(len(samples) / HOP))
        squares = weighted(np.asarray(samples, np.float64), _RATE) ** 2
        now = np.array([part.mean() for part in np.array_split(squares, count) if len(part)])
        expected, self._expected = self._expected[:count], self._expected[count:]
        self._own = (self._own[0] + float(expected.sum()), self._own[1] + float(now.sum()))
        rest = np.concatenate([self._expected * self._bias(), self._silence])
        self._clause = np.concatenate([self._clause, now])
        alone = gain_to_target(integrated(np.concatenate([self._clause, rest])))
        gain = alone * self._make_up(np.concatenate([now, rest]) * alone**2)
        self._past = np.concatenate([self._past, now * gain**2])
        return gain

    def _bias(self) -> float:
        """How much stronger the frames come out than expected, between nothing known and what was measured."""
        expected, measured = self._own
        if expected <= 0 or measured <= 0:
            return 1.0
        trust = len(self._clause) / (len(self._clause) + _TRUST)
        return float((measured / expected) ** trust)

    def _make_up(self, coming: Powers) -> float:
        """Factor on what is coming that brings the line with its past to the target, as far as steps allow."""
        if not len(self._past):
            return 1.0
        low, high = -_STEP_DB, _STEP_DB
        for _ in range(10):
            middle = (low + high) / 2
            whole = integrated(np.concatenate([self._past, coming * 10 ** (middle / 10)]))
            low, high = (middle, high) if whole < self._target else (low, middle)
        return float(10 ** ((low + high) / 40))

"""Bringing a line to the target loudness while it is still being rendered.

The model says beforehand how strong every frame will be; what a window then really measures corrects the expectation
for the windows after it, and what was already given out is made up for, gently. Loudness is counted in frames of
12.5 ms, of which 32 make a block of BS.1770 and 8 its hop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from avatar.voice.kokoro.window import HOP, Floats
from avatar.voice.limiter import CEILING
from avatar.voice.loudness import TARGET_LUFS, integrated, weighted

_TRUST = 80
"""Measured frames that weigh as much as the expectation."""
_MAKE_UP_DB = 1.0
"""A window may get so much more or less than its clause asks for, to make up for the line so far."""
_EARLY_DB, _EARLY = 3.0, 32
"""The same while the line is not longer than so many frames: there is little left to make up for a syllable."""
_STEP_DB = 7.0
"""Nor does the gain move further than this from one window of a clause to the next."""
_GAINS_DB = (-12.0, 20.0)
_CREST = 4.0
"""Peak over root mean square of a frame, until one was measured."""
_RATE = 24_000
_PARTS = 5
"""A frame is looked at in parts of 2.5 ms: the limiter turns down a peak and 3 ms around it, not the frame."""

Powers = NDArray[np.float64]


class Leveller:
    """Gives each rendered window of a line its gain. Serves one line, clause by clause, window by window.

    What the limiter will take off the peaks at that gain is part of the sum.
    """

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
        self._clause: Powers = np.zeros((0, _PARTS))
        """Mean squares measured in the clause at hand, before any gain: (frames, parts)."""
        self._peaks: Powers = np.zeros((0, _PARTS))
        """The highest samples of each part and its neighbours."""
        self._gain_db: float | None = None
        """Of the clause's last window."""

    def expect(self, powers: Floats | None, *, pause: int) -> None:
        """Begin a clause whose frames are expected to have these mean squares (K-weighted, before gain).

        `pause` frames of silence follow it. Without `powers` the clause is expected in one window.
        """
        self._past = np.concatenate([self._past, self._silence])
        self._silence = np.zeros(pause)
        self._expected = np.zeros(0) if powers is None else np.asarray(powers, np.float64)
        self._own, self._gain_db = (0.0, 0.0), None
        self._clause = self._peaks = np.zeros((0, _PARTS))

    def gain(self, samples: Floats) -> float:
        """Return the factor for the clause's next samples (24 kHz), and take them as given out with it."""
        count = max(1, round(len(samples) / HOP))
        squares = weighted(np.asarray(samples, np.float64), _RATE) ** 2
        now = _parts(squares, count, np.mean)
        peaks = _around(_parts(np.abs(samples), count, np.max))
        expected, self._expected = self._expected[:count], self._expected[count:]
        self._own = (self._own[0] + float(expected.sum()), self._own[1] + float(now.mean(axis=1).sum()))
        self._clause, self._peaks = np.concatenate([self._clause, now]), np.concatenate([self._peaks, peaks])
        rest = np.concatenate([self._expected * self._bias(), self._silence])[:, None].repeat(_PARTS, axis=1)
        rest_peaks = np.sqrt(rest) * self._crest()
        clause, clause_peaks = np.concatenate([self._clause, rest]), np.concatenate([self._peaks, rest_peaks])
        found = self._solved(lambda db: _limited(clause, clause_peaks, db), *_GAINS_DB)
        if len(self._past):
            most = _EARLY_DB if len(self._past) <= _EARLY else _MAKE_UP_DB
            coming, coming_peaks = np.concatenate([now, rest]), np.concatenate([peaks, rest_peaks])
            found = self._solved(
                lambda db: np.concatenate([self._past, _limited(coming, coming_peaks, db)]),
                found - most,
                found + most,
            )
        if self._gain_db is not None:
            found = min(max(found, self._gain_db - _STEP_DB), self._gain_db + _STEP_DB)
        self._gain_db = found
        self._past = np.concatenate([self._past, _limited(now, peaks, found)])
        return float(10 ** (found / 20))

    def _bias(self) -> float:
        """How much stronger the frames come out than expected, between nothing known and what was measured."""
        expected, measured = self._own
        if expected <= 0 or measured <= 0:
            return 1.0
        trust = len(self._clause) / (len(self._clause) + _TRUST)
        return float((measured / expected) ** trust)

    def _crest(self) -> float:
        """Peak over root mean square in the strongest frames heard of this clause."""
        strong = self._clause >= 0.25 * self._clause.max()
        if self._clause.max() <= 0:
            return _CREST
        return float(np.median(self._peaks[strong] / np.sqrt(self._clause[strong])))

    def _solved(self, line: Callable[[float], Powers], low: float, high: float) -> float:
        """The gain in dB between two bounds at which the line is as loud as it should be; the nearer bound if none."""
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if integrated(line(middle)) < self._target else (low, middle)
        return (low + high) / 2


def _parts(samples: Powers, count: int, of: Callable[[Powers], float]) -> Powers:
    """Return what `of` tells of every part of `count` frames."""
    edges = np.linspace(0, len(samples), count * _PARTS + 1).astype(int)
    told = [of(samples[a:b]) if b > a else 0.0 for a, b in itertools.pairwise(edges)]
    return np.array(told, np.float64).reshape(count, _PARTS)


def _around(peaks: Powers) -> Powers:
    """Return the highest of every part and of those beside it."""
    flat = np.pad(peaks.ravel(), 1)
    highest: Powers = np.lib.stride_tricks.sliding_window_view(flat, 3).max(axis=1).reshape(peaks.shape)
    return highest


def _limited(powers: Powers, peaks: Powers, gain_db: float) -> Powers:
    """Mean squares of frames after a gain and the limiter behind it."""
    gain = 10 ** (gain_db / 20)
    limited: Powers = powers * (gain * np.minimum(1.0, CEILING / np.maximum(peaks * gain, 1e-6))) ** 2
    frames: Powers = limited.mean(axis=1)
    return frames

"""The arithmetic of rendering a sentence in windows: which frames, what phase, which statistics, how the seams join.

Pure functions and small state machines over arrays. A frame is 12.5 ms: 300 samples at 24 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HOP = 300
"""Samples a frame, at 24 kHz."""
CONTEXT = 4
"""Frames rendered and thrown away on each side of a window; the generator's reach with fixed statistics."""
FRAME_S = HOP / 24_000

_HARMONICS = np.arange(1, 10, dtype=np.float32)
_SILENT = -6.0
"""Predicted log energy under which a frame is silence (speech lies above 0, pauses near -9.5)."""
_SHORT, _SHORT_S = 72, 0.5
"""Frames of the longest single syllable, and seconds its rendering may take to be done in one window."""
_FADE = 120
"""Half a cross-fade, in samples: 5 ms on each side of a seam."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Statistics:
    """A voice's instance-norm statistics as a linear function of its sentence's silent and voiced shares.

    `coefficients` (3, 2, S): constant, silent, voiced → (mean in deviations of the prior, log ratio of deviations).
    `prior` (2, S): mean and variance over the calibration sentences. S channels of all norms one after another.
    """

    coefficients: Floats
    prior: Floats
    power: Floats
    """(2,): log of a frame's K-weighted mean square as a linear function of (1, its log energy)."""

    @classmethod
    def load(cls, path: Path) -> Statistics:
        """Read a table written by `tools/calibrate_voice.py`."""
        with np.load(path) as table:
            coefficients, prior, power = table["coefficients"], table["prior"], table["power"]
        return cls(coefficients.astype(np.float32), prior.astype(np.float32), power.astype(np.float32))

    def predict(self, f0: Floats, energy: Floats) -> Floats:
        """Return mean and variance (2, S) to be expected for the whole sentence."""
        shift = np.tensordot(shares(f0, energy), self.coefficients, 1)
        mean, variance = self.prior
        return np.stack([mean + shift[0] * np.sqrt(variance), variance * np.exp(2 * shift[1])]).astype(np.float32)

    def powers(self, energy: Floats) -> Floats:
        """Return the K-weighted mean square to be expected of every frame (full scale 1, before any gain)."""
        frames = energy.ravel()
        expected: Floats = np.exp(self.power[0] + self.power[1] * frames, dtype=np.float32)
        return np.where(frames < _SILENT, np.float32(0), expected)


def shares(f0: Floats, energy: Floats) -> Floats:
    """Return (1, share of silent frames, share of voiced frames)."""
    return np.array([1.0, (energy.ravel() < _SILENT).mean(), (f0.ravel() > 10).mean()], np.float32)


def phases(f0: Floats) -> Floats:
    """Return the harmonic source's phase before every frame, (T + 1, 9), in cycles / 300 as the graph counts it.

    The graph sums frac(h · f0 / 24000) over frames and scales by the hop, so only the fraction of that matters.
    """
    step = f0.reshape(-1, 1).astype(np.float32) * _HARMONICS / np.float32(24_000)
    step -= np.floor(step)
    run = HOP * np.concatenate([np.zeros((1, 9)), np.cumsum(step.astype(np.float64), axis=0)])
    fraction: Floats = ((run - np.floor(run)) / HOP).astype(np.float32)
    return fraction


def spoken_range(energy: Floats, *, lead: int = 6, tail: int = 10) -> tuple[int, int]:
    """Return the frames worth rendering: the model puts 0.4 s of silence before a sentence and 1 s after it."""
    loud = np.flatnonzero(energy.ravel() > _SILENT)
    if not len(loud):
        return 0, energy.size
    return max(0, int(loud[0]) - lead), min(energy.size, int(loud[-1]) + 1 + tail)


def silences(energy: Floats, *, shortest: int = 4) -> list[tuple[int, int]]:
    """Return the stretches (start, end) of at least `shortest` silent frames; at either end one frame is enough."""
    quiet = np.concatenate([[False], energy.ravel() < _SILENT, [False]])
    edges = np.flatnonzero(quiet[1:] != quiet[:-1]).reshape(-1, 2)
    kept = [(int(a), int(b)) for a, b in edges]
    return [(a, b) for a, b in kept if b - a >= shortest or a == 0 or b == energy.size]


class Pace:
    """Chooses window lengths so that sound never runs out on this machine.

    Learns what a frame costs to render from the windows rendered so far; one `Pace` serves a voice for its lifetime.
    """

    def __init__(self, *, first: int = 24, most: int = 120, share: float = 0.7, cost_s: float = 0.006):
        self._first = first
        self._most = most
        self._share = share
        self.cost_s = cost_s
        """Seconds to render one frame, context included: a moving average."""

    @property
    def load(self) -> float:
        """Seconds of rendering per second of sound, before context."""
        return self.cost_s / FRAME_S

    def observe(self, frames: int, seconds: float) -> None:
        """Learn that rendering `frames` frames, context included, took `seconds`."""
        self.cost_s += 0.3 * (seconds / max(1, frames) - self.cost_s)

    def window(self, left: int, buffered_s: float | None) -> int:
        """Return how many of the `left` frames to render next, with `buffered_s` of sound still to be played.

        None asks for a sentence's first window: small, but large enough that this machine can keep up after it; a
        syllable is rendered whole, as its loudness is not known before, nor can it be made up for after. What is left
        at the end is taken whole where that is in time, and halved where it is not.
        """
        if buffered_s is None:
            if left <= _SHORT and self.cost_s * (left + 2 * CONTEXT) <= _SHORT_S:
                return left
            frames = self._opening(left)
            return left if left <= frames * 1.35 else frames
        frames = int(self._share * buffered_s / self.cost_s) - 2 * CONTEXT
        frames = min(self._most, max(self._floor(), frames))
        if left <= frames or (left <= frames * 1.35 and self.cost_s * (left + 2 * CONTEXT) <= 0.95 * buffered_s):
            return left
        return frames if left > frames * 1.35 else (left + 1) // 2

    def _opening(self, left: int) -> int:
        if self.load >= 0.9:  # cannot keep up for ever: start later, but not by more than three seconds of sound
            return min(2 * self._most, max(self._most, int(left * (1 - 0.85 / self.load))))
        return self._floor()

    def _floor(self) -> int:
        """The shortest window that is not slower than its sound: context weighs the more the shorter it is."""
        if self.load >= 0.9:
            return self._most
        return max(self._first, min(self._most, int(1.2 * 2 * CONTEXT * self.load / (0.95 - self.load))))


class Seam:
    """Joins windows with a 10 ms cross-fade over frames that both rendered; a seam serves one sentence."""

    def __init__(self) -> None:
        self._held: Floats | None = None
        self._rise = np.linspace(0, 1, 2 * _FADE, endpoint=False, dtype=np.float32)

    def join(self, rendered: Floats, before: int, frames: int, *, last: bool) -> Floats:
        """Return what may be played of a window.

        `rendered` holds `before` frames of context, the window's `frames` and context again. 5 ms are held back for the
        cross-fade with the next window unless it is the `last`.
        """
        start = before * HOP - (0 if self._held is None else _FADE)
        end = (before + frames) * HOP + (0 if last else _FADE)
        sound = rendered[start:end].copy()
        if self._held is not None:
            sound[: 2 * _FADE] = sound[: 2 * _FADE] * self._rise + self._held * (1 - self._rise)
        if last:
            self._held = None
            return sound
        self._held = sound[-2 * _FADE :]
        return sound[: -2 * _FADE]

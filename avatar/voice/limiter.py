"""Keeping peaks under full scale without distortion: a look-ahead limiter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

CEILING = 0.891
"""Full scale that is never exceeded: -1 dBFS."""
_LOOK = 144
"""Samples (3 ms at 48 kHz) over which the gain falls before a peak and rises after it."""


class Limiter:
    """Turns the gain down smoothly around every peak above -1 dBFS; serves one stream, chunk by chunk.

    Output is aligned with input; `push` holds back the last 6 ms until it has seen what follows.
    """

    def __init__(self) -> None:
        self._seen = np.zeros(2 * _LOOK, np.float32)
        taps = np.hanning(2 * _LOOK + 3)[1:-1]
        self._smooth = (taps / taps.sum()).astype(np.float32)

    def push(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return the output that is certain after `samples` (mono float32, shape (n,))."""
        tail = np.zeros(2 * _LOOK if last else 0, np.float32)
        known = np.concatenate([self._seen, samples, tail])
        ready = len(known) - 4 * _LOOK
        if ready <= 0:
            self._seen = known
            return np.zeros(0, np.float32)
        out = known[2 * _LOOK : 2 * _LOOK + ready]
        peaks = np.abs(known)
        if float(peaks.max()) > CEILING:
            need = np.minimum(1, CEILING / np.maximum(peaks, 1e-6))
            lowest = np.lib.stride_tricks.sliding_window_view(need, 2 * _LOOK + 1).min(axis=1)
            out = out * np.convolve(lowest, self._smooth, mode="valid")
        self._seen = known[ready:]
        limited: Samples = np.clip(out, -CEILING, CEILING).astype(np.float32)
        return limited

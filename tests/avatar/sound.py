"""What can be measured on the sound of speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.voice.speech import SAMPLE_RATE


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """(frames, 40) decibels: 40 triangular bands over 25 ms windows, floor at -60 dB under the loudest."""
    size, hop = 600, 240
    windows = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(windows, 1024)) ** 2
    mels = np.linspace(0, 2595 * np.log10(1 + 12_000 / 700), 42)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bins = np.fft.rfftfreq(1024, 1 / 24_000)
    up = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    decibels: NDArray[np.float64] = 10 * np.log10(power @ np.maximum(0, np.minimum(up, down)).T + 1e-9)
    floored: NDArray[np.float64] = np.maximum(decibels, decibels.max() - 60)
    return floored


def fundamental(samples: NDArray[np.float32]) -> float:
    """Median fundamental frequency of 48 kHz speech in Hz, by autocorrelation of 40 ms windows."""
    slow = samples[::4]
    rate, size = SAMPLE_RATE // 4, 480
    found = []
    for at in range(0, len(slow) - size, size // 2):
        part = slow[at : at + size] - slow[at : at + size].mean()
        if np.sqrt(np.mean(part**2)) < 0.05:
            continue
        same = np.fft.irfft(np.abs(np.fft.rfft(part, 1024)) ** 2)[: rate // 70] / np.arange(size, size - rate // 70, -1)
        lag = int(np.argmax(same[rate // 450 :])) + rate // 450
        if same[lag] > 0.6 * same[0]:
            found.append(rate / lag)
    return float(np.median(found))

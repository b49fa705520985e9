"""How loud speech is, as ITU-R BS.1770-4 measures it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TARGET_LUFS = -16.0
"""What every voice is brought to; common for speech on phones."""

_BLOCK_S = 0.4
_HOP_S = 0.1
_BLOCK_FRAMES, _HOP_FRAMES = 32, 8
"""The same in frames of 12.5 ms."""


def gain_to_target(level: float) -> float:
    """Return the factor that brings speech of `level` LUFS to the target; at most +12 dB, so that noise stays noise."""
    return float(10 ** (min(12.0, TARGET_LUFS - level) / 20))


def pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Full-scale floats to 16 bits."""
    rounded: NDArray[np.int16] = np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    return rounded


def loudness(samples: NDArray[np.float32], rate: int) -> float:
    """Return the integrated loudness of mono full-scale floats in LUFS, gated; -inf for silence.

    Sounds shorter than 0.4 s are measured as one block.
    """
    squares = weighted(np.asarray(samples, np.float64), rate) ** 2
    return _gated(squares, int(_BLOCK_S * rate), int(_HOP_S * rate))


def integrated(powers: NDArray[np.float64]) -> float:
    """Return the same for sound known only by the K-weighted mean square of each frame of 12.5 ms."""
    return _gated(powers, _BLOCK_FRAMES, _HOP_FRAMES)


def _gated(squares: NDArray[np.float64], block: int, hop: int) -> float:
    if len(squares) < block:
        power = np.array([squares.mean()]) if len(squares) else np.zeros(1)
    else:
        run = np.concatenate([[0.0], np.cumsum(squares)])
        starts = np.arange(0, len(squares) - block + 1, hop)
        power = (run[starts + block] - run[starts]) / block
    power = power[power > 10 ** ((-70 + 0.691) / 10)]
    if not len(power):
        return float("-inf")
    gate = power.mean() / 10
    return float(-0.691 + 10 * np.log10(power[power > gate].mean()))


def weighted(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Return `samples` under the K-weighting: the two filters' response, applied in the frequency domain.

    Zero padded against wrapping.
    """
    size = 1 << max(12, (len(samples) + rate // 4).bit_length())
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    response = np.ones_like(z)
    for b, a in (_shelf(rate), _highpass(rate)):
        response *= (b[0] + b[1] * z + b[2] * z**2) / (1 + a[0] * z + a[1] * z**2)
    filtered: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(samples, size) * response, size)[: len(samples)]
    return filtered


def _shelf(rate: int) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Stage 1 of BS.1770 re-derived for any sample rate (analogue prototype: 1681.97 Hz, +4 dB, Q 0.7072)."""
    k = np.tan(np.pi * 1681.974450955533 / rate)
    high, q = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    band = high**0.4996667741545416
    norm = 1 + k / q + k * k
    b = ((high + band * k / q + k * k) / norm, 2 * (k * k - high) / norm, (high - band * k / q + k * k) / norm)
    return b, (2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm)


def _highpass(rate: int) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Stage 2 of BS.1770: high-pass at 38 Hz, Q 0.5003."""
    k = np.tan(np.pi * 38.13547087602444 / rate)
    q = 0.5003270373238773
    norm = 1 + k / q + k * k
    return (1.0, -2.0, 1.0), (2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm)

"""Randomness that is a function of time: the same seed and moment give the same value, and nothing ever repeats."""

from __future__ import annotations

from functools import lru_cache

_MASK = (1 << 64) - 1


@lru_cache(maxsize=1024)
def chance(seed: int, stream: int, index: int) -> float:
    """Return a number in [0, 1) for slot `index` of a named stream (SplitMix64, Steele et al. 2014)."""
    z = (
        seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03 + index * 0x8CB92BA72F3D8DD7 + 0x632BE59BD9B4E019
    ) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return float((z ^ (z >> 31)) >> 11) / float(1 << 53)


def drift(seed: int, stream: int, seconds: float, period: float) -> float:
    """Return smooth noise in about -1..1: a cubic B-spline through one random value every `period` seconds."""
    x = seconds / period
    i = int(x // 1.0)
    t = x - i
    a, b, c, d = (2.0 * chance(seed, stream, i + k) - 1.0 for k in (-1, 0, 1, 2))
    value = a * (1 - t) ** 3 + b * (3 * t**3 - 6 * t**2 + 4) + c * (-3 * t**3 + 3 * t**2 + 3 * t + 1) + d * t**3
    return 1.35 * value / 6.0


def ease(x: float) -> float:
    """Return the smoothstep of `x`, clamped to 0..1."""
    x = min(max(x, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)

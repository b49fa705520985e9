"""Numbers of an evaluation with their uncertainty: shares, ranks, means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_Z = 1.959964
"""Two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, 0..1, over `n` cases, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"


def share(name: str, outcomes: Iterable[bool]) -> Measure:
    """The share of true outcomes with the interval of Wilson (1927), which holds for few cases and for 0 and 1."""
    held = list(outcomes)
    n, hits = len(held), sum(held)
    if n == 0:
        return Measure(name, 0.0, 0.0, 1.0, 0)
    p = hits / n
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n)) / (1 + _Z**2 / n)
    return Measure(name, p, max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half)), n)


def mean(name: str, values: Iterable[float]) -> Measure:
    """The mean of values in 0..1 with its normal interval, cut to 0..1."""
    held = list(values)
    n = len(held)
    if n == 0:
        return Measure(name, 0.0, 0.0, 1.0, 0)
    average = sum(held) / n
    spread = math.sqrt(sum((value - average) ** 2 for value in held) / (n - 1)) if n > 1 else 0.5
    half = _Z * spread / math.sqrt(n)
    return Measure(name, average, max(0.0, average - half), min(1.0, average + half), n)


def recall_at(ranked: Sequence[bool], relevant: int, *, k: int) -> float:
    """Share of the relevant items among the first `k`."""
    return min(1.0, sum(ranked[:k]) / relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[bool], *, k: int = 10) -> float:
    """1 / rank of the first relevant item among the first `k`, else 0."""
    return next((1 / rank for rank, hit in enumerate(ranked[:k], 1) if hit), 0.0)


def ndcg(ranked: Sequence[bool], relevant: int, *, k: int = 10) -> float:
    """Normalised discounted cumulative gain with binary relevance (Järvelin & Kekäläinen, 2002)."""
    gain = sum(1 / math.log2(rank + 1) for rank, hit in enumerate(ranked[:k], 1) if hit)
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(relevant, k) + 1))
    return min(1.0, gain / best) if best else 0.0

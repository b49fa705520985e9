"""Durations counted into buckets: how long joins and answers took, in constant memory."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

BUCKETS_S = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Upper bounds of the buckets."""


class Latency:
    """A histogram of one kind of duration."""

    def __init__(self) -> None:
        self.count = 0
        self.total_s = 0.0
        self._buckets = [0] * (len(BUCKETS_S) + 1)

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self.count += 1
        self.total_s += seconds
        self._buckets[bisect_left(BUCKETS_S, seconds)] += 1

    def cumulative(self) -> list[int]:
        """Durations up to each bound, and all of them."""
        return list(accumulate(self._buckets))

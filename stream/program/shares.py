"""Fair pictures: what a room may spend on rendering and encoding while another room of the process suffers."""

from __future__ import annotations

import time
from collections.abc import Callable

_BURST_S = 0.5
"""Processor time a room may be ahead of its share."""
_STRAINED_S = 2.0
"""A room that suffered this lately is still thought to."""


class CpuShares:
    """Divides the processors among the rooms of a process.

    A room may take all there is while nobody suffers. When another room's clock or pictures come late, a room that has
    spent more than its share of the processors leaves pictures out until it is back within it; sound is never left out.
    """

    def __init__(self, cores: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._cores = cores
        self._monotonic = monotonic
        self._rooms: set[CpuShare] = set()

    def join(self) -> CpuShare:
        """The share of one room more."""
        share = CpuShare(self, self._monotonic())
        self._rooms.add(share)
        return share

    def leave(self, share: CpuShare) -> None:
        """A room is gone; its share goes to the others. May be called twice."""
        self._rooms.discard(share)

    def _rate(self) -> float:
        return self._cores / max(1, len(self._rooms))

    def _others_suffer(self, share: CpuShare, now: float) -> bool:
        return any(other is not share and now - other.strained_at < _STRAINED_S for other in self._rooms)


class CpuShare:
    """One room's account, in seconds of processor time."""

    def __init__(self, shares: CpuShares, now: float) -> None:
        self.strained_at = float("-inf")
        self._shares = shares
        self._level = _BURST_S
        self._at = now
        self._spent = 0.0

    def spent(self, total_s: float) -> None:
        """All the processor seconds the room's pictures have cost up to now."""
        self._level -= max(0.0, total_s - self._spent)
        self._spent = total_s

    def strained(self) -> None:
        """The room's clock or a picture came late."""
        self.strained_at = self._shares._monotonic()

    def allows(self) -> bool:
        """Whether the room may have its next picture made."""
        now = self._shares._monotonic()
        # Twice the burst is owed at most: a room that cost too much for long is not punished for long.
        self._level = min(_BURST_S, max(-2 * _BURST_S, self._level) + (now - self._at) * self._shares._rate())
        self._at = now
        return self._level >= 0 or not self._shares._others_suffer(self, now)

"""Which rendition a viewer gets: down at once when the network cannot carry the picture, up again with patience."""

from __future__ import annotations

from dataclasses import dataclass

LOSS_DOWN = 0.08
"""Smoothed share of lost packets at which the lower rendition is kinder than the higher one's gaps."""
LOSS_UP = 0.02
_SETTLE_S = 4.0
_HOLD_S = 10.0
_HOLD_MAX_S = 160.0
_PROBATION_S = 20.0


@dataclass(slots=True)
class RenditionChoice:
    """Decides for one viewer from its loss reports and bandwidth estimates; the clock is handed in."""

    joined_s: float
    low: bool = False
    _loss: float = 0.0
    _estimate: int | None = None
    _below_since_s: float | None = None
    _good_since_s: float | None = None
    _moved_s: float = float("-inf")
    _hold_s: float = _HOLD_S

    def report_loss(self, fraction: float, now_s: float, *, sent_bitrate: int) -> bool:
        """Take a receiver report. Returns whether the lower rendition is to be sent."""
        self._loss += 0.5 * (fraction - self._loss)
        return self._decide(now_s, sent_bitrate)

    def report_estimate(self, bitrate: int, now_s: float, *, sent_bitrate: int) -> bool:
        """Take a bandwidth estimate, bits per second. Returns whether the lower rendition is to be sent.

        `sent_bitrate` is what the viewer is being sent: an estimate never rises far above it, so that it says
        something only where it lies below.
        """
        self._estimate = bitrate
        return self._decide(now_s, sent_bitrate)

    def _decide(self, now_s: float, sent_bitrate: int) -> bool:
        # The first seconds' estimates grow from a guess, and a move needs time to show.
        settled = now_s - self.joined_s >= _SETTLE_S and now_s - self._moved_s >= _SETTLE_S
        narrow = self._estimate is not None and self._estimate < 0.6 * sent_bitrate
        if not narrow:
            self._below_since_s = None
        elif self._below_since_s is None:
            self._below_since_s = now_s
        if not self.low:
            too_narrow = self._below_since_s is not None and now_s - self._below_since_s >= 2.0
            if settled and (self._loss >= LOSS_DOWN or too_narrow):
                self._move(now_s, low=True)
            return self.low
        if self._loss > LOSS_UP or narrow:
            self._good_since_s = None
        elif self._good_since_s is None:
            self._good_since_s = now_s
        if settled and self._good_since_s is not None and now_s - self._good_since_s >= self._hold_s:
            self._move(now_s, low=False)
        return self.low

    def _move(self, now_s: float, *, low: bool) -> None:
        if low:
            relapse = now_s - self._moved_s < _PROBATION_S
            self._hold_s = min(self._hold_s * 2, _HOLD_MAX_S) if relapse else _HOLD_S
        self.low = low
        self._moved_s = now_s
        self._good_since_s = self._below_since_s = None
        self._loss = 0.0

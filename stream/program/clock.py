"""The one clock of a room: media time counted in samples at 48 kHz, laid on the machine's monotonic time."""

from __future__ import annotations

import time
from collections.abc import Callable

from avatar import FRAME_RATE, SAMPLE_RATE

TICK_SAMPLES = SAMPLE_RATE // 50
"""Samples of one tick: 20 ms, one Opus packet."""
FRAME_SAMPLES = SAMPLE_RATE // FRAME_RATE
"""Samples between two frames: 40 ms, two ticks."""
RTP_VIDEO_RATE = 90_000
"""Hz of the RTP clock of every video payload (RFC 6184 section 8.2.1)."""
_NTP_UNIX_OFFSET_S = 2_208_988_800
"""Seconds from 1900 (NTP, RFC 5905 section 6) to 1970."""


def video_timestamp(sample: int) -> int:
    """The 90 kHz timestamp, not yet wrapped, of a frame made at `sample`; exact for every frame and tick."""
    return sample * (RTP_VIDEO_RATE // 6000) // (SAMPLE_RATE // 6000)


class SampleClock:
    """Says when a sample is due, and what time it was made, without ever bending.

    The clock is anchored once; `due` of a later sample is exact arithmetic from the anchor, so that nothing accumulates
    over days. Only `skip_to`, after the whole process stood still, moves the anchor, for sound and picture alike.
    """

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._monotonic = monotonic
        self._anchor_s = monotonic()
        self._anchor_sample = 0
        self._wall_s = wall()
        self._wall_monotonic_s = self._anchor_s

    def due(self, sample: int) -> float:
        """Monotonic seconds at which `sample` is to be played."""
        return self._anchor_s + (sample - self._anchor_sample) / SAMPLE_RATE

    def wait_s(self, sample: int) -> float:
        """Seconds until `sample` is due; negative when it is late."""
        return self.due(sample) - self._monotonic()

    def skip_to(self, sample: int) -> None:
        """Let `sample` be due now: the samples between were never made (the process was stopped)."""
        self._anchor_s = self._monotonic()
        self._anchor_sample = sample

    def late_ticks(self, sample: int) -> int:
        """Whole ticks by which the tick starting at `sample` is late; 0 when on time."""
        return max(0, int(-self.wait_s(sample) * SAMPLE_RATE) // TICK_SAMPLES)

    def ntp(self, sample: int) -> int:
        """64-bit NTP time of `sample`: the pair of an RTP timestamp in a sender report (RFC 3550 section 6.4.1)."""
        seconds = self._wall_s + (self.due(sample) - self._wall_monotonic_s) + _NTP_UNIX_OFFSET_S
        whole = int(seconds)
        return (whole << 32) | int((seconds - whole) * (1 << 32))

"""The sample clock: exact over days, moved only on purpose."""

from stream.program.clock import TICK_SAMPLES, SampleClock, video_timestamp


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_due_does_not_drift_in_twenty_six_hours() -> None:
    time = Time()
    clock = SampleClock(monotonic=time, wall=lambda: 1.7e9)
    ticks = 26 * 3600 * 50
    assert abs(clock.due(ticks * TICK_SAMPLES) - (1000.0 + 26 * 3600)) < 1e-6


def test_late_ticks_are_counted_from_the_due_time() -> None:
    time = Time()
    clock = SampleClock(monotonic=time, wall=lambda: 0.0)
    time.now += 0.1
    assert clock.late_ticks(0) == 5
    assert clock.late_ticks(5 * TICK_SAMPLES) == 0


def test_skipping_lets_the_sample_be_due_now_and_keeps_the_wall_time_right() -> None:
    time = Time()
    clock = SampleClock(monotonic=time, wall=lambda: 0.0)
    time.now += 3.0
    clock.skip_to(3 * 48_000)
    assert clock.wait_s(3 * 48_000) == 0.0
    assert clock.ntp(3 * 48_000) >> 32 == 2_208_988_803


def test_video_timestamps_are_exact_for_every_tick() -> None:
    assert [video_timestamp(tick * TICK_SAMPLES) for tick in range(4)] == [0, 1800, 3600, 5400]
    assert video_timestamp(26 * 3600 * 48_000) == 26 * 3600 * 90_000

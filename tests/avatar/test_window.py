"""The arithmetic of rendering in windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.voice.kokoro.window import CONTEXT, FRAME_S, HOP, Pace, Seam, phases, silences, spoken_range


def energy(*parts: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(count, level, np.float32) for count, level in parts])


def test_silence_around_a_sentence_is_not_rendered() -> None:
    assert spoken_range(energy((40, -9.5), (100, 2.0), (80, -9.5))) == (34, 150)


def test_a_sentence_of_silence_is_rendered_whole() -> None:
    assert spoken_range(energy((40, -9.5))) == (0, 40)


def test_only_pauses_that_can_be_seen_count_inside_a_sentence() -> None:
    found = silences(energy((1, -9), (10, 2), (3, -9), (10, 2), (4, -9), (10, 2), (2, -9)))
    assert found == [(0, 1), (24, 28), (38, 40)]


def test_the_phase_at_a_frame_is_the_sum_of_the_frames_before_it() -> None:
    f0 = np.array([[100.0, 200.0, 0.0, 24_050.0]], np.float32)
    run = phases(f0)
    assert run.shape == (5, 9)
    assert run[0] == pytest.approx(np.zeros(9))
    assert run[2, 0] * HOP == pytest.approx((HOP * 300 / 24_000) % 1, abs=1e-4)
    assert run[4, 0] * HOP == pytest.approx((HOP * 350 / 24_000) % 1, abs=1e-3)


@given(left=st.integers(1, 2_000), buffered=st.none() | st.floats(0, 30), cost=st.floats(1e-4, 0.2))
def test_a_window_is_never_empty_and_never_more_than_is_left(left: int, buffered: float | None, cost: float) -> None:
    assert 1 <= Pace(cost_s=cost).window(left, buffered) <= left


@given(cost=st.floats(0.001, 0.0095), total=st.integers(60, 2_000))
def test_sound_never_runs_out_on_a_machine_that_keeps_up(cost: float, total: int) -> None:
    pace = Pace(cost_s=cost)
    left, clock, given_s, began = total, 0.0, 0.0, None
    while left:
        buffered = None if began is None else given_s - (clock - began)
        size = pace.window(left, buffered)
        clock += cost * (size + 2 * CONTEXT)
        assert began is None or clock - began <= given_s + 1e-6, "underrun"
        began = clock if began is None else began
        given_s += size * FRAME_S
        left -= size


def test_the_first_window_is_small_on_a_fast_machine_and_larger_on_a_slow_one() -> None:
    opening = [Pace(cost_s=load * FRAME_S).window(2_000, None) for load in (0.3, 0.8, 1.5)]
    assert opening[0] == 24
    assert opening == sorted(opening)
    assert opening[-1] <= 240


def test_a_pace_learns_what_frames_cost() -> None:
    pace = Pace(cost_s=0.005)
    for _ in range(30):
        pace.observe(100, 1.0)
    assert pace.load == pytest.approx(0.8, rel=0.01)


@given(st.lists(st.integers(8, 60), min_size=1, max_size=6))
def test_windows_of_one_signal_join_to_that_signal(sizes: list[int]) -> None:
    total = sum(sizes)
    signal = np.random.default_rng(3).normal(0, 0.2, total * HOP).astype(np.float32)
    seam, at, out = Seam(), 0, []
    for index, size in enumerate(sizes):
        left, right = max(0, at - CONTEXT), min(total, at + size + CONTEXT)
        out.append(seam.join(signal[left * HOP : right * HOP], at - left, size, last=index == len(sizes) - 1))
        at += size
    assert np.allclose(np.concatenate(out), signal, atol=1e-6)


def test_a_syllable_is_rendered_whole_where_that_is_soon() -> None:
    assert Pace(cost_s=0.003).window(65, None) == 65
    assert Pace(cost_s=0.009).window(65, None) < 65
    assert Pace(cost_s=0.003).window(100, None) < 100

"""Resampling, limiting and measuring sound."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.voice.limiter import CEILING, Limiter
from avatar.voice.loudness import gain_to_target, loudness
from avatar.voice.resample import Doubler


def tone(hertz: float, seconds: float, rate: int, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def chunked(stage: Doubler | Limiter, samples: np.ndarray, cuts: list[int]) -> np.ndarray:
    edges = [0, *sorted(min(cut, len(samples)) for cut in cuts), len(samples)]
    parts = [
        stage.push(samples[a:b], last=index == len(edges) - 2) for index, (a, b) in enumerate(itertools.pairwise(edges))
    ]
    return np.concatenate(parts)


def test_doubling_interpolates_a_tone() -> None:
    doubled = Doubler().push(tone(3_000, 0.1, 24_000), last=True)
    expected = tone(3_000, 0.1, 48_000)
    assert np.abs(doubled - expected)[200:-200].max() < 1e-3


@given(st.lists(st.integers(0, 2_400), max_size=6))
def test_doubling_in_chunks_is_doubling_at_once(cuts: list[int]) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 2_400).astype(np.float32)
    assert np.allclose(chunked(Doubler(), samples, cuts), Doubler().push(samples, last=True), atol=1e-6)


@given(st.lists(st.integers(0, 9_600), max_size=6))
def test_limiting_in_chunks_is_limiting_at_once(cuts: list[int]) -> None:
    samples = np.random.default_rng(2).normal(0, 0.6, 9_600).astype(np.float32)
    assert np.allclose(chunked(Limiter(), samples, cuts), Limiter().push(samples, last=True), atol=1e-6)


def test_no_peak_exceeds_the_ceiling_and_none_is_cut_off() -> None:
    loud = tone(200, 0.5, 48_000, 1.6)
    limited = Limiter().push(loud, last=True)
    assert len(limited) == len(loud)
    assert np.abs(limited).max() <= CEILING + 1e-6
    assert np.corrcoef(loud[500:-500], limited[500:-500])[0, 1] > 0.999


def test_quiet_sound_passes_the_limiter_unchanged() -> None:
    quiet = tone(200, 0.2, 48_000, 0.5)
    assert np.array_equal(Limiter().push(quiet, last=True), quiet)


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_a_full_scale_tone_of_997_hz_measures_as_the_standard_says(rate: int) -> None:
    """EBU Tech 3341, case 1: a mono -20 dBFS sine of 1 kHz on one channel is -23.0 LUFS (±0.1)."""
    assert loudness(tone(997, 5, rate, 0.1), rate) == pytest.approx(-23.0, abs=0.1)


def test_a_pause_does_not_make_speech_quieter() -> None:
    speech = tone(500, 3, 48_000, 0.2)
    with_pause = np.concatenate([speech, np.zeros(5 * 48_000, np.float32), speech])
    assert loudness(with_pause, 48_000) == pytest.approx(loudness(speech, 48_000), abs=0.4)


def test_silence_has_no_loudness_and_is_hardly_amplified() -> None:
    assert loudness(np.zeros(48_000, np.float32), 48_000) == float("-inf")
    assert gain_to_target(float("-inf")) <= 4.0


def test_the_gain_brings_a_tone_to_the_target() -> None:
    samples = tone(997, 2, 48_000, 0.1)
    gained = samples * np.float32(gain_to_target(loudness(samples, 48_000)))
    assert loudness(gained, 48_000) == pytest.approx(-16, abs=0.05)

"""Bringing a line to the target while it is rendered, with noise in place of a voice."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.voice.kokoro.level import Leveller
from avatar.voice.kokoro.window import HOP
from avatar.voice.limiter import Limiter
from avatar.voice.loudness import loudness, weighted

RATE = 24_000


def speech(seconds: float, level: float, seed: int = 0, crest: int = 1) -> NDArray[np.float32]:
    """Noise in syllables of 200 ms; with `crest` only every so many samples sound, so that its peaks are high."""
    count = int(seconds * RATE) // HOP * HOP
    noise = np.random.default_rng(seed).normal(0, level, count)
    noise[np.arange(count) % crest != 0] = 0
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 5 * np.arange(count) / RATE)
    return (noise * syllables).astype(np.float32)


def powers(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    return (weighted(sound.astype(np.float64), RATE) ** 2).reshape(-1, HOP).mean(1).astype(np.float32)


def levelled(
    leveller: Leveller, sound: NDArray[np.float32], *, off_db: float = 0.0, windows: tuple[int, ...] = (24, 40, 60)
) -> tuple[NDArray[np.float32], list[float]]:
    """The sound with the gain of each window, and those gains; what is expected of it is wrong by `off_db`."""
    leveller.expect(powers(sound) * np.float32(10 ** (off_db / 10)), pause=20)
    parts, gains, at = [], [], 0
    for size in (*windows, 10_000):
        part = sound[at : at + size * HOP]
        if len(part):
            gains.append(leveller.gain(part))
            parts.append(part * np.float32(gains[-1]))
        at += size * HOP
    return np.concatenate([*parts, np.zeros(20 * HOP, np.float32)]), gains


def heard(sound: NDArray[np.float32]) -> float:
    return loudness(Limiter().push(sound, last=True), RATE)


def test_a_line_that_comes_as_expected_gets_one_gain() -> None:
    sound, gains = levelled(Leveller(), speech(3, 0.05))
    assert heard(sound) == pytest.approx(-16, abs=0.2)
    assert max(gains) / min(gains) < 1.02


@pytest.mark.parametrize("off_db", [-6, -3, 3, 6])
@pytest.mark.parametrize("seconds", [0.7, 1.2, 4.0])
def test_a_wrong_expectation_is_made_up_for_within_the_line(seconds: float, off_db: float) -> None:
    sound, gains = levelled(Leveller(), speech(seconds, 0.05), off_db=off_db)
    assert heard(sound) == pytest.approx(-16, abs=1.0)
    steps = np.abs(np.diff(20 * np.log10(gains)))
    assert steps.max() <= 5.0


def test_what_the_limiter_takes_off_the_peaks_is_foreseen() -> None:
    sound, _ = levelled(Leveller(), speech(3, 0.3, crest=8))
    assert np.abs(sound).max() > 1.2
    assert heard(sound) == pytest.approx(-16, abs=1)


def test_a_clause_in_one_window_needs_no_expectation() -> None:
    leveller, sound = Leveller(), speech(2, 0.02)
    leveller.expect(None, pause=0)
    assert heard(sound * np.float32(leveller.gain(sound))) == pytest.approx(-16, abs=0.2)


def test_a_quiet_clause_is_raised_to_the_one_before() -> None:
    leveller = Leveller()
    loud, _ = levelled(leveller, speech(2, 0.1))
    quiet, _ = levelled(leveller, speech(2, 0.02, seed=1))
    assert heard(np.concatenate([loud, quiet])) == pytest.approx(-16, abs=0.5)
    assert heard(quiet) == pytest.approx(heard(loud), abs=1.5)


def test_silence_is_not_blown_up() -> None:
    leveller = Leveller()
    leveller.expect(np.zeros(40, np.float32), pause=10)
    assert leveller.gain(np.zeros(40 * HOP, np.float32)) <= 10.01

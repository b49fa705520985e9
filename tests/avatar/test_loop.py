"""Where a clip's end meets its beginning: pure numbers stand for pictures."""

import numpy as np
import pytest

from avatar.rigging.loop import FADES, plan_loop


def _sway(count: int, period: float) -> np.ndarray:
    """A person who sways: a circle, so that direction counts, in eight dimensions."""
    phase = 2 * np.pi * np.arange(count) / period
    return np.stack([10 * np.sin(phase), 10 * np.cos(phase), *np.zeros((6, count))], 1).astype(np.float32)


def _steps(features: np.ndarray, first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Distances from each picture of the round to the next, the last to the first."""
    shown = features[first] * (1 - share[:, None]) + features[second] * share[:, None]
    return np.linalg.norm(np.roll(shown, -1, axis=0) - shown, axis=1)


def test_a_person_who_comes_back_to_the_same_place_is_faded_there() -> None:
    features = _sway(700, 61.0)
    loop = plan_loop(features, np.zeros(700, np.float32))
    assert loop.kind == "fade"
    steps = _steps(features, loop.first, loop.second, loop.share)
    assert steps.max() <= 1.15 * np.median(steps)
    assert len(loop) >= 0.55 * 700


def test_a_few_seconds_are_played_to_and_fro_though_they_could_be_faded() -> None:
    """A faded round is always the same one; in one that goes to and fro the direction may change anywhere."""
    assert plan_loop(_sway(250, 61.0), np.zeros(250, np.float32)).kind == "fro"


def test_who_never_comes_back_is_played_to_and_fro_without_a_jolt() -> None:
    features = np.stack([np.arange(150.0), np.zeros(150)], 1).astype(np.float32)
    loop = plan_loop(features, np.zeros(150, np.float32))
    assert loop.kind == "fro"
    steps = _steps(features, loop.first, loop.second, loop.share)
    assert steps.max() <= 1.01
    # It slows down before it turns round.
    place = loop.first + loop.share
    change = np.abs(np.diff(np.diff(np.concatenate([place, place[:3]]))))
    assert change.max() < 0.2
    assert len(loop) > 250


def test_every_picture_of_a_round_is_one_of_the_clips() -> None:
    for count, period in ((110, 37.0), (300, 90.0), (1500, 400.0)):
        loop = plan_loop(_sway(count, period), np.zeros(count, np.float32))
        for numbers in (loop.first, loop.second):
            assert numbers.min() >= 0 and numbers.max() < count
        assert loop.share.min() >= 0 and loop.share.max() < 1


def test_lids_are_open_where_the_round_closes() -> None:
    features, shut = _sway(700, 50.0), np.zeros(700, np.float32)
    free = plan_loop(features, shut)
    fade = int((free.share > 0).sum())
    assert fade in FADES
    begin = int(free.second[free.share > 0][0])
    shut[begin : begin + 6] = 1.0
    careful = plan_loop(features, shut)
    used = np.concatenate([careful.first[careful.share > 0], careful.second[careful.share > 0]])
    assert not shut[used].any()


@pytest.mark.parametrize("count", [2, 3, 20])
def test_the_shortest_clips_have_a_round_too(count: int) -> None:
    loop = plan_loop(_sway(count, 9.0), np.zeros(count, np.float32))
    assert len(loop) >= 1 and loop.kind == "fro"

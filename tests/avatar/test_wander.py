"""The order of a round's pictures: in place of the same few seconds again and again, a walk that turns where it may."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.face.movement import Movement
from avatar.face.wander import leap, wander


def _movement(clip: np.ndarray, *, kind: str = "fro", shut: np.ndarray | None = None) -> Movement:
    """A round over a clip in which the person's head is so many pixels aside in each picture."""
    aside = np.concatenate([clip, clip[::-1][1:-1]]) if kind == "fro" else clip
    count = len(aside)
    places = np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1))
    places[:, 0, 2] = aside
    lids = np.zeros(count, np.float32) if shut is None else np.concatenate([shut, shut[::-1][1:-1]])
    return Movement(Path(), places, lids, np.zeros((count, 3), np.float32), (0, 0, 720, 1280), kind, True)


def _sway(count: int, period: float) -> np.ndarray:
    return 12 * np.sin(2 * np.pi * np.arange(count) / period) + 5 * np.sin(
        2 * np.pi * np.arange(count) / (2.3 * period)
    )


@given(st.integers(100, 400), st.floats(30, 120), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_every_step_is_the_next_picture_or_the_same_way_back(count: int, period: float, seed: int) -> None:
    movement = _movement(_sway(count, period))
    order, whole = wander(movement, seed=seed), len(movement)
    steps = np.stack([order, np.roll(order, -1)], 1)
    for before, after in steps:
        assert after == (before + 1) % whole or after == ((whole - before) % whole + 1) % whole
    where = movement.places[:, 0, 2]
    moved = np.abs(np.diff(where[order]))
    assert moved.max() <= np.abs(np.diff(where)).max() + 1e-3, "nobody jumps"


def test_ten_minutes_of_a_six_second_clip_never_show_the_same_half_minute_twice() -> None:
    order = wander(_movement(_sway(150, 61.0)))
    assert len(order) >= 15_000
    seen = [order[k : k + 750].tobytes() for k in range(0, 15_000 - 750)]
    assert len(set(seen)) == len(seen)


def test_the_direction_changes_only_at_rest_and_with_open_eyes() -> None:
    clip = _sway(220, 50.0)
    shut = np.zeros(220, np.float32)
    free = wander(_movement(clip))
    turned = [int(a) for a, b in pairwise(free) if b != a + 1 and b != 0]
    shut[[min(at, 438 - at) for at in turned[:1]]] = 1.0
    careful = wander(_movement(clip, shut=shut))
    movement = _movement(clip, shut=shut)
    where, count = movement.places[:, 0, 2], len(movement)
    speed = np.abs(np.diff(where, append=where[:1]))
    for before, after in pairwise(careful):
        if after not in (before + 1, (before + 1) % count):
            assert speed[before] < speed.mean()
            assert movement.shut[max(0, before - 6) : before + 7].max() == 0


@pytest.mark.parametrize(
    "movement",
    [
        _movement(_sway(600, 80.0), kind="fade"),
        _movement(np.arange(150.0)),
        _movement(_sway(150, 61.0), shut=np.ones(150, np.float32)),
    ],
    ids=["faded", "always on the move", "eyes closed"],
)
def test_a_round_without_a_place_to_turn_is_played_as_it_is(movement: Movement) -> None:
    assert np.array_equal(wander(movement), np.arange(len(movement)))


def test_the_order_is_the_same_every_time_and_another_for_another_seed() -> None:
    movement = _movement(_sway(150, 61.0))
    assert np.array_equal(wander(movement), wander(movement))
    assert not np.array_equal(wander(movement)[:3000], wander(movement, seed=2)[:3000])


def test_a_leap_is_seen_coming() -> None:
    order = np.array([0, 1, 2, 3, 8, 9, 10], np.int32)
    assert leap(order, 0, within=25) == 8
    assert leap(order, 3, within=25) == 8
    assert leap(order, 0, within=3) is None
    assert leap(order, 4, within=25) is None

"""The order in which a round's pictures are shown, so that nobody recognises a clip of a few seconds.

A round that is played to and fro holds every moment twice, once in each direction. Where the person is nearly at rest,
with open eyes, the one can follow the other: the round is left for its own mirror image, now here, now there. What is
shown repeats only after ten minutes and more. A round that is faded knows one direction and is played as it is.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from avatar.face.movement import Movement
from avatar.face.presenter import FRAME_RATE

_LEAST = 10 * 60 * FRAME_RATE
"""Pictures after which the order may repeat."""
_REST = 0.75
"""Part of the mean speed below which a person counts as at rest."""
_STILL = 0.3
"""Pixels a picture at which nobody sees a change of direction, whatever the mean speed."""
_MOST = 0.6
"""Pixels a picture at which it would be seen."""
_OPEN = 0.2
"""How far the lids may be closed where the direction changes."""
_AROUND = 6
"""Pictures before and after a change of direction in which the eyes must be open."""
_APART = 40
"""Least pictures between two changes: a person does not shuttle."""
_CHANCE = 0.4
"""How often a chance to turn round is taken."""

Order = NDArray[np.int32]
"""(m,): numbers of a round's pictures; the first follows the last."""


def wander(movement: Movement, *, seed: int = 1) -> Order:
    """Return the order in which to show a round's pictures; the same for the same movement and seed."""
    count = len(movement)
    rests = _rests(movement) if movement.kind == "fro" else np.zeros(count, bool)
    if not rests.any():
        return np.arange(count, dtype=np.int32)
    chance = np.random.default_rng(seed)
    order: list[int] = []
    at, since = 0, 0
    # It ends where the round does, so that its beginning follows by itself.
    while len(order) < _LEAST or at != 0:
        order.append(at)
        since += 1
        if rests[at] and since >= _APART and len(order) < _LEAST and chance.random() < _CHANCE:
            at, since = (count - at) % count, 0
        at = (at + 1) % count
    return np.array(order, np.int32)


def leap(order: Order, place: int, *, within: int) -> int | None:
    """The next picture that does not follow the one before it in the round, where it comes soon after `place`."""
    coming = order[place : place + within + 1]
    found = np.flatnonzero(np.diff(coming) != 1)
    return int(coming[found[0] + 1]) if found.size else None


def _rests(movement: Movement) -> NDArray[np.bool_]:
    """Return in which pictures of a to-and-fro round the person may turn round: it moves least there, eyes open."""
    count = len(movement)
    # Five points around the face, as they lie in every picture.
    points = np.array([[360, 200, 520, 360, 360], [500, 500, 500, 350, 700], [1, 1, 1, 1, 1]], np.float64)
    where = movement.places.astype(np.float64) @ points
    ahead = np.linalg.norm(np.roll(where, -1, axis=0) - where, axis=1).mean(1)
    speed = (ahead + np.roll(ahead, 1)) / 2
    least = np.min([np.roll(speed, shift) for shift in range(-3, 4)], axis=0)
    shut = np.max([np.roll(movement.shut, shift) for shift in range(-_AROUND, _AROUND + 1)], axis=0)
    slow = min(max(_STILL, _REST * float(speed.mean())), _MOST)
    calm = (speed <= least) & (speed <= slow) & (shut < _OPEN)
    # At its own ends the round turns anyway.
    calm[[0, count // 2]] = False
    return cast(NDArray[np.bool_], calm)

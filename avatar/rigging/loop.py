"""How a clip of finite length plays for ever: where its end meets its beginning, and by which pictures.

The best cut joins two moments in which the person looks, is held and moves alike (Schödl et al., "Video textures",
2000); the pictures around it fade into each other along their optical flow. Where no two moments are alike enough, the
clip is played to and fro, turning where it is nearly at rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

FADES = (8, 12, 18, 25)
"""Lengths of the fade that are tried, pictures."""
_LEAST_SHARE = 0.55
"""Least part of the clip that a cut may leave."""
_LEAST = 500
"""Least length of a loop that is faded, pictures: a shorter one is recognised, and cannot be wandered in."""
_REACH = 2
"""Pictures before and after a moment that must be alike too, so that movement goes on in its direction."""
_SLOW = 7
"""Pictures over which movement slows down before it turns round."""

Features = NDArray[np.float32]
"""(n, d): what each picture looks like; Euclidean distances count."""


@dataclass(frozen=True, slots=True)
class Loop:
    """The pictures of one round, each between two of the clip's."""

    kind: Literal["fade", "fro"]
    first: NDArray[np.int32]
    """(m,): a picture of the clip."""
    second: NDArray[np.int32]
    """(m,): the picture it is mixed with."""
    share: NDArray[np.float32]
    """(m,): how much of the second, 0..1."""

    def __len__(self) -> int:
        return len(self.first)


def plan_loop(features: Features, shut: NDArray[np.float32]) -> Loop:
    """Choose the loop for a clip of n >= 2 pictures; `shut` tells how far the lids are closed in each, 0..1."""
    ordinary = float(np.median(np.linalg.norm(np.diff(features, axis=0), axis=1)))
    far = _distances(features)
    for fade in FADES:
        found = _cut(far, shut, fade, ordinary)
        if found is None:
            break
        start, end = found
        pairs = [float(np.linalg.norm(features[end + j] - features[start + j])) for j in range(fade)]
        if max(pairs) / (fade + 1) <= 0.8 * ordinary:
            return _faded(start, end, fade)
    return _to_and_fro(features, shut)


def _distances(features: Features) -> NDArray[np.float32]:
    square = (features**2).sum(1)
    return cast(
        NDArray[np.float32],
        np.sqrt(np.maximum(square[:, None] + square[None] - 2 * features @ features.T, 0)).astype(np.float32),
    )


def _cut(far: NDArray[np.float32], shut: NDArray[np.float32], fade: int, ordinary: float) -> tuple[int, int] | None:
    """Return the pair (start, end) at which `end` may go on as `start`; `fade` pictures after both are there."""
    count = len(far)
    least = max(_LEAST, int(_LEAST_SHARE * count))
    if count < least + fade + 2 * _REACH:
        return None
    starts = np.arange(_REACH, count - least - fade - _REACH + 1)
    closed = np.convolve(shut, np.ones(fade), mode="full")[fade - 1 :][:count]
    best: tuple[float, int, int] | None = None
    for start in starts:
        ends = np.arange(start + least, count - fade - _REACH + 1)
        if not ends.size:
            continue
        cost = ordinary + sum(far[start + j, ends + j] for j in (-_REACH, 0, fade // 2, fade - 1))
        cost = cost * (1 + 0.5 * np.minimum(closed[start] + closed[ends], 2.0))
        # A longer round is worth a little: it repeats less often.
        cost = cost * (1 - 0.25 * (ends - start) / count)
        k = int(np.argmin(cost))
        if best is None or float(cost[k]) < best[0]:
            best = (float(cost[k]), int(start), int(ends[k]))
    return None if best is None else (best[1], best[2])


def _faded(start: int, end: int, fade: int) -> Loop:
    plain = np.arange(start + fade, end)
    tail = np.arange(fade)
    share = (tail + 1) / (fade + 1)
    first = np.concatenate([plain, end + tail])
    second = np.concatenate([plain, start + tail])
    smooth = share * share * (3 - 2 * share)
    return Loop(
        "fade",
        first.astype(np.int32),
        second.astype(np.int32),
        np.concatenate([np.zeros(len(plain)), smooth]).astype(np.float32),
    )


def _to_and_fro(features: Features, shut: NDArray[np.float32]) -> Loop:
    """Play to and fro between two calm moments with open eyes near the clip's ends, slowing down before each turn."""
    count = len(features)
    speed = np.linalg.norm(np.diff(features, axis=0, append=features[-1:]), axis=1)
    speed[-1] = speed[-2] if count > 1 else 0.0
    restless = speed + shut * float(speed.mean() + 1e-6) * 4
    edge = max(1, count // 6)
    first = int(np.argmin(restless[:edge]))
    last = count - edge + int(np.argmin(restless[count - edge :]))
    there = _eased(first, last)
    path = np.concatenate([there, there[::-1][1:-1]])
    whole = np.floor(path).astype(np.int32)
    share = (path - whole).astype(np.float32)
    return Loop("fro", whole, np.minimum(whole + 1, count - 1).astype(np.int32), share)


def _eased(first: int, last: int) -> NDArray[np.float64]:
    """Return the way from picture to picture, with a soft start and a soft stop."""
    span = float(last - first)
    slow = min(float(_SLOW), span / 2)
    # Constant speed 1, but accelerating over `slow` pictures of the clip at either end: that takes twice as long.
    total = span + 2 * slow
    t = np.arange(int(total) + 1, dtype=np.float64) * (total / int(total) if total >= 1 else 1.0)
    ramp = 2 * slow
    begin = t**2 / (2 * ramp) if ramp > 0 else t
    stop = span - (total - t) ** 2 / (2 * ramp) if ramp > 0 else t
    middle = t - slow
    way = np.where(t < ramp, begin, np.where(t > total - ramp, stop, middle))
    return cast(NDArray[np.float64], np.clip(first + way, first, last))

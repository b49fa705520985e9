"""A grid of pictures of one part of the face, ready in the encoder's colours, sampled at any articulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import cv2
import numpy as np

from avatar.face.colour import Pixels
from avatar.face.host import Image, Patches

_STEPS = 64
"""Steps of an articulation between 0 and 1."""


class PatchGrid:
    """Blends the pictures around an articulation; remembers the last one."""

    def __init__(self, patches: Patches, ready: Callable[[Image], Pixels]) -> None:
        """Take the patches and what makes a BGR patch ready: (height, width, 4), premultiplied."""
        self._rows, self._columns = patches.rows, patches.columns
        self._images = np.array([[ready(image) for image in row] for row in patches.images])
        self._last: tuple[float, float, Pixels] | None = None

    def sample(self, row: float, column: float) -> Pixels:
        """Return the patch at an articulation, in steps too small to see."""
        row, column = round(row * _STEPS) / _STEPS, round(column * _STEPS) / _STEPS
        if self._last is None or self._last[:2] != (row, column):
            self._last = (row, column, self._blend(row, column))
        return self._last[2]

    def _blend(self, row: float, column: float) -> Pixels:
        """Blend the four neighbours of an articulation."""
        i, s = _locate(self._rows, row)
        j, t = _locate(self._columns, column)
        upper = mix(self._images[i, j], self._images[i, min(j + 1, len(self._columns) - 1)], t)
        if s < 0.01:
            return upper
        k = min(i + 1, len(self._rows) - 1)
        lower = mix(self._images[k, j], self._images[k, min(j + 1, len(self._columns) - 1)], t)
        return mix(upper, lower, s)


def mix(a: Pixels, b: Pixels, share: float) -> Pixels:
    """Return `a` with a share of `b`; one of them itself where the other hardly counts."""
    if share < 0.01:
        return a
    if share > 0.99:
        return b
    return cast(Pixels, cv2.addWeighted(a, 1 - share, b, share, 0))


def _locate(at: tuple[float, ...], value: float) -> tuple[int, float]:
    value = min(max(value, at[0]), at[-1])
    for i in range(len(at) - 1):
        if value <= at[i + 1]:
            return i, (value - at[i]) / (at[i + 1] - at[i])
    return len(at) - 1, 0.0

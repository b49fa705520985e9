"""A head that truly turns: pictures of it rendered at a few turns and nods, drawn back onto the head at rest.

Each picture shares its outlines with the head at rest, as the displacement field takes them to where they belong. So
between two turns light and shade fade while the outlines move, and nothing is seen twice.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from avatar.face.colour import Pixels, premultiply
from avatar.face.host import Host, Turns
from avatar.face.layer import Area, Layer
from avatar.face.patch import join, split
from avatar.face.patch_grid import mix
from avatar.face.performance import Pose
from avatar.face.placing import Placing

_STEPS = 16
"""Steps between the head at rest and a rendered turn: each changes the shading by less than can be seen."""


class Turning:
    """The head's rendered turns at the frame's scale."""

    def __init__(self, host: Host, turns: Turns, placing: Placing, layer: Layer) -> None:
        rect = turns.rect
        self.area: Area = placing.area(rect)
        x0, y0, x1, y1 = self.area
        alpha = layer.alpha[y0:y1, x0:x1]
        small = layer.small[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2]
        self._rest: Pixels = np.concatenate([layer.luma[y0:y1, x0:x1], small.reshape(alpha.shape)])
        self._pictures = {
            key: join(premultiply(np.dstack([placing.part(image, rect), alpha])))
            for key, image in zip(turns.keys, turns.images, strict=True)
        }
        self._now = self._rest
        self._steps = (0, 0)

    def turn(self, layer: Layer, pose: Pose) -> bool:
        """Lay the head as it looks in `pose` into the layer, at rest in shape; tell whether it changed."""
        steps = (round(self._share(pose.turn, 0) * _STEPS), round(self._share(pose.nod, 1) * _STEPS))
        if steps == self._steps:
            return False
        self._steps = steps
        self._now = self._rest
        for axis in (0, 1):
            if steps[axis]:
                self._now = mix(self._now, self._pictures[self._key(steps[axis], axis)], abs(steps[axis]) / _STEPS)
        layer.lay(self.area, *split(self._now))
        return True

    def shade(self, luma: Pixels, small: Pixels, area: Area) -> tuple[Pixels, Pixels]:
        """Return a patch made for the head at rest with the light of the head as it is turned."""
        if self._now is self._rest:
            return luma, small
        x0, y0, x1, y1 = (value - self.area[k % 2] for k, value in enumerate(area))
        (rest, rest_small), (now, now_small) = split(self._rest), split(self._now)
        half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        return (
            _shift(luma, rest[y0:y1, x0:x1], now[y0:y1, x0:x1]),
            _shift(small, rest_small[half], now_small[half]),
        )

    def _share(self, degrees: float, axis: int) -> float:
        """How far the head is on its way to the rendered turn on that side, -1..1; 0 where there is none."""
        key = self._key(degrees, axis)
        return 0.0 if key not in self._pictures else float(np.clip(degrees / abs(key[axis]), -1, 1))

    def _key(self, side: float, axis: int) -> tuple[float, float]:
        for key in self._pictures:
            if key[axis] * side > 0:
                return key
        return (0.0, 0.0)


def _shift(patch: Pixels, rest: Pixels, now: Pixels) -> Pixels:
    lighter, darker = cv2.subtract(now, rest), cv2.subtract(rest, now)
    return cast(Pixels, cv2.subtract(cv2.add(patch, lighter), darker))

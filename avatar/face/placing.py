"""From the host's picture to the pixels of a layer: one scale, one shift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.colour import Pixels
from avatar.face.host import Rect
from avatar.face.layer import Area


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the host's picture lies in a layer: a point of the picture times `scale` plus `shift`."""

    scale: float
    shift: tuple[float, float]

    def area(self, rect: Rect) -> Area:
        """Return the even pixels of the layer that lie wholly inside a rectangle of the picture."""
        x0, y0 = (
            math.ceil((at * self.scale + move) / 2) * 2 for at, move in zip((rect.x, rect.y), self.shift, strict=True)
        )
        x1, y1 = (
            math.floor((at * self.scale + move) / 2) * 2
            for at, move in zip((rect.x + rect.width, rect.y + rect.height), self.shift, strict=True)
        )
        return x0, y0, x1, y1

    def whole(self, picture: Pixels, size: tuple[int, int]) -> Pixels:
        """Set the picture into a layer of `size`; what lies beyond its edges repeats them."""
        return self._resample(picture, (0.0, 0.0), size)

    def part(self, picture: Pixels, rect: Rect) -> Pixels:
        """Return a picture of `rect` at the pixels of `area(rect)`."""
        x0, y0, x1, y1 = self.area(rect)
        corner = (rect.x * self.scale - x0, rect.y * self.scale - y0)
        return self._resample(picture, corner, (x1 - x0, y1 - y0))

    def _resample(self, picture: Pixels, corner: tuple[float, float], size: tuple[int, int]) -> Pixels:
        scale, x, y = self.scale, corner[0] + self.shift[0], corner[1] + self.shift[1]
        matrix: NDArray[np.float64] = np.array([[scale, 0, x], [0, scale, y]])
        if scale == 1.0 and x == int(x) and y == int(y):
            method = cv2.INTER_NEAREST
        elif scale < 0.7:
            picture, method = cast(Pixels, cv2.GaussianBlur(picture, (0, 0), 0.35 / scale)), cv2.INTER_LINEAR
        else:
            method = cv2.INTER_CUBIC
        return cast(Pixels, cv2.warpAffine(picture, matrix, size, flags=method, borderMode=cv2.BORDER_REPLICATE))

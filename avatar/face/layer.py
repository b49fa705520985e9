"""The host's picture in the encoder's planes, laid out so that a bent frame costs few look-ups.

Neighbouring pixels of a smoothly bent picture move together. So a look-up fetches luma and alpha of two pixels side by
side, kept as the four channels of one, and the colours are kept at the half size in which they are encoded.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from avatar.face.colour import Pixels, premultiply

Area = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of the layer, even."""


class Layer:
    """Planes of one picture, premultiplied by its alpha."""

    def __init__(self, bgra: Pixels) -> None:
        """Take a picture with straight alpha and even sides."""
        planes = premultiply(bgra)
        height, width = planes.shape[:2]
        self.luma = np.ascontiguousarray(planes[..., 0])
        """(height, width)"""
        self.alpha = np.ascontiguousarray(planes[..., 3])
        """(height, width)"""
        self.small = halve(planes)
        """(height / 2, width / 2, 4): luma, Cb, Cr and alpha."""
        self.pairs = np.empty((height, width, 4), np.uint8)
        """(height, width, 4): at each pixel its luma and its right neighbour's, its alpha and its right neighbour's."""
        whole = (0, 0, width, height)
        self.gather(whole)
        _pair(self.alpha, self.pairs, 2, whole)

    def lay(self, area: Area, luma: Pixels, small: Pixels) -> None:
        """Write luma and colours into an area; `gather` makes them count."""
        x0, y0, x1, y1 = area
        self.luma[y0:y1, x0:x1] = luma
        self.small[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2] = small

    def gather(self, area: Area) -> None:
        """Renew the pairs that hold a pixel of an area."""
        _pair(self.luma, self.pairs, 0, area)


def halve(planes: Pixels) -> Pixels:
    """Return a picture of four channels at half size."""
    size = (planes.shape[1] // 2, planes.shape[0] // 2)
    return cast(Pixels, cv2.resize(planes, size, interpolation=cv2.INTER_AREA))


def _pair(plane: Pixels, pairs: Pixels, channel: int, area: Area) -> None:
    """Fill two channels of `pairs`; a pixel at the right edge is its own neighbour."""
    x0, y0, x1, y1 = max(0, area[0] - 1), area[1], area[2], area[3]
    last = min(x1, plane.shape[1] - 1)
    cv2.insertChannel(plane[y0:y1, x0:x1], pairs[y0:y1, x0:x1], channel)
    cv2.insertChannel(plane[y0:y1, x0 + 1 : last + 1], pairs[y0:y1, x0:last], channel + 1)
    if last < x1:
        pairs[y0:y1, last, channel + 1] = plane[y0:y1, last]

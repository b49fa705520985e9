"""A head in a moving picture, bent by a few pixels within its own box: nods, turns, tilts and brows of what is said."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.colour import Pixels
from avatar.face.host import Host
from avatar.face.performance import Pose
from avatar.face.warp import Field, bend

_CELL = 16
"""Pixels of Y' between the nodes that say how the head is bent."""
_BAND = 96
"""Rows bent at once, a multiple of the cell: small enough to stay in the processor's cache."""
_STILL = 0.3
"""Pixels of bending that nobody sees."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""


class Head:
    """Bends the box around a host's face; nothing beyond the box moves."""

    def __init__(self, host: Host, scale: float) -> None:
        """Take the host and the frame's pixels per pixel of its picture."""
        shape = host.geometry
        radius_x, radius_y = shape.radius[0] * scale, shape.radius[1] * scale
        self._centre = np.array([shape.face[0], shape.face[1], 1.0])
        half_x, half_y = math.ceil(1.12 * radius_x / _CELL) * _CELL, math.ceil(1.1 * radius_y / _CELL) * _CELL
        self._half = (half_x, half_y)
        # One cell more on every side, so that the enlargement is exact inside the box.
        xs = (np.arange(2 * half_x // _CELL + 2) - 0.5) * _CELL - half_x
        ys = (np.arange(2 * half_y // _CELL + 2) - 0.5) * _CELL - half_y
        x, y = np.meshgrid(xs, ys)
        window = _fall(np.abs(x) / half_x) * _fall(np.abs(y) / half_y)
        bulge = radius_x * np.sqrt(np.clip(1 - (x / radius_x / 1.2) ** 2 - (y / radius_y / 1.3) ** 2, 0, 1))
        none = np.zeros_like(x)
        eyes = (np.array(shape.eyes) - self._centre[:2]) * scale
        brow = np.zeros_like(x)
        for eye_x in eyes[:, 0]:
            reach = 1.5 * shape.opening[0] * scale
            brow_y = float(eyes[:, 1].mean()) - 2.6 * shape.opening[1] * scale
            brow += np.exp(-(((x - eye_x) / reach) ** 2) - ((y - brow_y) / (0.8 * reach)) ** 2)
        lift = 0.55 * shape.opening[1] * scale * np.clip(brow, 0, 1) * window
        tilt = (-window * (y - radius_y), window * x)
        moves = [(window * bulge, none), (none, window * bulge), tilt, (none, -lift)]
        self._fields = np.array([np.dstack([-dx, -dy]) for dx, dy in moves], np.float32)
        self._rest = [
            np.dstack(np.meshgrid((xs + half_x) / step - 0.5, (ys + half_y) / step - 0.5)).astype(np.float32)
            for step in (1, 2)
        ]
        wide = 2 * half_x + 2 * _CELL
        self._looks = [np.empty(((_BAND + 2 * _CELL) // step, wide // step, 2), np.float32) for step in (1, 2)]
        self._copies = [np.empty((2 * half_y // step, 2 * half_x // step), np.uint8) for step in (1, 2, 2)]

    def bend(self, pose: Pose, place: NDArray[np.float64], reach: Box, over: tuple[Pixels, ...]) -> None:
        """Bend what is drawn in the planes `over` around the face, within `reach`.

        `place` is the affine map, (2, 3), from the host's picture to the frame.
        """
        angles = [math.sin(math.radians(angle)) for angle in (pose.turn, pose.nod, pose.tilt)]
        weights = np.array([*angles, max(pose.brows, -0.5)], np.float32)
        moved = (weights @ self._fields.reshape(len(weights), -1)).reshape(self._fields.shape[1:])
        if float(np.abs(moved).max()) < _STILL:
            return
        x, y = place @ self._centre
        half_x, half_y = self._half
        left, top = even(x) - half_x, even(y) - half_y
        x0, y0, x1, y1 = within((left, top, left + 2 * half_x, top + 2 * half_y), reach)
        if x1 <= x0 or y1 <= y0:
            return
        nodes = [moved / np.float32(step) + rest for step, rest in zip((1, 2), self._rest, strict=True)]
        sources = []
        for k, plane in enumerate(over):
            step = 1 if k == 0 else 2
            area = plane[y0 // step : y1 // step, x0 // step : x1 // step]
            # What lies beyond the reach repeats its edge.
            source = self._copies[k]
            inner = source[: area.shape[0], : area.shape[1]]
            np.copyto(inner, area)
            sources.append(inner)
        for band in range(0, 2 * half_y, _BAND):
            low, high = max(band, y0 - top), min(band + _BAND, 2 * half_y, y1 - top)
            if low < high:
                self._bend_band(band, (low, high), (x0, y0, x1, y1), (left, top), nodes, sources, over)

    def _bend_band(
        self,
        band: int,
        rows: tuple[int, int],
        area: Box,
        corner: tuple[int, int],
        nodes: list[Field],
        sources: list[Pixels],
        over: tuple[Pixels, ...],
    ) -> None:
        """Bend the rows, counted from the box's corner, of the band that begins at row `band`, within `area`."""
        count = min(_BAND, 2 * self._half[1] - band)
        first = band // _CELL
        # The copies begin where the area does.
        begin = (area[0] - corner[0], area[1] - corner[1])
        for which, step in ((0, 1), (1, 2)):
            part = nodes[which][first : first + count // _CELL + 2]
            looks = self._looks[which][: (count + 2 * _CELL) // step]
            cv2.resize(part, (looks.shape[1], looks.shape[0]), dst=looks, interpolation=cv2.INTER_LINEAR)
            edge = _CELL // step
            look = looks[
                edge + (rows[0] - band) // step : edge + (rows[1] - band) // step,
                edge + begin[0] // step : edge + (area[2] - corner[0]) // step,
            ]
            if begin != (0, 0):
                look = look - np.array((begin[0] // step, begin[1] // step), np.float32)
            for k in (0,) if which == 0 else (1, 2):
                x, y = area[0] // step, (corner[1] + rows[0]) // step
                target = over[k][y : y + look.shape[0], x : x + look.shape[1]]
                bend(sources[k], look, out=target)


def even(value: float) -> int:
    """Return the nearest even number: planes of half size begin there too."""
    return round(value / 2) * 2


def within(box: Box, limit: Box) -> Box:
    """Return what of a box lies inside another; empty boxes have no width or height left."""
    return max(box[0], limit[0]), max(box[1], limit[1]), min(box[2], limit[2]), min(box[3], limit[3])


def _fall(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 in the middle, 0 at 1 and beyond, smooth."""
    t = np.clip((1 - t) / 0.55, 0, 1)
    return t * t * (3 - 2 * t)

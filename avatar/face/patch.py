"""The moving parts of the face at the frame's scale: patches of mouth and eyes, and the irises."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.face.colour import Pixels, premultiply
from avatar.face.host import Host, Patches, Rect
from avatar.face.layer import Area, Layer, halve
from avatar.face.patch_grid import PatchGrid
from avatar.face.placing import Placing
from avatar.face.warp import bend

_FEATHER = 12
"""Pixels over which a patch blends into the face around it."""


class Patch:
    """The pictures of one part of the face, feathered into the face around them.

    A picture is kept as two halves of one array, so that a blend is one step: its luma, and below it luma, Cb, Cr and
    alpha at half size.
    """

    def __init__(self, patches: Patches, host: Host, placing: Placing) -> None:
        rect = patches.rect
        self.area: Area = placing.area(rect)
        part = host.picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        around = part[..., :3].astype(np.float32)
        mask = feather(rect, _FEATHER)[..., None]
        alpha = placing.part(np.ascontiguousarray(part[..., 3]), rect)

        def ready(image: Pixels) -> Pixels:
            mixed = np.rint(image * mask + around * (1 - mask)).astype(np.uint8)
            return join(premultiply(np.dstack([placing.part(mixed, rect), alpha])))

        self._grid = PatchGrid(patches, ready)

    def sample(self, row: float, column: float) -> Pixels:
        """Return the picture at an articulation."""
        return self._grid.sample(row, column)


class Iris:
    """Moves the inside of one open eye by a few pixels."""

    reach = (0.17, 0.20)
    """Greatest movement as a share of the opening's half width and half height."""

    def __init__(self, centre: tuple[float, float], opening: tuple[float, float], placing: Placing) -> None:
        cx, cy = (c * placing.scale + move for c, move in zip(centre, placing.shift, strict=True))
        rx, ry = opening[0] * placing.scale, opening[1] * placing.scale
        x0, y0 = int(cx - 1.3 * rx) // 2 * 2, int(cy - 1.5 * ry) // 2 * 2
        x1, y1 = int(cx + 1.3 * rx) // 2 * 2 + 2, int(cy + 1.5 * ry) // 2 * 2 + 2
        self.area: Area = (x0, y0, x1, y1)
        yy, xx = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        far = ((xx - cx) / (1.15 * rx)) ** 2 + ((yy - cy) / (1.15 * ry)) ** 2
        self._weight = np.clip(1.25 - 1.25 * far, 0, 1).astype(np.float32)
        self._grid = np.dstack([xx - x0, yy - y0])
        self._reach = (self.reach[0] * rx, self.reach[1] * ry)

    def turn(self, layer: Layer, right: float, down: float, *, weight: float) -> None:
        """Look to the right and down, each -1..1; `weight` fades the movement as the lids close."""
        dx, dy = self._reach[0] * right * weight, self._reach[1] * down * weight
        if abs(dx) + abs(dy) < 0.05:
            return
        x0, y0, x1, y1 = self.area
        look = self._grid - np.dstack([self._weight * np.float32(dx), self._weight * np.float32(dy)])
        half = (look[::2, ::2] + look[1::2, 1::2] - np.float32(1)) * np.float32(0.25)
        luma = np.ascontiguousarray(layer.luma[y0:y1, x0:x1])
        small = np.ascontiguousarray(layer.small[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2])
        layer.lay(self.area, bend(luma, look), bend(small, np.ascontiguousarray(half)))


def join(planes: Pixels) -> Pixels:
    """Return full planes, (height, width, 4), as (2 * height, width): luma, and all of them at half size."""
    return np.concatenate([planes[..., 0], halve(planes).reshape(planes.shape[:2])])


def split(piece: Pixels) -> tuple[Pixels, Pixels]:
    """Return views of the luma and of the planes at half size."""
    height, width = piece.shape[0] // 2, piece.shape[1]
    return piece[:height], piece[height:].reshape(height // 2, width // 2, 4)


def feather(rect: Rect, width: int) -> NDArray[np.float32]:
    """Return a mask of a rectangle that fades to 0 over `width` pixels at its edges."""
    x = np.minimum(np.arange(rect.width), np.arange(rect.width)[::-1])
    y = np.minimum(np.arange(rect.height), np.arange(rect.height)[::-1])
    edge = np.clip(np.minimum(x[None], y[:, None]) / width, 0, 1).astype(np.float32)
    return edge * edge * (3 - 2 * edge)

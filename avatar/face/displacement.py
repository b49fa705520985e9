"""How a host's picture bends: a few smooth fields on a coarse grid, one per articulator, summed for every frame."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.host import Host, Turns
from avatar.face.performance import Pose
from avatar.face.placing import Placing
from avatar.face.warp import Field

CELL = 16
"""Pixels between nodes of the grid."""
Plane = NDArray[np.float64]


class Displacement:
    """Tells for each node of a grid over the frame where it looks into the layer."""

    def __init__(self, host: Host, placing: Placing, margin: int, width: int, height: int) -> None:
        """Prepare the fields for a frame that begins `margin` pixels inside the layer.

        cv2.resize aligns the outer edges of pictures, so a node stands in the middle of its cell. The grid begins one
        cell before the frame and ends one cell after it.
        """
        xs = (np.arange(math.ceil(width / CELL) + 2) - 0.5) * CELL - 0.5
        ys = (np.arange(math.ceil(height / CELL) + 2) - 0.5) * CELL - 0.5
        vx, vy = np.meshgrid(xs + margin, ys + margin)
        x, y = (vx - placing.shift[0]) / placing.scale, (vy - placing.shift[1]) / placing.scale
        fields: list[Field] = [np.dstack([-dx, -dy]).astype(np.float32) for dx, dy in _rigid(host, x, y)]
        self._reach = [math.sin(math.radians(1.0))] * 2
        if host.turns is not None:
            for axis in (0, 1):
                found = _rendered(host.turns, axis, x, y)
                if found is not None:
                    self._reach[axis] = 1 / found[0]
                    fields[3 + 2 * axis], fields[4 + 2 * axis] = found[1], found[2]
        # A node looks for the left pixel of the pair in whose middle it stands.
        here = np.dstack([vx - 0.5, vy])
        self._fields = np.array([*(field * placing.scale for field in fields), here], np.float32)

    def nodes(self, pose: Pose) -> Field:
        """Return the looks of all nodes, (rows, columns, 2), in pixels of the layer."""
        turn, nod = pose.turn * self._reach[0], pose.nod * self._reach[1]
        lean, tilt = math.sin(math.radians(pose.lean)), math.sin(math.radians(pose.tilt))
        weights = np.array([lean, pose.breath, tilt, turn, turn * turn, nod, nod * nod, 1.0], np.float32)
        flat = weights @ self._fields.reshape(len(weights), -1)
        return cast(Field, flat.reshape(self._fields.shape[1:]))


def _rigid(host: Host, x: Plane, y: Plane) -> list[tuple[Plane, Plane]]:
    """The movements of lean, breath, tilt, turn and nod, each of the last two with a bend of its own (none here).

    They are the head's and body's rigid movements seen by a distant camera, with the head taken as an ellipsoid and
    joined to the body over the neck.
    """
    shape = host.geometry
    face_x, face_y = shape.face
    radius_x, radius_y = shape.radius
    hips = shape.top + 4.6 * (shape.chin - shape.top)
    neck_y = shape.chin + 0.12 * radius_y
    # 1 on the head, 0 on the body; hair that lies on the shoulders follows half way
    head = 1 - _smooth((y - shape.chin) / (1.05 * (shape.shoulders - shape.chin) + 1e-6) + 0.12)
    depth = np.sqrt(
        np.clip(1 - ((x - face_x) / (1.12 * radius_x)) ** 2 - ((y - face_y) / (1.25 * radius_y)) ** 2, 0, 1)
    )
    nose = np.exp(
        -(((x - face_x) / (0.20 * radius_x)) ** 2) - ((y - face_y - 0.05 * radius_y) / (0.26 * radius_y)) ** 2
    )
    bulge = radius_x * (0.95 * depth - 0.18 + 0.13 * nose)
    chest = np.exp(-(((y - shape.shoulders - 0.8 * radius_y) / (0.9 * radius_y)) ** 2))
    rise = 1 - _smooth((y - shape.shoulders) / (2.4 * radius_y))
    unit = radius_y / 100
    none = np.zeros_like(x)
    return [
        (-(y - hips), x - face_x),  # lean about the hips
        (chest * (x - face_x) / radius_x * 0.9 * unit, -(1.6 * rise + 0.5 * chest) * unit),  # breath
        (-head * (y - neck_y), head * (x - face_x)),  # tilt about the neck
        (head * bulge, none),  # turn
        (none, none),
        (none, head * (bulge + 0.12 * (neck_y - y))),  # nod
        (none, none),
    ]


def _rendered(turns: Turns, axis: int, x: Plane, y: Plane) -> tuple[float, Field, Field] | None:
    """Return the angle of the rendered turns of one axis, and what its share and the share's square displace.

    The parabola goes through both rendered sides and rest, so that movement has no kink at rest.
    """
    sides = {math.copysign(1, key[axis]): k for k, key in enumerate(turns.keys) if key[axis]}
    if len(sides) < 2:
        return None
    angle = abs(turns.keys[sides[1.0]][axis])
    look = np.dstack([x / turns.step, y / turns.step]).astype(np.float32)
    ahead, behind = (
        cv2.remap(turns.fields[sides[side]], look, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
        for side in (1.0, -1.0)
    )
    return angle, cast(Field, (ahead - behind) / 2), cast(Field, (ahead + behind) / 2)


def _smooth(t: Plane) -> Plane:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)

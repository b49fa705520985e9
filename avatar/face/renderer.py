"""A pose becomes a picture: face patches are laid into the host's layer, the layer is bent and set on a background.

The layer is kept premultiplied in the encoder's own planes, so that a frame needs no colour conversion. Only what moved
since the last frame is drawn again.
"""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.bite import approach
from avatar.face.colour import Pixels, split_i420
from avatar.face.displacement import CELL, Displacement
from avatar.face.host import Host
from avatar.face.layer import Area, Layer
from avatar.face.morph import densify
from avatar.face.patch import Iris, Patch, split
from avatar.face.patch_grid import mix
from avatar.face.performance import Pose
from avatar.face.placing import Placing
from avatar.face.presenter import I420
from avatar.face.turning import Turning
from avatar.face.warp import Field, bend

_MARGIN = 0.045
"""How far the layer reaches beyond the frame, as a share of its long side: no movement is larger."""
_BAND = 128
"""Rows of the frame composed at once, so that its planes stay in the processor's cache; even."""
_STEPS = 32
"""Steps of a gaze between 0 and 1, each a fifth of a pixel."""
_STILL = 0.3
"""Movement that may be put off to a later frame, pixels of a picture 1,280 high."""
_HALF, _UP = np.float32(0.5), np.array([0.0, -0.25], np.float32)
"""From the look of a pair of pixels to that of the colours of a block of 2x2: half the scale, and half way down."""


class Renderer:
    """Draws one host into frames of one size; not safe for use by two threads at once.

    `scale` maps the host's picture to the frame; `offset` is where the picture's upper left corner then lies.
    """

    def __init__(self, host: Host, *, width: int, height: int, scale: float, offset: tuple[float, float]) -> None:
        self.width, self.height = width, height
        margin = math.ceil(_MARGIN * max(width, height) / 2) * 2
        placing = Placing(scale, (offset[0] + margin, offset[1] + margin))
        layer = self._layer = Layer(placing.whole(host.picture, (width + 2 * margin, height + 2 * margin)))
        self._mouth = Patch(densify(host.mouth, rows=2, columns=2), host, placing)
        self._bite = Patch(densify(host.bite, rows=1, columns=4), host, placing) if host.bite else None
        self._roundest = host.bite.columns[0] if host.bite else 0.0
        self._eyes = Patch(densify(host.eyes, rows=2, columns=4), host, placing)
        self._irises = [Iris(centre, host.geometry.opening, placing) for centre in host.geometry.eyes]
        self._turning = Turning(host, host.turns, placing, layer) if host.turns is not None else None
        self._laid: tuple[Pixels, Pixels, tuple[float, float]] | None = None
        self._displacement = Displacement(host, placing, margin, width, height)
        alpha = layer.alpha[margin : margin + height, margin : margin + width]
        still = _STILL * max(width, height) / 1280
        shoulders = host.geometry.shoulders * scale + offset[1]
        self._boxes = []
        for x0, y0, x1, y1 in _bands(alpha, margin):
            # The body moves by a few pixels only: its bands look less far.
            reach = margin if y0 < shoulders else margin // 3
            far = (x0 + margin - reach, y0 + margin - reach, x1 + margin + reach, y1 + margin + reach)
            opaque = int(layer.alpha[far[1] : far[3], far[0] : far[2]].min()) == 255
            self._boxes.append(_Box((x0, y0, x1, y1), far, opaque=opaque, still=still))

    def draw(self, pose: Pose, backdrop: I420, out: I420, *, turn: int | None = None) -> None:
        """Draw the host in `pose` over `backdrop` into `out`; both I420 of the frame's size.

        Only the part of `out` that the host can cover is written. With `turn`, the number of a frame that follows
        the one in `out`, what moved by less than a third of a pixel since then is left as it is.
        """
        changed = self._lay_face(pose)
        nodes = self._displacement.nodes(pose)
        below, over = split_i420(backdrop), split_i420(out)
        for box in self._boxes:
            if turn is None or box.moved(nodes, changed):
                box.draw(self._layer, nodes, below, over)

    def _lay_face(self, pose: Pose) -> Area | None:
        """Lay what the pose shows into the layer and return the area that changed."""
        layer = self._layer
        turned = self._turning is not None and self._turning.turn(layer, pose)
        lower, upper = self._lower(pose), self._eyes.sample(pose.lids, pose.brows)
        look = (round(pose.gaze[0] * _STEPS) / _STEPS, round(pose.gaze[1] * _STEPS) / _STEPS)
        before, self._laid = self._laid, (lower, upper, look)
        areas: list[Area] = []
        if self._turning is not None and turned:
            areas.append(self._turning.area)
        if turned or before is None or before[1] is not upper or before[2] != look:
            self._lay(self._eyes, upper)
            for iris in self._irises:
                iris.turn(layer, *look, weight=1.0 - pose.lids)
            areas.append(self._eyes.area)
        if areas or before is None or before[0] is not lower:
            self._lay(self._mouth, lower)
            areas.append(self._mouth.area)
        if not areas:
            return None
        changed = cast(Area, (*np.min(areas, axis=0)[:2].tolist(), *np.max(areas, axis=0)[2:].tolist()))
        layer.gather(changed)
        return changed

    def _lay(self, patch: Patch, piece: Pixels) -> None:
        luma, small = split(piece)
        if self._turning is not None:
            luma, small = self._turning.shade(luma, small, patch.area)
        self._layer.lay(patch.area, luma, small)

    def _lower(self, pose: Pose) -> Pixels:
        opening, wide, bite = pose.mouth.open, pose.mouth.wide + pose.smile, pose.mouth.bite
        if self._bite is None or bite <= 0.02:
            return self._mouth.sample(opening, wide)
        opening, wide, column, share = approach(opening, wide, bite, roundest=self._roundest)
        lower = self._mouth.sample(opening, wide)
        return mix(lower, self._bite.sample(1.0, column), share) if share else lower


class _Box:
    """A part of the frame that the host may cover.

    Every step writes into a buffer of its own, as fresh memory costs more than the arithmetic.
    """

    def __init__(self, box: Area, source: Area, *, opaque: bool, still: float) -> None:
        x0, y0, x1, y1 = box
        self._source, self._opaque, self._still = source, opaque, still
        # The nodes around the box, with one cell more on every side so that the enlargement is exact inside it.
        self._nodes = (slice(y0 // CELL, -(-y1 // CELL) + 2), slice(x0 // CELL, -(-x1 // CELL) + 2))
        rows, columns = (part.stop - part.start for part in self._nodes)
        self._looks = np.empty((rows * CELL, columns * CELL // 2, 2), np.float32)
        top, left = CELL + y0 % CELL, (CELL + x0 % CELL) // 2
        size, half = (y1 - y0, x1 - x0), ((y1 - y0) // 2, (x1 - x0) // 2)
        self._look = self._looks[top : top + size[0], left : left + half[1]]
        self._half_looks = np.empty((rows * CELL // 2, columns * CELL // 2, 2), np.float32)
        self._half_look = self._half_looks[top // 2 : top // 2 + half[0], left : left + half[1]]
        self._whole = (slice(y0, y1), slice(x0, x1))
        self._half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        self._pairs, self._small = np.empty((size[0], half[1], 4), np.uint8), np.empty((*half, 4), np.uint8)
        self._luma, self._hole = np.empty(size, np.uint8), np.empty(size, np.uint8)
        self._parts = [np.empty(half, np.uint8) for _ in range(4)]
        self._drawn: Field | None = None

    def moved(self, nodes: Field, changed: Area | None) -> bool:
        """Tell whether the box shows anything of what changed in the layer, or moved since it was drawn."""
        x0, y0, x1, y1 = self._source
        if changed is not None and changed[0] < x1 and changed[2] > x0 and changed[1] < y1 and changed[3] > y0:
            return True
        return self._drawn is None or float(cv2.norm(nodes[self._nodes], self._drawn, cv2.NORM_INF)) > self._still

    def draw(self, layer: Layer, nodes: Field, below: tuple[Pixels, ...], over: tuple[Pixels, ...]) -> None:
        """Bend the layer as the grid's `nodes` say and set it on the planes `below`, into those `over`."""
        self._drawn = nodes[self._nodes].copy()
        size, size_small = (looks.shape[1::-1] for looks in (self._looks, self._half_looks))
        cv2.resize(self._drawn, size, dst=self._looks, interpolation=cv2.INTER_LINEAR)
        bend(layer.pairs, self._look, out=self._pairs)
        cv2.resize(self._drawn * _HALF + _UP, size_small, dst=self._half_looks, interpolation=cv2.INTER_LINEAR)
        bend(layer.small, self._half_look, out=self._small)
        cv2.split(self._small, self._parts)
        spare, cb, cr, small_hole = self._parts
        whole, half = self._whole, self._half
        pairs: NDArray[np.uint16] = self._pairs.view(np.uint16)
        if self._opaque:
            cv2.extractChannel(pairs, 0, over[0][whole].view(np.uint16))
            over[1][half], over[2][half] = cb, cr
            return
        cv2.extractChannel(pairs, 0, self._luma.view(np.uint16))
        cv2.extractChannel(pairs, 1, self._hole.view(np.uint16))
        cv2.bitwise_not(self._hole, dst=self._hole)
        cv2.bitwise_not(small_hole, dst=small_hole)
        cv2.multiply(below[0][whole], self._hole, dst=self._hole, scale=1 / 255)
        cv2.add(self._hole, self._luma, dst=over[0][whole])
        for k, plane in ((1, cb), (2, cr)):
            cv2.multiply(below[k][half], small_hole, dst=spare, scale=1 / 255)
            cv2.add(spare, plane, dst=over[k][half])


def _bands(alpha: Pixels, margin: int) -> list[Area]:
    """Cut the part of the frame that the host may cover into boxes of at most `_BAND` rows, on even pixels."""
    height, width = alpha.shape
    boxes: list[Area] = []
    for y0 in range(0, height, _BAND):
        y1 = min(y0 + _BAND, height)
        columns = np.flatnonzero(alpha[max(0, y0 - margin) : y1 + margin].max(0) > 2)
        if columns.size:
            x0 = max(0, int(columns[0]) - margin) // 2 * 2
            boxes.append((x0, y0, min(width, int(columns[-1]) + 1 + margin + 1) // 2 * 2, y1))
    return boxes

"""A pose becomes a picture: face patches are laid into the host's layer, the layer is bent and set on a background.

The host's layer is kept premultiplied in the encoder's own colours, so that a frame needs one warp and one blend and no
colour conversion. Movement is a sum of a few smooth displacement fields on a coarse grid, one per articulator.
"""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.colour import Pixels, premultiply, split_i420
from avatar.host import Host, Patches, Rect
from avatar.morph import densify
from avatar.patch_grid import PatchGrid, mix
from avatar.performance import Pose
from avatar.presenter import I420
from avatar.warp import Field, bend

_CELL = 16
"""Pixels between nodes of the displacement grid."""
_FEATHER = 12
"""Pixels over which a patch blends into the face around it."""
_MARGIN = 0.035
"""How far the layer reaches beyond the frame, as a share of its long side: no movement is larger."""
_BAND = 96
"""Rows of the frame composed at once; even."""
_BITTEN = (0.12, -0.1)
"""Opening and width of the lips in the bite's picture."""
_STEPS = 64
"""Steps of an articulation between 0 and 1."""


class Renderer:
    """Draws one host into frames of one size; not safe for use by two threads at once.

    `scale` maps the host's picture to the frame; `offset` is where the picture's upper left corner then lies.
    """

    def __init__(self, host: Host, *, width: int, height: int, scale: float, offset: tuple[float, float]) -> None:
        self.width, self.height = width, height
        margin = math.ceil(_MARGIN * max(width, height))
        shift = (offset[0] + margin, offset[1] + margin)
        self._layer = premultiply(_place(host.picture, scale, shift, (width + 2 * margin, height + 2 * margin)))
        self._mouth = _PatchLayer(densify(host.mouth, rows=2, columns=2), host, scale, shift)
        self._bite = _PatchLayer(host.bite, host, scale, shift) if host.bite else None
        self._eyes = _PatchLayer(densify(host.eyes, rows=2, columns=4), host, scale, shift)
        self._irises = [_Iris(centre, host.geometry.opening, scale, shift) for centre in host.geometry.eyes]
        self._laid: tuple[Pixels, tuple[float, float]] | None = None
        self._fields = _fields(host, scale, shift, margin, width, height)
        alpha = self._layer[margin : margin + height, margin : margin + width, 3]
        self._bands = []
        shoulders = host.geometry.shoulders * scale + offset[1]
        boxes = _band_boxes(alpha, margin)
        self._calm = sum(box[1] < shoulders for box in boxes)
        for box in boxes:
            around = self._layer[box[1] : box[3] + 2 * margin, box[0] : box[2] + 2 * margin, 3]
            self._bands.append(_Band(box, opaque=int(around.min()) == 255))

    def draw(self, pose: Pose, backdrop: I420, out: I420, *, turn: int | None = None) -> None:
        """Draw the host in `pose` over `backdrop` into `out`; both I420 of the frame's size.

        Only the part of `out` that the host can cover is written. With `turn`, the number of a frame that follows the
        one in `out`, half of the body below the shoulders is left as it is: it moves by less than a third of a pixel
        a frame, and the halves take turns.
        """
        self._lay_face(pose)
        nodes = self._nodes(pose)
        below, over = split_i420(backdrop), split_i420(out)
        for k, band in enumerate(self._bands):
            if turn is not None and k >= self._calm and (k + turn) % 2:
                continue
            band.draw(self._layer, nodes, below, over)

    def _lay_face(self, pose: Pose) -> None:
        opening, wide, bite = pose.mouth.open, pose.mouth.wide + pose.smile, pose.mouth.bite
        if self._bite is not None and bite > 0.02:
            # The lips first go where the bite has them; only then one picture fades into the other, without a ghost.
            near = min(1.0, 1.8 * bite)
            opening, wide = opening + (_BITTEN[0] - opening) * near, wide + (_BITTEN[1] - wide) * near
        lower = self._mouth.sample(opening, wide)
        if self._bite is not None and bite > 0.25:
            lower = mix(lower, self._bite.sample(1.0, 0.0), min(1.0, (bite - 0.25) / 0.5))
        look = (round(pose.gaze[0] * _STEPS) / _STEPS, round(pose.gaze[1] * _STEPS) / _STEPS)
        upper = self._eyes.sample(pose.lids, pose.brows)
        if self._laid is None or self._laid[0] is not upper or self._laid[1] != look:
            self._laid = (upper, look)
            self._eyes.lay(self._layer, upper)
            for iris in self._irises:
                iris.turn(self._layer, *look, weight=1.0 - pose.lids)
        self._mouth.lay(self._layer, lower)

    def _nodes(self, pose: Pose) -> Field:
        """Return where the nodes of the displacement grid look into the layer, (rows, columns, 2)."""
        weights = np.array(
            [
                math.sin(math.radians(pose.lean)),
                pose.breath,
                math.sin(math.radians(pose.tilt)),
                math.sin(math.radians(pose.turn)),
                math.sin(math.radians(pose.nod)),
                1.0,
            ],
            np.float32,
        )
        nodes = (weights @ self._fields.reshape(len(weights), -1)).reshape(self._fields.shape[1:])
        return cast(Field, nodes)


class _Band:
    """A part of the frame that the host may cover: small enough for its planes to stay in the processor's cache.

    Every step writes into a buffer of its own, as fresh memory costs more than the arithmetic.
    """

    def __init__(self, box: tuple[int, int, int, int], *, opaque: bool) -> None:
        x0, y0, x1, y1 = box
        self._opaque = opaque
        # The nodes around the box, with one cell more on every side so that the enlargement is exact inside it.
        self._nodes = (slice(y0 // _CELL, -(-y1 // _CELL) + 2), slice(x0 // _CELL, -(-x1 // _CELL) + 2))
        rows, columns = (part.stop - part.start for part in self._nodes)
        self._looks = np.empty((rows * _CELL, columns * _CELL, 2), np.float32)
        left, top = _CELL + x0 % _CELL, _CELL + y0 % _CELL
        self._look = self._looks[top : top + y1 - y0, left : left + x1 - x0]
        self._whole = (slice(y0, y1), slice(x0, x1))
        self._half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        size, half = (y1 - y0, x1 - x0), ((y1 - y0) // 2, (x1 - x0) // 2)
        self._warped = np.empty((*size, 4), np.uint8)
        self._small = np.empty((*half, 4), np.uint8)
        self._luma, self._hole = np.empty(size, np.uint8), np.empty(size, np.uint8)
        self._parts = [np.empty(half, np.uint8) for _ in range(4)]

    def draw(self, layer: Pixels, nodes: Field, below: tuple[Pixels, ...], over: tuple[Pixels, ...]) -> None:
        """Bend the layer as the grid's `nodes` say and set it on the planes `below`, into those `over`."""
        size = (self._looks.shape[1], self._looks.shape[0])
        cv2.resize(nodes[self._nodes], size, dst=self._looks, interpolation=cv2.INTER_LINEAR)
        bend(layer, self._look, out=self._warped)
        height, width = self._small.shape[:2]
        cv2.resize(self._warped, (width, height), dst=self._small, interpolation=cv2.INTER_AREA)
        cv2.split(self._small, self._parts)
        spare, cb, cr, small_hole = self._parts
        if self._opaque:
            cv2.extractChannel(self._warped, 0, over[0][self._whole])
            over[1][self._half], over[2][self._half] = cb, cr
            return
        cv2.extractChannel(self._warped, 0, self._luma)
        cv2.extractChannel(self._warped, 3, self._hole)
        cv2.bitwise_not(self._hole, dst=self._hole)
        cv2.bitwise_not(small_hole, dst=small_hole)
        whole, half = self._whole, self._half
        cv2.multiply(below[0][whole], self._hole, dst=self._hole, scale=1 / 255)
        cv2.add(self._hole, self._luma, dst=over[0][whole])
        for k, plane in ((1, cb), (2, cr)):
            cv2.multiply(below[k][half], small_hole, dst=spare, scale=1 / 255)
            cv2.add(spare, plane, dst=over[k][half])


class _PatchLayer:
    """Patches of one part of the face at the frame's scale, feathered into the face around them."""

    def __init__(self, patches: Patches, host: Host, scale: float, shift: tuple[float, float]) -> None:
        rect = patches.rect
        x0, y0 = math.ceil(rect.x * scale + shift[0]), math.ceil(rect.y * scale + shift[1])
        x1 = math.floor((rect.x + rect.width) * scale + shift[0])
        y1 = math.floor((rect.y + rect.height) * scale + shift[1])
        self._area = (slice(y0, y1), slice(x0, x1))
        around = host.picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width, :3].astype(np.float32)
        mask = _feather(rect)[..., None]
        matrix = np.array([[scale, 0, rect.x * scale + shift[0] - x0], [0, scale, rect.y * scale + shift[1] - y0]])
        alpha = np.ascontiguousarray(host.picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width, 3])
        if scale != 1.0 or matrix[0, 2] or matrix[1, 2]:
            alpha = _resample(alpha, matrix, (x1 - x0, y1 - y0))

        def ready(image: Pixels) -> Pixels:
            mixed = np.rint(image * mask + around * (1 - mask)).astype(np.uint8)
            if scale != 1.0 or matrix[0, 2] or matrix[1, 2]:
                mixed = _resample(mixed, matrix, (x1 - x0, y1 - y0))
            return premultiply(np.dstack([mixed, alpha]))

        self._grid = PatchGrid(patches, ready)

    def sample(self, row: float, column: float) -> Pixels:
        """Return the patch at an articulation."""
        return self._grid.sample(row, column)

    def lay(self, layer: Pixels, patch: Pixels) -> None:
        layer[self._area] = patch


class _Iris:
    """Moves the inside of one open eye by a few pixels."""

    reach = (0.17, 0.20)
    """Greatest movement as a share of the opening's half width and half height."""

    def __init__(
        self, centre: tuple[float, float], opening: tuple[float, float], scale: float, shift: tuple[float, float]
    ) -> None:
        cx, cy = centre[0] * scale + shift[0], centre[1] * scale + shift[1]
        rx, ry = opening[0] * scale, opening[1] * scale
        x0, y0, x1, y1 = int(cx - 1.3 * rx), int(cy - 1.5 * ry), int(cx + 1.3 * rx) + 1, int(cy + 1.5 * ry) + 1
        self._area = (slice(y0, y1), slice(x0, x1))
        yy, xx = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        far = ((xx - cx) / (1.15 * rx)) ** 2 + ((yy - cy) / (1.15 * ry)) ** 2
        self._weight = np.clip(1.25 - 1.25 * far, 0, 1).astype(np.float32)
        self._grid = np.dstack([xx - x0, yy - y0])
        self._reach = (self.reach[0] * rx, self.reach[1] * ry)

    def turn(self, layer: Pixels, right: float, down: float, *, weight: float) -> None:
        dx, dy = self._reach[0] * right * weight, self._reach[1] * down * weight
        if abs(dx) + abs(dy) < 0.05:
            return
        move = np.dstack([self._weight * np.float32(dx), self._weight * np.float32(dy)])
        patch = np.ascontiguousarray(layer[self._area])
        layer[self._area] = bend(patch, self._grid - move)


def _band_boxes(alpha: Pixels, margin: int) -> list[tuple[int, int, int, int]]:
    """Cut the part of the frame that the host may cover into boxes of at most `_BAND` rows, on even pixels."""
    height, width = alpha.shape
    boxes = []
    for y0 in range(0, height, _BAND):
        y1 = min(y0 + _BAND, height)
        columns = np.flatnonzero(alpha[max(0, y0 - margin) : y1 + margin].max(0) > 2)
        if not columns.size:
            continue
        x0 = max(0, int(columns[0]) - margin) // 2 * 2
        x1 = min(width, int(columns[-1]) + 1 + margin) // 2 * 2
        boxes.append((x0, y0, x1, y1))
    return boxes


def _place(picture: Pixels, scale: float, shift: tuple[float, float], size: tuple[int, int]) -> Pixels:
    """Set the host's picture into a layer of `size`; what lies beyond its edges repeats them."""
    return _resample(picture, np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), size)


def _resample(image: Pixels, matrix: NDArray[np.float64], size: tuple[int, int]) -> Pixels:
    scale = float(matrix[0, 0])
    if scale == 1.0 and matrix[0, 2] == int(matrix[0, 2]) and matrix[1, 2] == int(matrix[1, 2]):
        method = cv2.INTER_NEAREST
    elif scale < 0.7:
        sigma = 0.35 / scale
        image, method = cast(Pixels, cv2.GaussianBlur(image, (0, 0), sigma)), cv2.INTER_LINEAR
    else:
        method = cv2.INTER_CUBIC
    return cast(Pixels, cv2.warpAffine(image, matrix, size, flags=method, borderMode=cv2.BORDER_REPLICATE))


def _feather(rect: Rect) -> NDArray[np.float32]:
    x = np.minimum(np.arange(rect.width), np.arange(rect.width)[::-1])
    y = np.minimum(np.arange(rect.height), np.arange(rect.height)[::-1])
    edge = np.clip(np.minimum(x[None], y[:, None]) / _FEATHER, 0, 1).astype(np.float32)
    return edge * edge * (3 - 2 * edge)


def _fields(host: Host, scale: float, shift: tuple[float, float], margin: int, width: int, height: int) -> Field:
    """Build where each node of the grid looks into the layer: (6, rows, columns, 2), the last one the identity.

    Displacements are those of the head's and body's rigid movements seen by a distant camera, with the head taken as
    an ellipsoid and joined to the body over the neck.
    """
    shape = host.geometry
    # cv2.resize aligns the outer edges of pictures: a node stands in the middle of its cell. The grid begins one cell
    # before the frame and ends one cell after it.
    xs = (np.arange(math.ceil(width / _CELL) + 2) - 0.5) * _CELL - 0.5
    ys = (np.arange(math.ceil(height / _CELL) + 2) - 0.5) * _CELL - 0.5
    vx, vy = np.meshgrid(xs + margin, ys + margin)
    x, y = (vx - shift[0]) / scale, (vy - shift[1]) / scale
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
    moves = [
        (-(y - hips), x - face_x),  # lean about the hips
        (chest * (x - face_x) / radius_x * 0.9 * unit, -(1.6 * rise + 0.5 * chest) * unit),  # breath
        (-head * (y - neck_y), head * (x - face_x)),  # tilt about the neck
        (head * bulge, none),  # turn
        (none, head * (bulge + 0.12 * (neck_y - y))),  # nod
    ]
    fields = [np.dstack([-dx * scale, -dy * scale]) for dx, dy in moves]
    return np.array([*fields, np.dstack([vx, vy])], np.float32)


def _smooth(t: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)

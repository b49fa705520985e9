"""A clip host's picture: the person's own moving picture, with a rigged mouth, lids and brows that follow the face.

A frame takes a picture of the round, which is made ready before, sets it on the background or leaves it as it was
filmed, lays the mouth over it where the face is in that picture, and bends the head a little for what is said.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.bite import approach
from avatar.face.colour import Pixels, premultiply, split_i420
from avatar.face.head import Box, Head, even, within
from avatar.face.host import Host, HostError, Image, Patches
from avatar.face.morph import densify
from avatar.face.movement import KEY, Footage, Movement
from avatar.face.patch_grid import PatchGrid
from avatar.face.performance import Pose
from avatar.face.presenter import FRAME_RATE, I420
from avatar.face.wander import leap, wander

_BLINKS_OWN = 5.0
"""Blinks a minute of the person's own from which on none is added."""
_CLEAR_S = 0.45
"""Seconds around the person's own blinks in which none is added."""


class ClipRenderer:
    """Draws a host made from a clip into frames of one size; not safe for use by two threads at once."""

    def __init__(
        self,
        host: Host,
        *,
        width: int,
        height: int,
        scale: float,
        offset: tuple[float, float],
        as_filmed: bool,
    ) -> None:
        """Take the host and where its picture lies in the frame, as `avatar.face.renderer.Renderer` does.

        With `as_filmed` the person's own surroundings are kept; the picture must then cover the frame. Raises
        `HostError` when the movement is missing or broken.
        """
        if host.movement is None:
            raise HostError(f"主播 {host.name} 没有自己的动作 / this host has no movement of its own")
        rows, columns = host.picture.shape[:2]
        self._movement = host.movement
        self._pictures = Footage(host.movement.folder / "movement.mp4")
        self._outlines = None if as_filmed else Footage(host.movement.folder / "outline.mp4")
        if len(self._pictures) != len(host.movement) or (self._outlines and len(self._outlines) != len(host.movement)):
            raise HostError(
                f"主播 {host.name} 的动作文件对不上，请重新做这个主播 / "
                "the movement's files do not fit together; create the host again"
            )
        size = (even(columns * scale), even(rows * scale))
        corner = (even(offset[0]), even(offset[1]))
        self._scale = size[0] / columns
        self._size, self._corner = size, corner
        whole = (corner[0], corner[1], corner[0] + size[0], corner[1] + size[1])
        left, top, right, bottom = host.movement.box
        reach = whole if as_filmed else self._framed((left, top, right, bottom))
        self._box = within(within(reach, whole), (0, 0, width, height))
        self._frame = (0, 0, width, height)
        covers = corner[0] <= 0 and corner[0] + size[0] >= width
        self._fade = None if as_filmed or covers else np.tile(side_fade(columns // 2), (rows // 2, 1))
        self._mouth = _Feature(host.mouth, rows=2, columns=2, scale=self._scale, round_=True)
        self._bite = _Feature(host.bite, rows=1, columns=4, scale=self._scale, round_=True) if host.bite else None
        self._roundest = host.bite.columns[0] if host.bite else 0.0
        self._eyes = _Feature(host.eyes, rows=2, columns=2, scale=self._scale, round_=False)
        self._lids = _quiet(host.movement)
        self._order = wander(host.movement)
        self._head = Head(host, self._scale)
        self._number = -1
        self._planes: tuple[Pixels, ...] = ()
        self._alphas: tuple[Pixels, Pixels] | None = None
        self._spare: dict[tuple[int, ...], Pixels] = {}

    def ready(self, frame: int) -> None:
        """Make the picture for a frame of the programme ready: decode it, and scale it where the frame asks for it."""
        place = frame % len(self._order)
        number, soon = int(self._order[place]), leap(self._order, place, within=KEY)
        if number == self._number:
            return
        half = (self._size[0] // 2, self._size[1] // 2)
        sizes = (self._size, half, half)
        planes = zip(self._pictures.at(number, soon=soon), sizes, strict=True)
        self._planes = tuple(_sized(plane, size) for plane, size in planes)
        if self._outlines is not None:
            outline = self._outlines.at(number, soon=soon)[0]
            if self._fade is not None:
                outline = cast(Pixels, cv2.multiply(outline, self._fade, scale=1 / 255))
            self._alphas = (_sized(outline, self._size), _sized(outline, half))
        self._number = number

    def draw(self, pose: Pose, backdrop: I420, out: I420, *, turn: int | None = None) -> None:
        """Draw the host in `pose` over `backdrop` into `out`, both I420 of the frame's size; see `ready`.

        Only the part of `out` that the host can cover is written. `turn` is not needed: every picture is whole.
        """
        below, over = split_i420(backdrop), split_i420(out)
        self._lay_picture(below, over)
        place = self._place()
        self._lay_mouth(pose, place, over)
        lids = pose.lids * float(self._lids[self._number])
        if lids > 0.02:
            self._lay(self._eyes, self._eyes.grid.sample(lids, 0.0), place, over, weight=min(1.0, 4 * lids))
        self._head.bend(pose, place, self._box, over)

    def _lay_picture(self, below: tuple[Pixels, ...], over: tuple[Pixels, ...]) -> None:
        x0, y0, x1, y1 = self._box
        left, top = x0 - self._corner[0], y0 - self._corner[1]
        for k, plane in enumerate(self._planes):
            step = 1 if k == 0 else 2
            there = (slice(y0 // step, y1 // step), slice(x0 // step, x1 // step))
            here = (slice(top // step, (top + y1 - y0) // step), slice(left // step, (left + x1 - x0) // step))
            if self._alphas is None:
                over[k][there] = plane[here]
                continue
            alpha = self._alphas[min(k, 1)][here]
            shown, hole = self._buffer(alpha.shape, 0), self._buffer(alpha.shape, 1)
            cv2.multiply(plane[here], alpha, dst=shown, scale=1 / 255)
            cv2.bitwise_not(alpha, dst=hole)
            cv2.multiply(below[k][there], hole, dst=hole, scale=1 / 255)
            cv2.add(shown, hole, dst=over[k][there])

    def _place(self) -> NDArray[np.float64]:
        """Return the affine map from the host's picture to the frame, (2, 3)."""
        place = self._movement.places[self._number].astype(np.float64) * self._scale
        place[:, 2] += self._corner
        return cast(NDArray[np.float64], place)

    def _lay_mouth(self, pose: Pose, place: NDArray[np.float64], over: tuple[Pixels, ...]) -> None:
        opening, wide, bite = pose.mouth.open, pose.mouth.wide + pose.smile, pose.mouth.bite
        column = share = 0.0
        if self._bite is not None and bite > 0.02:
            opening, wide, column, share = approach(opening, wide, bite, roundest=self._roundest)
        self._lay(self._mouth, self._mouth.grid.sample(opening, wide), place, over)
        if self._bite is not None and share:
            self._lay(self._bite, self._bite.grid.sample(1.0, column), place, over, weight=share)

    def _lay(
        self,
        feature: _Feature,
        patch: Pixels,
        place: NDArray[np.float64],
        over: tuple[Pixels, ...],
        *,
        weight: float = 1.0,
    ) -> None:
        """Lay a patch over the face where it is in this picture, in this picture's light."""
        matrix = place @ feature.onto
        height, width = patch.shape[:2]
        corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
        low, high = corners.min(1), corners.max(1)
        box = (even(low[0]) - 2, even(low[1]) - 2, even(high[0]) + 2, even(high[1]) + 2)
        x0, y0, x1, y1 = within(box, self._frame)
        if x1 <= x0 or y1 <= y0:
            return
        matrix[:, 2] -= (x0, y0)
        size = (x1 - x0, y1 - y0)
        laid = cv2.warpAffine(patch, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        light = self._movement.light[self._number]
        if weight < 0.99 or float(np.abs(light).max()) > 0.6:
            tint = np.eye(4, dtype=np.float32)
            tint[:3, 3] = light / 255
            laid = cv2.transform(laid, tint * np.float32(weight))
        small = cv2.resize(laid, ((x1 - x0) // 2, (y1 - y0) // 2), interpolation=cv2.INTER_AREA)
        for k, plane in enumerate(over):
            step, source = (1, laid) if k == 0 else (2, small)
            target = plane[y0 // step : y1 // step, x0 // step : x1 // step]
            hole = cv2.bitwise_not(cv2.extractChannel(source, 3))
            cv2.multiply(target, hole, dst=hole, scale=1 / 255)
            cv2.add(hole, cv2.extractChannel(source, k), dst=target)

    def _framed(self, box: Box) -> Box:
        x, y, scale = *self._corner, self._scale
        left, top, right, bottom = box
        return (
            even(left * scale) + x - 2,
            even(top * scale) + y - 2,
            even(right * scale) + x + 2,
            even(bottom * scale) + y + 2,
        )

    def _buffer(self, shape: tuple[int, ...], which: int) -> Pixels:
        key = (*shape, which)
        if key not in self._spare:
            self._spare[key] = np.empty(shape, np.uint8)
        return self._spare[key]


class _Feature:
    """The patches of one part of the face with a soft edge, and where they lie in the host's picture."""

    def __init__(self, patches: Patches, *, rows: int, columns: int, scale: float, round_: bool) -> None:
        rect = patches.rect
        shrink = min(1.0, scale)
        size = (max(4, round(rect.width * shrink)), max(4, round(rect.height * shrink)))
        self.onto = np.array([[rect.width / size[0], 0, rect.x], [0, rect.height / size[1], rect.y], [0, 0, 1.0]])
        """From the patch's pixels to those of the host's picture."""
        mask = _soft_mask(size[0], size[1], round_)

        def ready(image: Image) -> Pixels:
            sized = image if shrink == 1.0 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            return premultiply(np.dstack([sized, mask]))

        self.grid = PatchGrid(densify(patches, rows=rows, columns=columns), ready)


def side_fade(columns: int) -> Pixels:
    """Return a row of weights, 0 at both ends and 255 from a tenth of the width on."""
    inward = np.minimum(np.arange(columns), np.arange(columns)[::-1]) - 1
    t = np.clip(inward / (0.10 * columns), 0, 1)
    return cast(Pixels, np.rint(255 * t * t * (3 - 2 * t)).astype(np.uint8))


def _soft_mask(width: int, height: int, round_: bool) -> Pixels:
    """Full in the middle and nothing at the edge, without a corner that could be seen."""
    x = np.abs((np.arange(width) + 0.5) / width * 2 - 1)[None]
    y = np.abs((np.arange(height) + 0.5) / height * 2 - 1)[:, None]
    far = (x**3.2 + y**3.2) ** (1 / 3.2) if round_ else np.maximum(x, y)
    t = np.clip((0.99 - far) / (0.34 if round_ else 0.30), 0, 1)
    return cast(Pixels, np.rint(255 * t * t * (3 - 2 * t)).astype(np.uint8))


def _quiet(movement: Movement) -> NDArray[np.float32]:
    """How much of an added blink may be seen in each picture: none around the person's own, or if those suffice."""
    count = len(movement)
    closed = movement.shut > 0.4
    begins = int(np.count_nonzero(closed & ~np.roll(closed, 1)))
    if begins / count * FRAME_RATE * 60 >= _BLINKS_OWN:
        return np.zeros(count, np.float32)
    reach = round(_CLEAR_S * FRAME_RATE)
    near = np.zeros(count, bool)
    for shift in range(-reach, reach + 1):
        near |= np.roll(movement.shut > 0.15, shift)
    kernel = np.ones(5) / 5
    padded = np.concatenate([near[-2:], near, near[:2]]).astype(np.float64)
    return (1 - np.convolve(padded, kernel, mode="valid")).astype(np.float32)


def _sized(plane: Pixels, size: tuple[int, int]) -> Pixels:
    if (plane.shape[1], plane.shape[0]) == size:
        return plane
    smaller = size[0] < plane.shape[1]
    return cast(Pixels, cv2.resize(plane, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))

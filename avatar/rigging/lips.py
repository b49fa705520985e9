"""The lower face of a photo in all its articulations.

The photo shows closed lips. Its skin is bent by two thin-plate splines, one for what moves with the upper jaw and one
for what moves with the lower, and what opens between the lips is painted: a dark cavity, teeth fixed to the upper jaw,
a tongue lying in the lower one. (Bookstein, "Principal warps", 1989.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.bite import COLUMNS, lips
from avatar.face.host import Image, Patches, Rect
from avatar.face.warp import Field, bend
from avatar.rigging.landmarks import (
    CHIN,
    INNER_LIPS,
    LEFT_CORNER,
    LEFT_EYE,
    OUTER_LIPS,
    RIGHT_CORNER,
    RIGHT_EYE,
    Face,
    outline,
)

OPENINGS = (-0.25, 0.0, 0.15, 0.35, 0.6, 1.0)
WIDTHS = (-1.0, -0.5, 0.0, 0.5, 1.0)
_STEP = 4
_TRUSTED = 0.7
"""How far the eyes' whites are believed: they are a little red themselves, and small."""
_JAW = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)
_STILL = (2, 98, 327, 129, 358, 50, 280, 205, 425, 132, 361)
"""Nose and cheeks: bones that the mouth does not move, or hardly."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Mouth:
    """The mouth's measures in pixels of the patch."""

    outer: Points
    inner: Points
    jaw: Points
    still: Points
    middle: tuple[float, float]
    half_width: float
    size: float
    light: Points
    """By how much the photo's light changes the painted colours: blue, green, red."""


def lower_rect(face: Face) -> Rect:
    """Return the part of the picture that the jaw moves."""
    left, right = face.points[172, 0], face.points[397, 0]
    margin = 0.05 * face.size
    top = face.points[2, 1] + 0.01 * face.size
    bottom = face.points[CHIN, 1] + 0.20 * face.size
    return Rect(int(left - margin), int(top), int(right - left + 2 * margin), int(bottom - top))


def mouth_patches(picture: Image, face: Face) -> Patches:
    """Return the grid of mouths of a BGR picture whose face has closed lips."""
    rect = lower_rect(face)
    source = np.ascontiguousarray(picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width])
    mouth = _measure(face, rect, _brightness(source) * _cast(picture, face))
    grid = [[_articulate(source, mouth, opening, width) for width in WIDTHS] for opening in OPENINGS]
    return Patches(rect, OPENINGS, WIDTHS, np.array(grid))


def bite_patches(picture: Image, face: Face) -> Patches:
    """Return the mouth with the lower lip drawn under the upper teeth, for rounded and for other neighbours."""
    rect = lower_rect(face)
    source = np.ascontiguousarray(picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width])
    mouth = _measure(face, rect, _brightness(source) * _cast(picture, face))
    images = [_articulate(source, mouth, 0.16, lips(column), tuck=1.0) for column in COLUMNS]
    return Patches(rect, (1.0,), COLUMNS, np.array([images]))


def _brightness(source: Image) -> float:
    return min(1.12, max(0.5, float(np.median(source.mean(-1))) / 190))


def _cast(picture: Image, face: Face) -> Points:
    """Return the colour of the photo's light (blue, green, red; luma 1), as the eyes' whites show it to teeth as white.

    Of an open eye's brighter half the least coloured pixels are its white, the others iris and lid.
    """
    whites = []
    for eye in (LEFT_EYE, RIGHT_EYE):
        points = outline(face, eye).astype(np.int32)
        x, y, width, height = cv2.boundingRect(points)
        part = picture[max(0, y) : y + height, max(0, x) : x + width].astype(np.float64)
        within = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(within, [points - (max(0, x), max(0, y))], 1)
        pixels = part[within > 0]
        if len(pixels) > 40:
            pixels = pixels[pixels.mean(1) >= np.median(pixels.mean(1))]
            grey = pixels.min(1) / np.maximum(pixels.max(1), 1)
            whites.append(pixels[grey >= np.percentile(grey, 60)])
    if not whites:
        return np.ones(3)
    white = np.median(np.concatenate(whites), 0)
    tint = np.clip(white / max(white.max(), 1.0), (0.55, 0.75, 0.75), 1.0) ** _TRUSTED
    return cast(Points, tint / (tint @ (0.114, 0.587, 0.299)))


def _measure(face: Face, rect: Rect, light: Points) -> _Mouth:
    points = face.points[:, :2] - np.array([rect.x, rect.y])
    left, right = points[LEFT_CORNER], points[RIGHT_CORNER]
    middle = (left + right) / 2
    return _Mouth(
        points[list(OUTER_LIPS)],
        points[list(INNER_LIPS)],
        points[list(_JAW)],
        points[list(_STILL)],
        (float(middle[0]), float(middle[1])),
        float(np.linalg.norm(right - left) / 2),
        face.size,
        light,
    )


def _articulate(source: Image, mouth: _Mouth, opening: float, width: float, *, tuck: float = 0.0) -> Image:
    if opening == 0.0 and width == 0.0:
        return source
    height, wide = source.shape[:2]
    upper_from = [mouth.outer[:11], mouth.inner[:11], mouth.still]
    lower_from = [mouth.outer[[0, *range(10, 20)]], mouth.inner[[0, *range(10, 20)]], mouth.jaw, mouth.still]
    move = _Movement(mouth, opening, width, tuck)
    upper_to = [move.lip(upper_from[0], -1, outer=True), move.lip(upper_from[1], -1, outer=False), mouth.still]
    lower_to = [
        move.lip(lower_from[0], 1, outer=True),
        move.lip(lower_from[1], 1, outer=False),
        move.jaw(mouth.jaw),
        mouth.still,
    ]
    border = _border(wide, height)
    look_up = _spline(np.vstack([*upper_to, border]), np.vstack([*upper_from, border]), wide, height)
    look_down = _spline(np.vstack([*lower_to, border]), np.vstack([*lower_from, border]), wide, height)
    top, bottom = _curve(upper_to[1], wide), _curve(lower_to[1], wide)
    below = _below((top + bottom) / 2, upper_to[0], wide, height)
    skin = bend(source, (look_up * (1 - below) + look_down * below).astype(np.float32), fine=True)
    if opening <= 0.0:
        return skin
    return _paint(skin, mouth.light, top, bottom, upper_to[1], opening, width)


class _Movement:
    """Where points of the lips and the jaw go."""

    def __init__(self, mouth: _Mouth, opening: float, width: float, tuck: float) -> None:
        self._mouth = mouth
        self._gap = 0.088 * mouth.size * max(opening, 0.0) * (1.0 + 0.10 * max(0.0, -width))
        self._press = max(0.0, -opening) / 0.25
        self._spread, self._round = max(width, 0.0), max(-width, 0.0)
        self._tuck = tuck

    def lip(self, points: Points, side: int, *, outer: bool) -> Points:
        """Move points of the upper (-1) or lower (1) lip."""
        mouth = self._mouth
        u = (points[:, 0] - mouth.middle[0]) / mouth.half_width
        arch = np.clip(1 - np.abs(u) ** 2.4, 0, 1)
        reach = mouth.half_width
        dx = u * reach * (0.13 * self._spread - 0.30 * self._round * (0.8 + 0.2 * arch))
        dy = (0.90 if side > 0 else -0.10) * self._gap * arch + 0.30 * self._gap * (1 - arch)
        dy = dy - 0.10 * reach * self._spread * (1 - arch)
        if outer:
            dy = dy + side * arch * reach * (0.09 * self._round - 0.07 * self._press)
        if side > 0 and self._tuck:
            dy = dy - self._tuck * arch * reach * (0.10 if outer else 0.02)
        return points + np.stack([dx, dy], 1)

    def jaw(self, points: Points) -> Points:
        u = (points[:, 0] - self._mouth.middle[0]) / (1.6 * self._mouth.half_width)
        drop = 0.62 * self._gap * np.clip(1 - 0.45 * u**2, 0.1, 1)
        return points + np.stack([-0.03 * self._gap * u, drop], 1)


def _border(width: int, height: int) -> Points:
    xs, ys = np.linspace(0, width - 1, 7), np.linspace(0, height - 1, 7)
    edge = [(x, y) for x in xs for y in (0, height - 1)] + [(x, y) for x in (0, width - 1) for y in ys[1:-1]]
    return np.array(edge, float)


def _spline(at: Points, to: Points, width: int, height: int) -> Field:
    """Fit a thin-plate spline that takes `at` to `to`, and evaluate it for every pixel."""

    def kernel(a: Points, b: Points) -> Points:
        square = ((a[:, None] - b[None]) ** 2).sum(-1)
        return cast(Points, square * np.log(square + 1e-9) * 0.5)

    n = len(at)
    affine = np.hstack([np.ones((n, 1)), at])
    system = np.block([[kernel(at, at) + 1.5 * np.eye(n), affine], [affine.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.vstack([to - at, np.zeros((3, 2))]))
    columns, rows = -(-width // _STEP), -(-height // _STEP)
    xs, ys = (np.arange(columns) + 0.5) * width / columns - 0.5, (np.arange(rows) + 0.5) * height / rows - 0.5
    nodes = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
    moved = kernel(nodes, at) @ weights[:n] + np.hstack([np.ones((len(nodes), 1)), nodes]) @ weights[n:]
    shift = moved.reshape(rows, columns, 2).astype(np.float32)
    full = cv2.resize(shift, (width, height), interpolation=cv2.INTER_CUBIC)
    here = np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))
    return cast(Field, (here + full).astype(np.float32))


def _curve(points: Points, width: int) -> Points:
    """Return the height of a lip's edge in every column; beyond the corners it goes on level."""
    order = np.argsort(points[:, 0])
    xs, ys = points[order, 0], points[order, 1]
    fine = np.linspace(xs[0], xs[-1], 64)
    line = np.interp(fine, xs, ys)
    for _ in range(3):
        line[1:-1] = (line[:-2] + 2 * line[1:-1] + line[2:]) / 4
    return cast(Points, np.interp(np.arange(width), fine, line))


def _below(line: Points, upper_lip: Points, width: int, height: int) -> NDArray[np.float32]:
    """Share of the lower jaw in every pixel: a sharp edge between the lips, a soft one in the cheeks."""
    left, right = upper_lip[:, 0].min(), upper_lip[:, 0].max()
    x = np.arange(width)
    away = np.maximum(np.maximum(left - x, x - right), 0)
    soft = 1.0 + 0.8 * away
    t = (np.arange(height)[:, None] - line[None]) / soft[None] + 0.5
    t = np.clip(t, 0, 1)
    return cast(Field, (t * t * (3 - 2 * t)).astype(np.float32)[..., None])


def _paint(
    skin: Image, light: Points, top: Points, bottom: Points, inner: Points, opening: float, width: float
) -> Image:
    """Paint the open mouth's inside over the bent skin: a warm dark cavity, the tongue in it, teeth under the lip.

    Everything darkens towards the corners and under the upper lip, as little light gets there; rounded lips stand off
    the teeth and leave them in the shade.
    """
    height, wide = skin.shape[:2]
    left, right = inner[:, 0].min(), inner[:, 0].max()
    xs, ys = np.meshgrid(np.arange(wide, dtype=np.float64), np.arange(height, dtype=np.float64))
    half = (right - left) / 2
    u = (xs - (left + right) / 2) / half
    gap = np.maximum(bottom - top, 0)
    inside = (
        np.clip(ys - top + 0.5, 0, 1) * np.clip(bottom - ys + 0.5, 0, 1) * np.clip((1 - np.abs(u)) * half / 3, 0, 1)
    )
    inside *= np.clip(gap / 1.5, 0, 1)
    depth = np.clip((ys - top) / np.maximum(gap, 1), 0, 1)[..., None]
    colour = np.array([38.0, 30.0, 70.0]) * (0.60 + 0.60 * depth)
    lying = bottom - 0.16 * half - 0.02 * gap
    tongue = np.clip(1.5 - np.hypot(u / 0.66, (ys - lying - 0.24 * half) / (0.42 * half)) * 1.15, 0, 1)
    tongue = tongue * tongue * (3 - 2 * tongue) * min(1.0, max(0.0, (opening - 0.2) / 0.35))
    furrow = 1 - 0.14 * np.exp(-((u / 0.07) ** 2))
    colour = colour * (1 - tongue[..., None]) + np.array([112.0, 104.0, 190.0]) * (furrow * tongue)[..., None]
    rounded = max(0.0, -width)
    tall = 0.24 * half * (1 - 0.30 * np.abs(u) ** 2) * (1 - 0.25 * rounded)
    # The row of teeth curves away from the light: it fades into the dark of the corners instead of ending there.
    away = _smooth((0.96 - np.abs(u)) / 0.50)
    teeth = np.clip(top + tall - ys + 0.5, 0, 1) * np.clip((0.97 - np.abs(u)) * half / 4, 0, 1)
    teeth = teeth * (0.25 + 0.75 * away)
    lip_shade = _smooth((ys - top + 0.30 * tall) / (0.75 * tall + 1))
    shade = (
        (0.40 + 0.60 * lip_shade) * (0.45 + 0.55 * away) * (1 - 0.30 * rounded) * (0.86 + 0.14 * min(1.0, 2 * opening))
    )
    parting = 1 - 0.07 * np.abs(np.sin(u * 9.5 + np.pi / 2)) ** 14
    ivory = np.array([206.0, 222.0, 232.0])
    colour = colour * (1 - teeth[..., None]) + ivory * (shade * parting * teeth)[..., None]
    # A thin shadow under the upper lip joins lip and teeth.
    cast_ = 1 - 0.35 * np.exp(-(((ys - top) / max(1.5, 0.05 * half)) ** 2))
    colour = colour * cast_[..., None] * (0.70 + 0.30 * np.clip((1 - np.abs(u)) * 2.5, 0, 1))[..., None] * light
    mask = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.8)[..., None]
    return cast(Image, np.clip(np.rint(skin * (1 - mask) + colour * mask), 0, 255).astype(np.uint8))


def _smooth(t: Points) -> Points:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)

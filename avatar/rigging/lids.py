"""The upper face of a photo in all its articulations: lids that close, brows that rise or knit."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from avatar.face.host import Image, Patches, Rect
from avatar.face.warp import bend, identity
from avatar.rigging.landmarks import LEFT_EYE, RIGHT_EYE, Face

LIDS = (0.0, 0.25, 0.5, 0.75, 1.0)
BROWS = (-1.0, 0.0, 1.0)
_LEFT_BROW = ((70, 63, 105, 66, 107), (46, 53, 52, 65, 55))
_RIGHT_BROW = ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285))
"""Upper and lower edge of each brow, from its outer end."""
_MARGIN, _LASHES = 0.06, 0.10
"""How far an open eye reaches beyond its landmarks, and its lashes above them, as shares of the eye's width."""

Points = NDArray[np.float64]


def upper_rect(face: Face, bottom: int) -> Rect:
    """Return the part of the picture that lids and brows move; it ends above `bottom`."""
    xs = face.points[[*LEFT_EYE, *RIGHT_EYE, *_LEFT_BROW[0], *_RIGHT_BROW[0]], 0]
    top = face.points[[*_LEFT_BROW[0], *_RIGHT_BROW[0]], 1].min() - 0.10 * face.size
    low = min(float(bottom), face.points[[*LEFT_EYE, *RIGHT_EYE], 1].max() + 0.10 * face.size)
    margin = 0.06 * face.size
    return Rect(int(xs.min() - margin), int(top), int(xs.max() - xs.min() + 2 * margin), int(low - top))


def eye_patches(picture: Image, face: Face, *, bottom: int) -> Patches:
    """Return the grid of upper faces of a BGR picture whose eyes are open."""
    rect = upper_rect(face, bottom)
    source = np.ascontiguousarray(picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width])
    points = face.points[:, :2] - np.array([rect.x, rect.y])
    grid = []
    for lids in LIDS:
        closed = source
        for eye, brow in ((LEFT_EYE, _LEFT_BROW), (RIGHT_EYE, _RIGHT_BROW)):
            closed = _close(closed, points[list(eye)], points[list(brow[1])], lids)
        grid.append([_raise(closed, points, brows, face.size) for brows in BROWS])
    return Patches(rect, LIDS, BROWS, np.array(grid))


def _close(source: Image, eye: Points, brow: Points, lids: float) -> Image:
    """Draw the skin above the eye down over it, and the lower lid a little up, until skin meets skin."""
    if lids == 0.0:
        return source
    height, width = source.shape[:2]
    x = np.arange(width, dtype=np.float64)
    corners = eye[[0, 8]]
    first, last = corners[:, 0].min(), corners[:, 0].max()
    upper, lower = _edge(eye[:9], x), _edge(eye[[0, *range(15, 7, -1)]], x)
    span = last - first
    away = np.minimum(x - first, last - x) / span
    inside = np.clip(away / 0.04 + 0.3, 0, 1)
    brow_line = np.interp(x, *_sorted(brow))
    start = upper - 0.80 * np.maximum(upper - brow_line, 0.18 * span)
    end = lower + 0.30 * span
    target = upper + (lower - upper) * lids * 0.93 * inside
    # The eye's white reaches a little beyond the landmarks, most of all in the corners: its skin is fetched from there.
    margin = _MARGIN * span * lids * np.clip(away / 0.06 + 2.0, 0, 1)
    raised = target + (lower - target) * (1.0 - lids**3)
    hidden = upper - margin * np.clip(1.0 - away / 0.25, 0, 1)
    # Lashes are not drawn long with the lid: seen from the front they grow shorter as it comes down.
    lashes = np.minimum(_LASHES * span, 0.6 * (hidden - start))
    seam = target - lashes * (1.0 - 0.55 * lids)
    y = np.arange(height, dtype=np.float64)[:, None]
    skin = start + (y - start) * (hidden - lashes - start) / np.maximum(seam - start, 1e-3)
    rim = hidden - (target - y) * lashes / np.maximum(target - seam, 1e-3)
    under = end - (end - y) * (end - lower - 2 * margin) / np.maximum(end - raised, 1e-3)
    look = identity(width, height)
    look[..., 1] = np.select(
        [(y <= start) | (y >= end), y <= seam, y <= target, y >= raised],
        [np.broadcast_to(y, skin.shape), skin, rim, under],
        y,
    )
    moved = bend(source, look, fine=True)
    # The skin's edge casts a line of lashes that grows as the lid comes down.
    thick = max(1.0, 0.028 * span)
    lash = np.exp(-(((y - target) / thick) ** 2)) * np.clip(away / 0.10, 0, 1)
    lash = (lash * 0.62 * lids * (lower - upper > 0.02 * span)).astype(np.float32)[..., None]
    soft = np.clip((away + 0.30) / 0.20, 0, 1).astype(np.float32)[None, :, None]
    soft = soft * soft * (3 - 2 * soft)
    dark = moved.astype(np.float32) * (1 - lash) + np.array([24, 22, 30], np.float32) * lash
    return cast(Image, np.clip(np.rint(dark * soft + source * (1 - soft)), 0, 255).astype(np.uint8))


def _raise(source: Image, points: Points, brows: float, size: float) -> Image:
    if brows == 0.0:
        return source
    height, width = source.shape[:2]
    look = identity(width, height)
    for upper, lower in (_LEFT_BROW, _RIGHT_BROW):
        along = (points[list(upper)] + points[list(lower)]) / 2
        for k, (cx, cy) in enumerate(along):
            inner = k / (len(along) - 1)
            lift = 0.020 * brows if brows > 0 else 0.024 * -brows * (inner - 0.25)
            window = np.exp(
                -(((look[..., 0] - cx) / (0.055 * size)) ** 2) - ((look[..., 1] - cy) / (0.050 * size)) ** 2
            )
            look[..., 1] += (0.62 * lift * size * window).astype(np.float32)
    return bend(source, look, fine=True)


def _edge(points: Points, x: Points) -> Points:
    """Return the height of a lid's edge in every column, smoothed; beyond the corners it goes on level."""
    xs, ys = _sorted(points)
    fine = np.linspace(xs[0], xs[-1], 48)
    line = np.interp(fine, xs, ys)
    for _ in range(4):
        line[1:-1] = (line[:-2] + 2 * line[1:-1] + line[2:]) / 4
    return cast(Points, np.interp(x, fine, line))


def _sorted(points: Points) -> tuple[Points, Points]:
    order = np.argsort(points[:, 0])
    return points[order, 0], points[order, 1]

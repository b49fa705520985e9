"""In-betweens of face patches: a coarse grid of pictures becomes a fine one that can be walked without ghosts."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.host import Image, Patches
from avatar.face.warp import Field, bend, identity


def densify(patches: Patches, *, rows: int, columns: int) -> Patches:
    """Return the grid with `rows` and `columns` steps laid into every interval, each morphed along the optical flow."""
    tall = _fill(patches.images, patches.rows, rows)
    wide = _fill(tall[0].transpose(1, 0, 2, 3, 4), patches.columns, columns)
    return Patches(patches.rect, tall[1], wide[1], np.ascontiguousarray(wide[0].transpose(1, 0, 2, 3, 4)))


def between(a: Image, b: Image, shares: list[float]) -> list[Image]:
    """Return pictures part of the way from `a` to `b`, moved along the flow between them and cross-faded."""
    forth, back = _flow(a, b), _flow(b, a)
    here = identity(a.shape[1], a.shape[0])
    out = []
    for share in shares:
        moved_a = bend(a, here - np.float32(share) * forth, fine=True)
        moved_b = bend(b, here - np.float32(1 - share) * back, fine=True)
        out.append(cast(Image, cv2.addWeighted(moved_a, 1 - share, moved_b, share, 0)))
    return out


def _fill(images: Image, at: tuple[float, ...], steps: int) -> tuple[Image, tuple[float, ...]]:
    """Lay in-betweens along the first axis of `images`."""
    if steps <= 1 or len(at) < 2:
        return images, at
    shares = [k / steps for k in range(1, steps)]
    filled, where = [images[0]], [at[0]]
    for i in range(len(at) - 1):
        columns = [between(images[i, j], images[i + 1, j], shares) for j in range(images.shape[1])]
        for k, share in enumerate(shares):
            filled.append(np.stack([column[k] for column in columns]))
            where.append(at[i] + share * (at[i + 1] - at[i]))
        filled.append(images[i + 1])
        where.append(at[i + 1])
    return np.stack(filled), tuple(where)


def _flow(a: Image, b: Image) -> Field:
    """Find where the pixels of `a` go in `b`, at half size: features move a few pixels only, and smoothly."""
    half = [
        cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for image in (a, b)
    ]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = search.calc(half[0], half[1], np.zeros((*half[0].shape, 2), np.float32))
    return _calm(2 * cv2.resize(found, (a.shape[1], a.shape[0]), interpolation=cv2.INTER_LINEAR))


def _calm(flow: NDArray[Any]) -> Field:
    """Smooth a flow and let it vanish towards the border, where patches meet the unmoved face."""
    height, width = flow.shape[:2]
    across, down = (
        cv2.GaussianBlur(cv2.medianBlur(np.ascontiguousarray(flow[..., k], np.float32), 5), (0, 0), 2.0) for k in (0, 1)
    )
    x = np.minimum(np.arange(width), np.arange(width)[::-1]) / 14
    y = np.minimum(np.arange(height), np.arange(height)[::-1]) / 14
    fade = np.clip(np.minimum(x[None], y[:, None]), 0, 1)
    return np.dstack([across * fade, down * fade]).astype(np.float32)

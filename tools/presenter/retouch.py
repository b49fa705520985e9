"""Retouch a packed host where its renders show what no studio would leave in: a crease in a cheek, a black collar.

usage: python -m tools.presenter.retouch host.json FOLDER
`retouch` in host.json names, in pixels of the whole picture, `smooth`: ellipses (x, y, half width, half height) of skin
to be made even, and `cloth`: boxes (x0, y0, x1, y1) in which what is nearly black becomes cloth in the shade of the
colour (blue, green, red) that follows. `pack` does the same to fresh renders.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from avatar.face.host import Host, Patches, read_host, write_host

_FEATHER = 0.35
"""Share of an ellipse over which it fades out."""
_EVEN = (13.0, 7.0)
"""Across and along: how far skin is evened, pixels; creases beside a mouth stand upright."""
_BLACK, _DARK = 34.0, 62.0
"""Brightest channel below which a pixel is a hole, and from which on it is not."""


def retouched(host: Host, wish: dict[str, Any]) -> Host:
    """Return the host with every picture of it retouched; the patches of the eyes are left as they are."""

    def part(images: np.ndarray, x: int, y: int) -> np.ndarray:
        height, width = images.shape[-3:-1]
        alpha = host.picture[y : y + height, x : x + width, 3]
        flat = images.reshape(-1, height, width, 3)
        return np.stack([_retouch(one, alpha, (x, y), wish) for one in flat]).reshape(images.shape)

    def patches(grid: Patches) -> Patches:
        return replace(grid, images=part(grid.images, grid.rect.x, grid.rect.y))

    picture = host.picture.copy()
    picture[..., :3] = part(host.picture[None, ..., :3], 0, 0)[0]
    turns = host.turns
    if turns is not None:
        images = part(turns.images, turns.rect.x, turns.rect.y)
        turns = replace(turns, images=_without_smear(images, picture, turns.rect.x, turns.rect.y, wish))
    bite = patches(host.bite) if host.bite is not None else None
    return replace(host, picture=picture, mouth=patches(host.mouth), bite=bite, turns=turns)


def _retouch(image: np.ndarray, alpha: np.ndarray, origin: tuple[int, int], wish: dict[str, Any]) -> np.ndarray:
    """Retouch a BGR picture whose upper left corner lies at `origin` of the whole one."""
    colour = image.astype(np.float32)
    seen = (cv2.erode(alpha, np.ones((3, 3), np.uint8)) / 255.0).astype(np.float32)[..., None]
    for ellipse in wish.get("smooth", ()):
        share = _share(image.shape, ellipse, origin)
        weight = cv2.GaussianBlur(seen, (0, 0), sigmaX=_EVEN[0], sigmaY=_EVEN[1])[..., None]
        even = cv2.GaussianBlur(colour * seen, (0, 0), sigmaX=_EVEN[0], sigmaY=_EVEN[1]) / np.maximum(weight, 1e-3)
        colour = colour * (1 - share) + even * share
    for x0, y0, x1, y1, *cloth in wish.get("cloth", ()):
        box = _inside(image.shape, (x0, y0, x1, y1), origin)
        if box is None:
            continue
        part = colour[box]
        hole = np.clip((_DARK - part.max(2)) / (_DARK - _BLACK), 0, 1)
        # The deeper inside the collar, the less light there is.
        deep = np.linspace(1.25, 0.75, y1 - y0, dtype=np.float32)[box[0].start + origin[1] - y0 :][: len(part)]
        share = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 0.7)[..., None]
        colour[box] = part * (1 - share) + np.array(cloth, np.float32) * deep[:, None, None] * share
    return np.clip(np.rint(colour), 0, 255).astype(np.uint8)


def _without_smear(images: np.ndarray, picture: np.ndarray, x: int, y: int, wish: dict[str, Any]) -> np.ndarray:
    """Take out what a turned head's collar smeared over the neck when it was drawn back onto the head at rest."""
    out = images.copy()
    for x0, y0, x1, y1, *_ in wish.get("cloth", ()):
        reach = (x0 - 48, y0 - 24, x1 + 48, y1 + 32)
        box = _inside(images.shape[1:], reach, (x, y))
        if box is None:
            continue
        rest = picture[y + box[0].start : y + box[0].stop, x + box[1].start : x + box[1].stop, :3].astype(np.float32)
        away = [np.minimum(np.arange(size), np.arange(size)[::-1]) / 12 for size in rest.shape[:2]]
        window = np.clip(np.minimum(away[0][:, None], away[1][None]), 0, 1)
        for image in out:
            part = image[box].astype(np.float32)
            darker = np.clip((rest.max(2) - part.max(2) - 26) / 24, 0, 1)
            share = cv2.GaussianBlur(cv2.dilate(darker, np.ones((7, 7), np.uint8)), (0, 0), 3)
            share = (share * window)[..., None]
            image[box] = np.rint(part * (1 - share) + rest * share).astype(np.uint8)
    return out


def _share(shape: tuple[int, ...], ellipse: list[float], origin: tuple[int, int]) -> np.ndarray:
    x, y, across, along = ellipse
    yy, xx = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    far = np.hypot((xx + origin[0] - x) / across, (yy + origin[1] - y) / along)
    share = np.clip((1 + _FEATHER - far) / (2 * _FEATHER), 0, 1)
    return (share * share * (3 - 2 * share))[..., None]


def _inside(
    shape: tuple[int, ...], box: tuple[int, int, int, int], origin: tuple[int, int]
) -> tuple[slice, slice] | None:
    x0, y0 = max(0, box[0] - origin[0]), max(0, box[1] - origin[1])
    x1, y1 = min(shape[1], box[2] - origin[0]), min(shape[0], box[3] - origin[1])
    return (slice(y0, y1), slice(x0, x1)) if x0 < x1 and y0 < y1 else None


def main() -> None:
    meta_path, folder = (Path(argument) for argument in sys.argv[1:3])
    wish = json.loads(meta_path.read_text(encoding="utf-8"))["retouch"]
    write_host(retouched(read_host(folder), wish), folder, quality=95)


if __name__ == "__main__":
    main()

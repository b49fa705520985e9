"""Draw the rendered turns of a head back onto the head at rest, so that the two differ in light and no more in shape.

Where each visible point goes is known from the scene; optical flow sets what the points leave open, such as the outline
of hair. The result is a field that can be inverted, and the turned picture looked up through it.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from avatar.face.host import Rect, Turns
from tools.presenter.grade import grade_host

STEP = 16
"""Pixels between the nodes of the stored fields."""
_CELL = 4
_AWAY = 9.0
"""How far optical flow may leave the scene's points, pixels."""


def read_turns(renders: Path, picture: np.ndarray, crop: list[int], patches: list[Rect], exposure: float) -> Turns:
    """Return the turns found in `renders` as turn_{turn}_{nod}.png beside their .npz, for an 8-bit BGRA picture.

    `crop` is the upper left corner of the renders in the picture. Inside `patches` only soft light is kept of a turn,
    since their pictures move on their own. Raises `SystemExit` for a render that is missing or folds the face.
    """
    keys, images, fields = [], [], []
    rect = None
    for path in sorted(renders.glob("turn_*.npz")):
        turn, nod = (float(part) for part in path.stem.split("_")[1:])
        raw = cv2.imread(str(path.with_suffix(".png")), cv2.IMREAD_UNCHANGED)
        if raw is None:
            raise SystemExit(f"{path}: the picture to these points is missing")
        rect = Rect(crop[0], crop[1], raw.shape[1], raw.shape[0])
        area = (slice(rect.y, rect.y + rect.height), slice(rect.x, rect.x + rect.width))
        whole = np.zeros((*picture.shape[:2], 4), np.uint16)
        whole[area] = raw
        turned = picture.copy()
        turned[area] = grade_host(whole, exposure)[area]
        with np.load(path) as points:
            known = _displacement(points["before"], points["depth"], points["after"], picture.shape[:2])
        forth = _refined(picture, turned, known)
        back = _coarse(_inverse(forth))
        height, width = picture.shape[:2]
        image = _registered(picture, turned, _inverse(_fine(back, height, width)), rect, patches)
        keys.append((turn, nod))
        fields.append(back)
        images.append(image[area])
    if rect is None:
        raise SystemExit(f"{renders}: no turns")
    return Turns(rect, tuple(keys), np.array(images), np.array(fields, np.float32), STEP)


def _displacement(before: np.ndarray, depth: np.ndarray, after: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return where the visible points go, for every pixel: those in front win, gaps are filled from around."""
    rows, columns = -(-size[0] // _CELL), -(-size[1] // _CELL)
    cell = (before // _CELL).astype(int)
    inside = (cell >= 0).all(1) & (cell[:, 0] < columns) & (cell[:, 1] < rows)
    cell, depth, move = cell[inside], depth[inside], (after - before)[inside]
    at = cell[:, 1] * columns + cell[:, 0]
    front = np.full(rows * columns, np.inf)
    np.minimum.at(front, at, depth)
    seen = depth < front[at] + 0.006
    count = np.bincount(at[seen], minlength=rows * columns).astype(np.float32)
    total = [np.bincount(at[seen], move[seen, k], minlength=rows * columns) for k in (0, 1)]
    mean = np.stack(total, 1) / np.maximum(count, 1)[:, None]
    plane, weight = mean.reshape(rows, columns, 2).astype(np.float32), (count > 0).reshape(rows, columns, 1) * 1.0
    filled, share = np.zeros_like(plane), np.zeros((rows, columns, 1), np.float32)
    for sigma in (1.2, 3, 8, 24, 80):
        blurred = cv2.GaussianBlur(plane * weight, (0, 0), sigma)
        around = cv2.GaussianBlur(weight.astype(np.float32), (0, 0), sigma)[..., None]
        new = np.clip(around * 4, 0, 1) * (1 - share)
        filled += blurred / np.maximum(around, 1e-6) * new
        share += new
    return cv2.resize(filled, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)


def _refined(picture: np.ndarray, turned: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Let optical flow settle what the points leave open, and smooth until nothing folds."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setUseSpatialPropagation(True)
    found = search.calc(_grey(picture), _grey(turned), np.ascontiguousarray(known, np.float32))
    away = found - known
    far = np.linalg.norm(away, axis=2, keepdims=True)
    away = away * np.clip(1.6 - far / _AWAY, 0, 1)
    away = np.dstack([cv2.medianBlur(np.ascontiguousarray(away[..., k], np.float32), 5) for k in (0, 1)])
    mask = _inside(Rect(0, 0, picture.shape[1], picture.shape[0]), picture.shape[:2], 120)[..., None]
    solid = cv2.GaussianBlur((picture[..., 3] > 40).astype(np.float32), (0, 0), 3)[..., None]
    for sigma in (5, 7, 10, 14, 20, 28, 40):
        smooth = cv2.GaussianBlur(known + cv2.GaussianBlur(away * solid, (0, 0), 6), (0, 0), sigma) * mask
        across, down = np.gradient(smooth[..., 0]), np.gradient(smooth[..., 1])
        area = (1 + across[1]) * (1 + down[0]) - across[0] * down[1]
        if area.min() > 0.3:
            print(f"  smoothed by {sigma} px: least area {area.min():.2f}, largest move {np.abs(smooth).max():.1f} px")
            return smooth
    raise SystemExit("the turned head folds over itself: render a smaller turn")


def _inverse(field: np.ndarray) -> np.ndarray:
    """Return the field that undoes one."""
    height, width = field.shape[:2]
    here = np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))
    back = -field.astype(np.float32)
    for _ in range(25):
        back = -cv2.remap(
            field.astype(np.float32), here + back, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return back


def _coarse(field: np.ndarray) -> np.ndarray:
    height, width = field.shape[:2]
    rows, columns = height // STEP + 2, width // STEP + 2
    look = np.dstack(np.meshgrid(np.arange(columns) * STEP, np.arange(rows) * STEP)).astype(np.float32)
    soft = cv2.GaussianBlur(field.astype(np.float32), (0, 0), STEP * 0.35)
    return cv2.remap(soft, look, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _fine(nodes: np.ndarray, height: int, width: int) -> np.ndarray:
    here = np.dstack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32) / STEP
    return cv2.remap(nodes, here, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _registered(
    picture: np.ndarray, turned: np.ndarray, forth: np.ndarray, rect: Rect, patches: list[Rect]
) -> np.ndarray:
    """Return the colours of the turned head at the places they have at rest, BGR."""
    height, width = picture.shape[:2]
    here = np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))
    share = turned[..., 3:].astype(np.float32) / 255
    solid = np.dstack([turned[..., :3] * share, share]).astype(np.float32)
    seen = cv2.remap(solid, here + forth.astype(np.float32), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    alpha = np.clip(seen[..., 3:], 0, 1)
    rest = picture[..., :3].astype(np.float32)
    change = np.clip(seen[..., :3] / np.maximum(alpha, 0.02), 0, 255) - rest
    change *= np.clip(alpha * 1.6 - 0.5, 0, 1) * _inside(rect, (height, width), 40)[..., None]
    soft = cv2.GaussianBlur(change, (0, 0), 9)
    moving = np.zeros((height, width), np.float32)
    for patch in patches:
        moving = np.maximum(moving, _inside(patch, (height, width), 18))
    change = change + (soft - change) * moving[..., None]
    return np.rint(np.clip(rest + change, 0, 255)).astype(np.uint8)


def _inside(rect: Rect, size: tuple[int, int], feather: int) -> np.ndarray:
    """1 inside a rectangle, fading to 0 at its edges."""
    y, x = np.arange(size[0])[:, None], np.arange(size[1])[None]
    away = np.minimum(
        np.minimum(x - rect.x, rect.x + rect.width - 1 - x), np.minimum(y - rect.y, rect.y + rect.height - 1 - y)
    )
    t = np.clip(away / feather, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _grey(picture: np.ndarray) -> np.ndarray:
    """The picture over a grey that neither skin nor hair has."""
    share = picture[..., 3].astype(np.float32) / 255
    grey = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_BGR2GRAY) * share + 128 * (1 - share)
    return np.rint(grey).astype(np.uint8)

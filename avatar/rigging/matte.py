"""What of a picture is the person: a mask found by a model or by colour, given a soft edge that follows hair and cloth.

The edge is drawn by a guided filter (He, Sun and Tang, "Guided Image Filtering", 2010), and colours of the surroundings
that shine through it are replaced by the person's own.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np

from avatar.face.host import Image
from avatar.rigging.landmarks import CHIN, FOREHEAD, Face
from avatar.rigging.segmenter import Mask, PersonFinder

_SMALL = 3
"""Share of the picture's size at which colours are told apart."""


def cut_out(picture: Image, face: Face, people: PersonFinder | None) -> tuple[Image, Image]:
    """Return a BGR picture with clean edge colours, and its alpha, (height, width) of 0..255.

    Without `people` the person is told from the surroundings by colour.
    """
    mask = people.find(picture) if people is not None else _by_colour(picture, face)
    alpha = soften(_joined(mask, face), picture)
    return clean(picture, alpha), alpha


def soften(mask: Mask, picture: Image, *, scale: float = 1.0) -> Image:
    """Let the edge of a mask follow the picture's own edges; the alpha has `scale` times the picture's size."""
    height, width = picture.shape[:2]
    size = (round(width * scale), round(height * scale))
    guide = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    rough = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    radius = max(3, round(0.007 * size[1]))
    fine = cast(Any, cv2.ximgproc).guidedFilter(guide, rough, radius, 1e-4)
    # The picture only moves the edge a little: where person and surroundings are alike, the mask is right.
    near = cv2.GaussianBlur(rough, (0, 0), 0.5 * radius)
    fine = np.clip(fine, near - 0.42, near + 0.35)
    fine = np.where(near > 0.985, 1.0, np.where(near < 0.015, 0.0, fine))
    t = np.clip((fine - 0.38) / 0.50, 0, 1)
    return cast(Image, np.rint(255 * t * t * (3 - 2 * t)).astype(np.uint8))


def clean(picture: Image, alpha: Image) -> Image:
    """Replace the colours along the edge, where the surroundings shine through, by those of the person beside them."""
    sure = (cv2.erode(alpha, np.ones((9, 9), np.uint8)) > 250).astype(np.float32)
    total = picture.astype(np.float32) * sure[..., None]
    colour, weight = np.zeros_like(total), np.zeros_like(sure)
    for sigma in (2.0, 5.0, 12.0):
        near, much = cv2.GaussianBlur(total, (0, 0), sigma), cv2.GaussianBlur(sure, (0, 0), sigma)
        open_ = np.clip(1 - weight, 0, 1) * np.clip(much / 0.04, 0, 1)
        colour += near / np.maximum(much, 1e-4)[..., None] * open_[..., None]
        weight += open_
    share = (np.clip((250 - alpha.astype(np.float32)) / 90, 0, 1) * np.clip(weight, 0, 1))[..., None]
    mixed = picture * (1 - share) + colour / np.maximum(weight, 1e-4)[..., None] * share
    return cast(Image, np.clip(np.rint(mixed), 0, 255).astype(np.uint8))


def _joined(mask: Mask, face: Face) -> Mask:
    """Keep the piece of the mask that holds the face; other people and things behind are not the host."""
    sure = (mask > 0.5).astype(np.uint8)
    count, labels = cv2.connectedComponents(sure)
    if count < 2:
        return mask
    height, width = mask.shape
    x, y = (int(v) for v in face.points[168, :2])
    mine = labels[min(max(y, 0), height - 1), min(max(x, 0), width - 1)]
    if mine == 0:
        return mask
    near = cv2.dilate((labels == mine).astype(np.uint8), np.ones((15, 15), np.uint8))
    return cast(Mask, mask * near)


def _by_colour(picture: Image, face: Face) -> Mask:
    """Tell the person from the surroundings (GrabCut, Rother et al. 2004)."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (width // _SMALL, height // _SMALL), interpolation=cv2.INTER_AREA)
    points = face.points[:, :2] / _SMALL
    size = face.size / _SMALL
    mask = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    x, chin = float(points[1, 0]), float(points[CHIN, 1])
    head = (round(x), round(float(points[FOREHEAD, 1]) + 0.35 * size))
    cv2.ellipse(mask, head, (round(0.62 * size), round(0.92 * size)), 0, 0, 360, cv2.GC_PR_FGD, -1)
    bottom = small.shape[0]
    body = np.array(
        [
            (x - 0.34 * size, chin),
            (x + 0.34 * size, chin),
            (x + 1.25 * size, chin + 0.75 * size),
            (x + 1.45 * size, bottom),
            (x - 1.45 * size, bottom),
            (x - 1.25 * size, chin + 0.75 * size),
        ]
    ).astype(np.int32)
    cv2.fillPoly(mask, [body], cv2.GC_PR_FGD)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.astype(np.int32)), cv2.GC_FGD)
    core = [(x - 0.18 * size, chin), (x + 0.18 * size, chin), (x + 0.6 * size, bottom), (x - 0.6 * size, bottom)]
    cv2.fillPoly(mask, [np.array(core).astype(np.int32)], cv2.GC_FGD)
    mask[: max(1, int(points[FOREHEAD, 1] - 0.62 * size))] = cv2.GC_BGD
    edge = max(2, round(0.06 * small.shape[1]))
    mask[: int(chin), :edge] = cv2.GC_BGD
    mask[: int(chin), -edge:] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(small, mask, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    person = np.where((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    closed = cv2.morphologyEx(person, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    soft = cv2.GaussianBlur(closed.astype(np.float32) / 255, (0, 0), 1.0)
    return cast(Mask, cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR))

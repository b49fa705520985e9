"""Pictures with transparency that lie over the frame: prepared once, laid on in tens of microseconds."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from PIL import Image as Canvas

from avatar.face.colour import Pixels, premultiply, split_i420
from avatar.face.presenter import I420


class Overlay:
    """A picture at a fixed place of the frame, ready in the encoder's colours."""

    def __init__(self, canvas: Canvas.Image, position: tuple[int, int]) -> None:
        """Take an RGBA canvas whose upper left corner lies at `position`, which is rounded to even pixels."""
        x, y = position[0] // 2 * 2, position[1] // 2 * 2
        width, height = (canvas.width + 1) // 2 * 2, (canvas.height + 1) // 2 * 2
        rgba = np.zeros((height, width, 4), np.uint8)
        rgba[: canvas.height, : canvas.width] = np.asarray(canvas.convert("RGBA"))
        planes = premultiply(np.ascontiguousarray(rgba[..., [2, 1, 0, 3]]))
        luma, cb, cr, alpha = cv2.split(planes)
        half = (width // 2, height // 2)
        clear = cv2.bitwise_not(alpha)
        clear_half = cv2.resize(clear, half, interpolation=cv2.INTER_AREA)
        self.box = (x, y, x + width, y + height)
        """Left, top, right and bottom in pixels of the frame."""
        self._planes: list[tuple[Pixels, Pixels]] = [
            (cast(Pixels, luma), cast(Pixels, clear)),
            (cast(Pixels, cv2.resize(cb, half, interpolation=cv2.INTER_AREA)), cast(Pixels, clear_half)),
            (cast(Pixels, cv2.resize(cr, half, interpolation=cv2.INTER_AREA)), cast(Pixels, clear_half)),
        ]

    def lay(self, frame: I420) -> None:
        """Blend the picture into `frame`; parts outside the frame are left out."""
        x0, y0, x1, y1 = self.box
        for k, (target, (plane, hole)) in enumerate(zip(split_i420(frame), self._planes, strict=True)):
            step = 1 if k == 0 else 2
            left, top = x0 // step, y0 // step
            right, bottom = min(x1 // step, target.shape[1]), min(y1 // step, target.shape[0])
            area = (slice(max(top, 0), bottom), slice(max(left, 0), right))
            part = (slice(max(-top, 0), bottom - top), slice(max(-left, 0), right - left))
            target[area] = cv2.add(cv2.multiply(target[area], hole[part], scale=1 / 255), plane[part])

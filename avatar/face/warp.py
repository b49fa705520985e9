"""Bending pictures: a typed door to OpenCV's remap."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.colour import Pixels

Field = NDArray[np.float32]
"""Where each pixel of the result looks into the source: (height, width, 2), x before y, pixels."""


def bend(image: Pixels, look: Field, *, out: Pixels | None = None, fine: bool = False) -> Pixels:
    """Return the picture whose pixels are those of `image` at the places in `look`; beyond its edges they repeat.

    `fine` interpolates by cubic instead of linear functions.
    """
    method = cv2.INTER_CUBIC if fine else cv2.INTER_LINEAR
    return cast(
        Pixels,
        cv2.remap(image, look, None, method, dst=out, borderMode=cv2.BORDER_REPLICATE),  # type: ignore[call-overload]
    )


def identity(width: int, height: int) -> Field:
    """Return the field that leaves a picture as it is."""
    return np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))

"""Pictures as encoders take them: BT.709, limited range (ITU-R BT.709-6, section 3)."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

BLACK = (16, 128, 128)
_FROM_BGR = np.array(
    [
        [0.0722 * 219, 0.7152 * 219, 0.2126 * 219],
        [0.5 * 224, -0.3854 * 224, -0.1146 * 224],
        [-0.0458 * 224, -0.4542 * 224, 0.5 * 224],
    ],
    np.float32,
) / np.float32(255)
_OFFSET = np.array([16.0, 128.0, 128.0], np.float32)


def to_yuv(bgr: Pixels) -> Pixels:
    """Convert BGR of shape (..., 3) to full-resolution Y'CbCr of the same shape."""
    flat = bgr.reshape(1, -1, 3).astype(np.float32)
    yuv = cv2.transform(flat, _FROM_BGR) + _OFFSET
    return cast(Pixels, np.clip(np.rint(yuv), 0, 255).astype(np.uint8).reshape(bgr.shape))


def to_bgr(i420: Pixels) -> Pixels:
    """Convert a planar I420 picture back to BGR, shape (height, width, 3)."""
    luma, cb, cr = split_i420(i420)
    height, width = luma.shape
    yuv = np.stack(
        [luma, *(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR) for plane in (cb, cr))], -1
    )
    flat = (yuv.astype(np.float32) - _OFFSET).reshape(1, -1, 3)
    bgr = cv2.transform(flat, np.linalg.inv(_FROM_BGR))
    return cast(Pixels, np.clip(np.rint(bgr), 0, 255).astype(np.uint8).reshape(height, width, 3))


def to_i420(bgr: Pixels) -> Pixels:
    """Convert BGR with even sides to planar I420, shape (height * 3 // 2, width)."""
    height, width = bgr.shape[:2]
    yuv = to_yuv(bgr)
    out = np.empty((height * 3 // 2, width), np.uint8)
    luma, cb, cr = split_i420(out)
    luma[:] = yuv[..., 0]
    half = cv2.resize(yuv, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    cb[:], cr[:] = half[..., 1], half[..., 2]
    return out


def split_i420(i420: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """Return views of the three planes of an I420 buffer."""
    rows, width = i420.shape
    height = rows * 2 // 3
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    return i420[:height], chroma[0], chroma[1]


def premultiply(bgra: Pixels) -> Pixels:
    """Convert straight BGRA to Y'CbCr premultiplied by its alpha, with that alpha as fourth channel."""
    alpha = bgra[..., 3:].astype(np.float32) / 255
    yuv = to_yuv(np.ascontiguousarray(bgra[..., :3])).astype(np.float32) * alpha
    return cast(Pixels, np.dstack([np.rint(yuv).astype(np.uint8), bgra[..., 3]]))

"""Colour grade of Cycles renders: linear exposure, soft shoulder, contrast, glow and light sharpening."""

from __future__ import annotations

import cv2
import numpy as np


def grade_host(rgba: np.ndarray, exposure: float = 0.0) -> np.ndarray:
    """Grade a 16-bit BGRA render with head room of 0.55 stops, `exposure` stops brighter.

    Returns 8-bit BGRA with straight alpha.
    """
    picture = rgba.astype(np.float32) / 65535
    alpha, colour = picture[..., 3:], picture[..., :3]
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    linear = linear * 2 ** (0.57 + exposure) * np.array([0.995, 0.992, 1.012], np.float32)
    knee = 0.62
    linear = np.where(linear < knee, linear, knee + (1 - knee) * np.tanh((linear - knee) / (1 - knee) * 0.85))
    x = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-6) ** (1 / 2.4) - 0.055)
    x = x * 0.70 + 0.30 * (x * x * (3 - 2 * x))
    grey = x.mean(2, keepdims=True)
    x = np.clip(grey + (x - grey) * 1.08, 0, 1)
    scale = rgba.shape[0] / 1280
    glow = cv2.GaussianBlur(np.clip(x - 0.70, 0, 1) * alpha, (0, 0), 12 * scale)
    x = 1 - (1 - x) * (1 - 0.45 * glow)
    weight = cv2.GaussianBlur(alpha, (0, 0), 1.1 * scale)[..., None]
    soft = cv2.GaussianBlur(x * alpha, (0, 0), 1.1 * scale) / np.maximum(weight, 1e-3)
    x = x + 0.36 * (x - soft) * (alpha > 0.5)
    return np.rint(np.clip(np.dstack([x, alpha]), 0, 1) * 255).astype(np.uint8)


def grade_backdrop(bgr: np.ndarray) -> np.ndarray:
    """Grade an 8-bit BGR studio render: softer, a little richer, darker towards the edges."""
    height, width = bgr.shape[:2]
    x = cv2.GaussianBlur(bgr.astype(np.float32) / 255, (0, 0), 1.5 * height / 1280)
    grey = x.mean(2, keepdims=True)
    x = np.clip((grey + (x - grey) * 1.12 - 0.5) * 1.10 + 0.50, 0, 1) * np.array([0.97, 0.995, 1.02], np.float32) * 0.93
    yy, xx = np.mgrid[0:height, 0:width]
    far = np.clip(np.hypot((xx / width - 0.5) * 1.1, yy / height - 0.42) - 0.35, 0, 1)[..., None]
    return np.rint(np.clip(x * (1 - 0.32 * far**1.2), 0, 1) * 255).astype(np.uint8)

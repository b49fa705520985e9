"""What stands behind the host: a shipped studio, a colour, a picture, or what the host's own photo shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from avatar.errors import SceneError
from avatar.face.colour import Pixels
from avatar.face.host import Host

BACKGROUNDS = Path(__file__).parent / "backgrounds"


def background_names() -> list[str]:
    """Return the names of the shipped backgrounds."""
    return sorted(path.stem for path in BACKGROUNDS.glob("*.webp") if not path.stem.endswith("-wide"))


def surroundings(
    background: str | Path, host: Host, width: int, height: int, scale: float, offset: tuple[float, float]
) -> Pixels:
    """Return the BGR picture, `(height, width, 3)`, that the host stands in front of.

    `background` is a shipped name, `#rrggbb`, a picture's path, or `own` for what was behind the host in its photo,
    placed by `scale` and `offset` (pixels of the frame) as the host is. Raises `SceneError`.
    """
    name = str(background)
    if match := re.fullmatch(r"#([0-9a-fA-F]{6})", name):
        red, green, blue = bytes.fromhex(match[1])
        return np.full((height, width, 3), (blue, green, red), np.uint8)
    if host.backdrop is not None and name in ("studio", "own"):
        matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
        behind = cv2.warpAffine(
            host.backdrop, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        if offset[0] > 0:
            # Beyond the picture the surroundings are mirrored: softer, so that nobody notices.
            behind = cv2.GaussianBlur(behind, (0, 0), 0.02 * height)
        return cast(Pixels, behind)
    if name == "own":
        raise SceneError(
            f"主播 {host.name} 没有自己的背景，请选：{'、'.join(background_names())} / "
            "the host has no surroundings of its own; choose one of these"
        )
    path = BACKGROUNDS / f"{name}{'-wide' if width > height else ''}.webp"
    if not path.exists():
        path = Path(background)
        if not path.is_file():
            raise SceneError(
                f"没有背景“{name}”，请用 {'、'.join(background_names())}、颜色（如 #e8e0d8）或图片的路径 / "
                "no such background: give one of these, a colour or a picture's path"
            )
    return _cover(path, width, height)


def _cover(path: Path, width: int, height: int) -> Pixels:
    """Read a picture and let it cover the frame, cut evenly."""
    data = np.frombuffer(path.read_bytes(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise SceneError(
            f"背景图片 {path} 读不出来，请用 jpg、png 或 webp / no picture that can be read; use jpg, png or webp"
        )
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    grown = cv2.resize(picture, size, interpolation=method)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return cast(Pixels, np.ascontiguousarray(grown[y : y + height, x : x + width]))

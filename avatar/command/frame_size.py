"""The frame sizes that commands offer, by the names people know them by."""

from __future__ import annotations

from avatar.errors import SceneError

FRAME_SIZES = {"9:16": (720, 1280), "16:9": (1280, 720), "9:16-1080p": (1080, 1920), "16:9-1080p": (1920, 1080)}
"""Width and height in pixels."""
SIZES_HELP = "、".join(FRAME_SIZES)


def frame_size(name: str) -> tuple[int, int]:
    """Return width and height of a size that `--size` names; raises `SceneError`."""
    if name not in FRAME_SIZES:
        raise SceneError(f"--size {name} 不能用，可选：{SIZES_HELP} / no such size; choose one of these")
    return FRAME_SIZES[name]

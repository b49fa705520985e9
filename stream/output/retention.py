"""How long recordings are kept: the oldest go after a week, or when a room has too many."""

from __future__ import annotations

from pathlib import Path

KEEP_S = 7 * 86_400.0
KEEP_BYTES = 50 << 30
"""A room's recordings."""
RECORDINGS = "recordings"
"""The folder, below the data folder, in which each room has its own."""


def forget_recordings(
    folder: Path, *, now_s: float, keep_s: float = KEEP_S, keep_bytes: int = KEEP_BYTES, spare: int = 0
) -> int:
    """Delete a room's recordings that are older than `keep_s`, and the oldest of more than `keep_bytes`.

    The newest `spare` go by their age alone: one of them may be written at this moment. Returns how many went. Raises
    `OSError` when one cannot be deleted; one that another process deleted is none.
    """
    found: list[tuple[float, int, Path]] = []
    for path in folder.glob("*.mp4"):
        try:
            seen = path.stat()
        except FileNotFoundError:
            continue
        found.append((seen.st_mtime, seen.st_size, path))
    found.sort()
    total, gone = sum(size for _, size, _ in found), 0
    for left, (written_s, size, path) in zip(range(len(found), 0, -1), found, strict=True):
        if now_s - written_s <= keep_s and (total <= keep_bytes or left <= spare):
            break
        total -= size
        path.unlink(missing_ok=True)
        gone += 1
    return gone


def forget_all_recordings(data_dir: Path, *, now_s: float) -> int:
    """The same for every room that ever recorded, also one that does so no more. Raises `OSError`."""
    folders = [folder for folder in (data_dir / RECORDINGS).glob("*") if folder.is_dir()]
    return sum(forget_recordings(folder, now_s=now_s, spare=1) for folder in folders)

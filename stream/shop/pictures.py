"""Product pictures: copied once, made small and harmless, served by merchant."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

logger = logging.getLogger(__name__)

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_LONGEST_PX = 960
_MAX_BYTES = 30 << 20
_MAX_PIXELS = 60_000_000


def pictures_folder(data_dir: Path, merchant: str) -> Path:
    """Where a merchant's pictures lie."""
    return data_dir / "pictures" / merchant


def take_in(paths: Iterable[Path], folder: Path) -> int:
    """Copy every picture at or below `paths` into `folder` as a JPEG of at most 960 px; returns how many are new.

    The name stays, so that a catalogue's picture column finds it. A file that is no picture, or larger than 30 MB or
    60 megapixels, is passed over with a warning.
    """
    from PIL import Image, UnidentifiedImageError

    new = 0
    for source in _pictures(paths):
        target = folder / f"{source.stem}.jpg"
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        try:
            _convert(source, target)
        except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as exc:
            logger.warning("picture %s was passed over: %s", source.name, exc)
            continue
        new += 1
    return new


def _pictures(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from (p for p in sorted(path.rglob("*")) if p.suffix.lower() in SUFFIXES and p.is_file())
        elif path.suffix.lower() in SUFFIXES and path.is_file():
            yield path


def _convert(source: Path, target: Path) -> None:
    if source.stat().st_size > _MAX_BYTES:
        raise ValueError("larger than 30 MB")
    from PIL import Image, ImageOps

    with Image.open(source) as picture:
        if picture.width * picture.height > _MAX_PIXELS:
            raise ValueError("more than 60 megapixels")
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((_LONGEST_PX, _LONGEST_PX))
    target.parent.mkdir(parents=True, exist_ok=True)
    upright.save(target, "JPEG", quality=88, optimize=True)

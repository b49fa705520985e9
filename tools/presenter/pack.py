"""Pack the renders of one host into the compact folder that the package ships.

usage: python -m tools.presenter.pack RENDERS host.json OUT
RENDERS holds as 16-bit RGBA base.png, mouth_{open}_{wide}.png, bite_{share}.png, eyes_{lids}_{brows}.png, and
turn_{turn}_{nod}.png with its .npz, the crops cut from the same camera as the base; host.json holds title, gender,
voice, geometry and the rectangles of the crops.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np

from avatar.face.host import Geometry, Host, Patches, Rect, write_host
from tools.presenter.grade import grade_host
from tools.presenter.heads import read_turns
from tools.presenter.retouch import retouched


def main() -> None:
    renders, meta_path, out = (Path(argument) for argument in sys.argv[1:4])
    meta = json.loads(meta_path.read_text(encoding="utf-8"))
    base = _read(renders / "base.png")
    geometry = meta["geometry"]
    eyes, opening = geometry["eyes"], geometry["opening"]
    exposure = meta.get("exposure", 0.0)
    parts = {
        name: _grid(renders, name, base, meta["crops"][name], meta["kept"][name], eyes, opening, exposure)
        for name in ("mouth", "eyes", "bite")
    }
    picture = grade_host(base, exposure)
    patches = [parts[name].rect for name in ("mouth", "eyes")]
    host = Host(
        name=out.name,
        title=meta["title"],
        gender=meta["gender"],
        voice=meta["voice"],
        picture=picture,
        geometry=Geometry(**{key: _tuple(value) for key, value in geometry.items()}),
        mouth=parts["mouth"],
        eyes=parts["eyes"],
        bite=parts["bite"],
        turns=read_turns(renders, picture, meta["crops"]["turns"], patches, exposure),
    )
    if "retouch" in meta:
        host = retouched(host, meta["retouch"])
    out.mkdir(parents=True, exist_ok=True)
    write_host(host, out, quality=meta.get("quality", 90))


def _grid(
    renders: Path,
    name: str,
    base: np.ndarray,
    crop: list[int],
    kept: list[int],
    eyes: list[list[float]],
    opening: list[float],
    exposure: float,
) -> Patches:
    """Grade every crop inside the whole picture, so that it meets the base without a seam, and cut what is kept."""
    found = {}
    for path in renders.glob(f"{name}_*.png"):
        values = tuple(float(value) for value in path.stem.split("_")[1:])
        found[values if len(values) == 2 else (values[0], 0.0)] = path
    rows, columns = (tuple(sorted({key[axis] for key in found})) for axis in (0, 1))
    if name == "eyes":
        rows, columns = tuple(sorted({*rows, 0.0})), tuple(sorted({*columns, 0.0}))
    x, y, width, height = kept
    images = np.empty((len(rows), len(columns), height, width, 3), np.uint8)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            path = found.get((row, column))
            whole = base.copy()
            if path is not None:
                picture = _read(path)
                h, w = picture.shape[:2]
                whole[crop[1] : crop[1] + h, crop[0] : crop[0] + w] = picture
            elif name != "eyes" or (row and (row, 0.0) not in found) or (column and (0.0, column) not in found):
                raise SystemExit(f"{renders}: no {name} at {row}, {column}")
            images[i, j] = grade_host(whole, exposure)[y : y + height, x : x + width, :3]
    if name == "eyes":
        _cross(images, found, rows, columns, [(ex - x, ey - y) for ex, ey in eyes], opening)
    return Patches(Rect(x, y, width, height), rows, columns, images)


def _cross(
    images: np.ndarray,
    found: dict[tuple[float, ...], Path],
    rows: tuple[float, ...],
    columns: tuple[float, ...],
    eyes: list[tuple[float, float]],
    opening: list[float],
) -> None:
    """Where no render has both lids and brows moved, lay the moved lids into the moved brows."""
    height, width = images.shape[2:4]
    yy, xx = np.mgrid[0:height, 0:width]
    mask = np.zeros((height, width), np.float32)
    for x, y in eyes:
        far = np.hypot((xx - x) / (1.55 * opening[0]), (yy - y) / (1.75 * opening[1]))
        mask = np.maximum(mask, np.clip((1.25 - far) / 0.35, 0, 1))
    mask = cv2.GaussianBlur(mask, (0, 0), 4)[..., None]
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            if row and column and (row, column) not in found:
                lids, brows = images[i, columns.index(0.0)], images[rows.index(0.0), j]
                images[i, j] = np.rint(lids * mask + brows * (1 - mask)).astype(np.uint8)


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint16 or picture.shape[2] != 4:
        raise SystemExit(f"{path}: not a 16-bit RGBA render")
    return picture


def _tuple(value: object) -> object:
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value


if __name__ == "__main__":
    main()

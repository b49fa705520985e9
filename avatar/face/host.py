"""A host as stored: one layered picture, and the patches of the face that change.

A host is a folder:

    host.json      name, title, geometry in pixels of the picture, the articulation of each patch
    picture.webp   the host alone, straight alpha
    mouth.webp     atlas of the lower face: rows by how far the jaw is open, columns by how far the lips are spread
    bite.webp      the lower lip under the upper teeth, from little to full (may be missing)
    eyes.webp      atlas of the upper face: rows by closed lids, columns by brows
    turns.webp     the head rendered at a few turns and nods, drawn back onto the head at rest, one below the other, and
    turns.npz      where the head at rest is seen at each of them (both only hosts made by `tools/presenter`)
    backdrop.webp  the picture's own background (only hosts made from a photo or a clip)

and of a host made from a clip what `avatar.face.movement` keeps.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import AvatarError
from avatar.face.host_folder import host_folders
from avatar.face.movement import Movement, read_movement

Image = NDArray[np.uint8]
"""Height x width x channels, BGR or BGRA with straight alpha."""

FORMAT = 1


class HostError(AvatarError):
    """A host is missing, broken or of a format this version does not read."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in pixels of the host's picture."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Patches:
    """A grid of pictures of one part of the face."""

    rect: Rect
    rows: tuple[float, ...]
    """Articulation of each row, ascending."""
    columns: tuple[float, ...]
    """Articulation of each column, ascending."""
    images: NDArray[np.uint8]
    """(rows, columns, rect.height, rect.width, 3), BGR."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The head at a few turns and nods."""

    rect: Rect
    """What of the picture the head can cover."""
    keys: tuple[tuple[float, float], ...]
    """Turn and nod of each, degrees; one of the two is 0."""
    images: NDArray[np.uint8]
    """(keys, rect.height, rect.width, 3), BGR: colours as seen at that turn, at the places they have at rest."""
    fields: NDArray[np.float32]
    """(keys, rows, columns, 2): by how many pixels the picture of the turned head looks into the one at rest, every
    `step` pixels of the whole picture."""
    step: int


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the head is, in pixels of the host's picture."""

    top: int
    """Highest point of the hair."""
    face: tuple[float, float]
    """Middle of the face, between the eyes and the mouth."""
    radius: tuple[float, float]
    """Half width and half height of the head with its hair."""
    chin: float
    shoulders: float
    """Height at which the shoulders' line meets the neck or the hair ends."""
    eyes: tuple[tuple[float, float], tuple[float, float]]
    """Middles of the two irises."""
    opening: tuple[float, float]
    """Half width and half height of an open eye."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host in memory, read only."""

    name: str
    title: str
    gender: str
    """`female`, `male` or empty where it was not told."""
    voice: str
    """The shipped voice that suits the host."""
    picture: Image
    geometry: Geometry
    mouth: Patches
    eyes: Patches
    bite: Patches | None = None
    turns: Turns | None = None
    backdrop: Image | None = None
    movement: Movement | None = None
    """The person's own movement, only of hosts made from a clip."""
    consent: dict[str, Any] | None = None
    """Who allowed the use of their picture, and when; None for hosts who are nobody."""


def load_host(name: str, *, hosts_dir: Path | None = None) -> Host:
    """Read a host by name, from `hosts_dir` first and then from those shipped.

    Raises `HostError` with the names that exist when there is none of that name, or when its files are broken.
    """
    for folder in host_folders(hosts_dir):
        if folder.name == name:
            return read_host(folder)
    known = "、".join(folder.name for folder in host_folders(hosts_dir))
    raise HostError(f"没有名为“{name}”的主播，可选：{known} / no such host; choose one of these")


def read_host(folder: Path) -> Host:
    """Read the host stored in `folder`; raises `HostError`."""
    try:
        meta = json.loads((folder / "host.json").read_text(encoding="utf-8"))
        if meta["format"] != FORMAT:
            raise HostError(
                f"{folder}：主播的格式是 {meta['format']}，这个版本要 {FORMAT}，请重新做这个主播 / "
                f"host format {meta['format']} is not format {FORMAT}; create the host again"
            )
        shape = meta["geometry"]
        return Host(
            name=folder.name,
            title=meta["title"],
            gender=meta["gender"],
            voice=meta["voice"],
            picture=_read_image(folder / "picture.webp", alpha=True),
            geometry=Geometry(
                top=shape["top"],
                face=_pair(shape["face"]),
                radius=_pair(shape["radius"]),
                chin=shape["chin"],
                shoulders=shape["shoulders"],
                eyes=(_pair(shape["eyes"][0]), _pair(shape["eyes"][1])),
                opening=_pair(shape["opening"]),
            ),
            mouth=_read_patches(folder, meta["mouth"], "mouth.webp"),
            eyes=_read_patches(folder, meta["eyes"], "eyes.webp"),
            bite=_read_patches(folder, meta["bite"], "bite.webp") if meta.get("bite") else None,
            turns=_read_turns(folder, meta["turns"]) if meta.get("turns") else None,
            backdrop=_read_image(folder / "backdrop.webp") if (folder / "backdrop.webp").exists() else None,
            movement=read_movement(folder) if meta.get("movement") else None,
            consent=meta.get("consent"),
        )
    except (OSError, EOFError, KeyError, TypeError, ValueError, IndexError, zipfile.BadZipFile) as exc:
        raise HostError(
            f"{folder}：主播的文件坏了，请重新做这个主播 / the host's files are broken ({exc}); create the host again"
        ) from exc


def write_host(host: Host, folder: Path, *, quality: int = 90) -> None:
    """Store `host` in `folder`, which must exist."""

    def patches(part: Patches) -> dict[str, Any]:
        rect = part.rect
        return {"rect": [rect.x, rect.y, rect.width, rect.height], "rows": part.rows, "columns": part.columns}

    shape = host.geometry
    meta: dict[str, Any] = {
        "format": FORMAT,
        "title": host.title,
        "gender": host.gender,
        "voice": host.voice,
        "geometry": {
            "top": shape.top,
            "face": shape.face,
            "radius": shape.radius,
            "chin": shape.chin,
            "shoulders": shape.shoulders,
            "eyes": shape.eyes,
            "opening": shape.opening,
        },
        "mouth": patches(host.mouth),
        "eyes": patches(host.eyes),
    }
    if host.bite is not None:
        meta["bite"] = patches(host.bite)
        _write_image(folder / "bite.webp", _atlas(host.bite), quality)
    if host.turns is not None:
        rect = host.turns.rect
        meta["turns"] = {
            "rect": [rect.x, rect.y, rect.width, rect.height],
            "keys": host.turns.keys,
            "step": host.turns.step,
        }
        _write_image(folder / "turns.webp", cast(Image, host.turns.images.reshape(-1, rect.width, 3)), quality)
        np.savez_compressed(folder / "turns.npz", fields=host.turns.fields.astype(np.float16))
    if host.movement is not None:
        meta["movement"] = host.movement.kind
    if host.consent is not None:
        meta["consent"] = host.consent
    if host.backdrop is not None:
        _write_image(folder / "backdrop.webp", host.backdrop, quality)
    _write_image(folder / "picture.webp", host.picture, quality)
    _write_image(folder / "mouth.webp", _atlas(host.mouth), quality)
    _write_image(folder / "eyes.webp", _atlas(host.eyes), quality)
    (folder / "host.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _pair(values: Any) -> tuple[float, float]:
    x, y = values
    return float(x), float(y)


def _read_image(path: Path, *, alpha: bool = False) -> Image:
    data = np.frombuffer(path.read_bytes(), np.uint8)
    flags = cv2.IMREAD_UNCHANGED if alpha else cv2.IMREAD_COLOR
    picture = cv2.imdecode(data, flags) if data.size else None
    if picture is None or (alpha and picture.shape[2] != 4):
        raise ValueError(f"{path.name} is no picture of the expected kind")
    return cast(Image, picture)


def _read_patches(folder: Path, meta: dict[str, Any], file: str) -> Patches:
    rect = Rect(*meta["rect"])
    rows, columns = tuple(map(float, meta["rows"])), tuple(map(float, meta["columns"]))
    atlas = _read_image(folder / file)
    if atlas.shape[:2] != (len(rows) * rect.height, len(columns) * rect.width):
        raise ValueError(f"{file} does not hold {len(rows)} x {len(columns)} patches")
    grid = atlas.reshape(len(rows), rect.height, len(columns), rect.width, 3).transpose(0, 2, 1, 3, 4)
    return Patches(rect, rows, columns, np.ascontiguousarray(grid))


def _read_turns(folder: Path, meta: dict[str, Any]) -> Turns:
    rect = Rect(*meta["rect"])
    keys = tuple(_pair(key) for key in meta["keys"])
    atlas = _read_image(folder / "turns.webp")
    if atlas.shape[:2] != (len(keys) * rect.height, rect.width):
        raise ValueError(f"turns.webp does not hold {len(keys)} heads")
    with (folder / "turns.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
        fields = stored["fields"].astype(np.float32)
    if fields.ndim != 4 or fields.shape[0] != len(keys) or fields.shape[3] != 2 or not np.isfinite(fields).all():
        raise ValueError(f"turns.npz does not hold {len(keys)} fields")
    return Turns(rect, keys, atlas.reshape(len(keys), rect.height, rect.width, 3), fields, int(meta["step"]))


def _atlas(part: Patches) -> Image:
    rows, columns, height, width, _ = part.images.shape
    return cast(Image, part.images.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, 3))


def _write_image(path: Path, picture: Image, quality: int) -> None:
    done, data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise HostError(
            f"{path}：图片存不进去，请看磁盘还有没有空间 / the picture could not be stored; is the disk full?"
        )
    path.write_bytes(data.tobytes())

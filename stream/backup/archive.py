"""The file of a backup: a ZIP with a manifest that names every file with its size and SHA-256, and nothing else.

What comes out of such a file is somebody's input: names are checked before anything is written, so that none leads out
of the folder, and contents are compared with the manifest while they are written.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from stream.errors import StreamError

FORMAT = 1
MANIFEST = "manifest.json"
SQLITE, POSTGRESQL = "database.sqlite", "database.pgdump"
PLACES = ("knowledge", "hosts", "pictures", "policies", "lexicon.txt")
"""What of a data folder is kept besides database and keys."""
_MANIFEST_MAX = 64 << 20
_CHUNK = 1 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError)
"""What `zipfile` raises over bytes that are not as they were."""


class ArchiveError(StreamError):
    """The file is no backup, is damaged, or cannot be written; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive."""

    size: int
    """Bytes."""
    sha256: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    id: str
    """Random, the same in the file with the keys."""
    release: str
    """The product's version that wrote it."""
    created_at: str
    """ISO 8601, UTC."""
    database: str
    """`database.sqlite` or `database.pgdump`."""
    rows: Mapping[str, int]
    """Rows by table, as a check; empty for PostgreSQL, whose own programs check."""
    files: Mapping[str, Entry] = field(default_factory=dict)

    def to_json(self) -> str:
        """The manifest's text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Reads a manifest. Raises `ArchiveError` when it is not one of this format."""
        try:
            raw = json.loads(text)
            if raw.pop("format") != FORMAT:
                raise ArchiveError("这个备份来自更新的版本，请先升级 / the backup was made by a newer release")
            files = {str(name): Entry(int(one["size"]), str(one["sha256"])) for name, one in raw.pop("files").items()}
            rows = {str(name): int(count) for name, count in raw.pop("rows").items()}
            words = {name: str(raw[name]) for name in ("id", "release", "created_at", "database")}
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise ArchiveError(f"备份的清单读不了 / the backup's {MANIFEST} is damaged") from exc
        if words["database"] not in (SQLITE, POSTGRESQL) or words["database"] not in files:
            raise ArchiveError("备份里没有数据库 / the backup holds no database")
        return cls(**words, rows=rows, files=files)


class ArchiveWriter:
    """Puts files into an archive and keeps their sums."""

    def __init__(self, bundle: zipfile.ZipFile) -> None:
        self._bundle = bundle
        self.files: dict[str, Entry] = {}

    def add(self, name: str, path: Path) -> None:
        """Adds a file. Raises `OSError`, `FileNotFoundError` when it went away meanwhile."""
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, self._bundle.open(name, "w", force_zip64=True) as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self.files[name] = Entry(size, digest.hexdigest())

    def close_with(self, manifest: Callable[[Mapping[str, Entry]], Manifest]) -> Manifest:
        """Writes the manifest, last."""
        made = manifest(self.files)
        self._bundle.writestr(MANIFEST, made.to_json())
        return made


@contextmanager
def new_archive(path: Path) -> Iterator[ArchiveWriter]:
    """An archive that appears at `path` whole and synced, readable by its owner only, or not at all."""
    draft = path.with_name(path.name + ".part")
    try:
        with open(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as bundle:
                yield ArchiveWriter(bundle)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as exc:
        raise ArchiveError(f"{path}: 写不了（{exc.strerror or exc}）/ cannot be written") from exc
    finally:
        draft.unlink(missing_ok=True)


def read_manifest(path: Path) -> Manifest:
    """The checked manifest of an archive. Raises `ArchiveError`: not there, no archive, a name that is not allowed."""
    with _opened(path) as bundle:
        return _checked(bundle)


def extract(path: Path, folder: Path) -> Manifest:
    """Writes all files of the archive below the empty `folder`, each compared with the manifest on the way.

    Raises `ArchiveError` at the first that differs; the caller throws the folder away.
    """
    with _opened(path) as bundle:
        manifest = _checked(bundle)
        for name, entry in manifest.files.items():
            with bundle.open(name) as source:
                _copy(source, folder.joinpath(*PurePosixPath(name).parts), name, entry)
        return manifest


def _copy(source: IO[bytes], path: Path, name: str, entry: Entry) -> None:
    digest, left = hashlib.sha256(), entry.size
    with _writing(path) as target:
        while chunk := source.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            _write(target, chunk, path)
    if left or digest.hexdigest() != entry.sha256:
        raise ArchiveError(f"备份里的 {name} 和清单不符，请换一份 / {name} differs from the manifest")


def _writing(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    except OSError as exc:
        raise ArchiveError(f"{path}: 写不了（{exc.strerror or exc}）/ cannot be written") from exc


def _write(target: BinaryIO, chunk: bytes, path: Path) -> None:
    try:
        target.write(chunk)
    except OSError as exc:
        raise ArchiveError(f"{path}: 写不了（{exc.strerror or exc}）/ cannot be written") from exc


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as bundle:
            yield bundle
    except FileNotFoundError as exc:
        raise ArchiveError(f"{path}: 没有这个文件 / no such file") from exc
    except IsADirectoryError as exc:
        raise ArchiveError(f"{path}: 是文件夹，不是备份 / a folder, not a backup") from exc
    except _DAMAGE as exc:
        raise ArchiveError(f"{path}: 不是掌柜的备份，或者损坏了 / not a backup, or damaged") from exc


def _checked(bundle: zipfile.ZipFile) -> Manifest:
    infos = bundle.infolist()
    found = next((info for info in infos if info.filename == MANIFEST), None)
    if found is None or found.file_size > _MANIFEST_MAX:
        raise ArchiveError("不是掌柜的备份：没有清单 / not a backup: there is no manifest")
    manifest = Manifest.from_json(bundle.read(found))
    names = [info.filename for info in infos if info is not found]
    if len(names) != len(set(names)) or set(names) != set(manifest.files):
        raise ArchiveError("备份的内容和清单不符，请换一份 / the backup does not hold what its manifest names")
    for info in infos:
        if info is not found and not _harmless(info):
            raise ArchiveError(f"备份里有不该有的文件 {info.filename[:80]!r}，没有恢复 / a name that is not allowed")
    return manifest


def _harmless(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a plain file below one of the places of a data folder."""
    name = info.filename
    parts = PurePosixPath(name).parts
    kind = stat.S_IFMT(info.external_attr >> 16)
    plain = not info.is_dir() and kind in (0, stat.S_IFREG) and not info.flag_bits & 0x1
    inside = bool(parts) and ".." not in parts and "\\" not in name and ":" not in name and "\0" not in name
    canonical = "/".join(parts) == name and all(ord(char) >= 32 for char in name)
    return plain and inside and canonical and (name in (SQLITE, POSTGRESQL) or parts[0] in PLACES)

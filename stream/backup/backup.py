"""Backing a shop up while it serves: database, knowledge, hosts, pictures and rules in one file, the keys in another.

The keys that open the customers' contacts stand in a second file, so that whoever finds the first one can read nothing;
to be restored, both are needed.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.engine import make_url

from stream.backup import postgres
from stream.backup.archive import PLACES, POSTGRESQL, SQLITE, ArchiveError, ArchiveWriter, Entry, Manifest, new_archive
from stream.settings import Settings

KEY_FILES = ("contacts.key", "visitor.key")
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written."""

    file: Path
    keys: Path | None
    """The second file, None when it was not wanted."""
    size: int
    """Bytes of the first file."""
    files: int
    rows: dict[str, int]


def keys_beside(path: Path) -> Path:
    """Where the keys of a backup are looked for."""
    return path.with_name(path.name + ".keys")


def is_postgresql(settings: Settings) -> bool:
    """Whether the records are in PostgreSQL."""
    return make_url(settings.resolved_database_url).get_backend_name() == "postgresql"


def database_file(settings: Settings) -> Path:
    """The SQLite file. Only when the records are in SQLite."""
    return Path(make_url(settings.resolved_database_url).database or "")


def back_up(settings: Settings, path: Path, *, with_keys: bool = True, force: bool = False) -> Backup:
    """Writes a backup of the data folder to `path`, consistent also while it is served. Blocking.

    Not in it: recordings, HLS segments, cached speech and downloaded models. Raises `ArchiveError`, `PostgresError`.
    """
    keys_path = keys_beside(path)
    for taken in (path, keys_path) if with_keys else (path,):
        if taken.exists() and not force:
            raise ArchiveError(f"{taken} 已经有了，换个名字或加 --force / exists already")
    if not is_postgresql(settings) and not database_file(settings).is_file():
        raise ArchiveError(f"{settings.data_dir} 里没有数据库，没有可备份的 / no database in the data folder")
    identity = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.data_dir) as work, new_archive(path) as archive:
        copy = Path(work) / "database"
        keys = _snapshot(settings, copy)
        name = POSTGRESQL if is_postgresql(settings) else SQLITE
        archive.add(name, copy)
        rows = {} if name == POSTGRESQL else count_rows(copy)
        live = None if name == POSTGRESQL else published_versions(copy)
        _add_places(archive, settings.data_dir, live)

        def manifest(files: dict[str, Entry]) -> Manifest:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            return Manifest(identity, version("zhanggui"), now, name, rows, dict(files))

        made = archive.close_with(lambda files: manifest(dict(files)))
    if with_keys:
        write_keys(keys_path, identity, keys)
    return Backup(path, keys_path if with_keys else None, path.stat().st_size, len(made.files), dict(rows))


def count_rows(database: Path) -> dict[str, int]:
    """Rows by table of a SQLite file. Raises `sqlite3.DatabaseError` when it is damaged."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        plain = [name for name in names if name.isidentifier() and not name.startswith("sqlite_")]
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - an identifier
            for name in sorted(plain)
        }


def published_versions(database: Path) -> set[tuple[str, str]]:
    """(merchant, version) of what is live or in draft, by the pointers of a SQLite file."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            rows = connection.execute("SELECT merchant, published, draft FROM knowledge_pointers").fetchall()
        except sqlite3.OperationalError:
            return set()
    return {(merchant, version) for merchant, *versions in rows for version in versions if version}


def read_keys(data_dir: Path) -> dict[str, bytes]:
    """The key files of a data folder, those that are there."""
    folder = data_dir / "keys"
    return {name: (folder / name).read_bytes() for name in KEY_FILES if (folder / name).is_file()}


def write_keys(path: Path, identity: str, keys: dict[str, bytes]) -> None:
    """Writes the second file, readable by its owner only. Raises `ArchiveError`."""
    content = {"backup": identity, "keys": {name: base64.b64encode(raw).decode() for name, raw in keys.items()}}
    draft = path.with_name(path.name + ".part")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as exc:
        raise ArchiveError(f"{path}: 写不了（{exc.strerror or exc}）/ cannot be written") from exc


def _snapshot(settings: Settings, copy: Path) -> dict[str, bytes]:
    """A consistent copy of the database, and the keys that open it: a rotation in between makes it begin again."""
    for _ in range(_TRIES):
        keys = read_keys(settings.data_dir)
        if is_postgresql(settings):
            postgres.dump(settings.resolved_database_url, copy)
        else:
            _copy_sqlite(database_file(settings), copy)
        if read_keys(settings.data_dir) == keys:
            return keys
        copy.unlink(missing_ok=True)
    raise ArchiveError("正在更换密钥，过一会儿再备份 / the key is being rotated, try again in a moment")


def _copy_sqlite(source: Path, copy: Path) -> None:
    """SQLite's own online backup: one snapshot, the log included, writers go on."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=rw", uri=True, timeout=10)) as there,
            closing(sqlite3.connect(copy)) as here,
        ):
            there.backup(here)
            here.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as exc:
        raise ArchiveError(f"{source}: 数据库读不了（{exc}）/ the database cannot be read") from exc


def _add_places(archive: ArchiveWriter, data_dir: Path, live: set[tuple[str, str]] | None) -> None:
    for place in PLACES:
        root = data_dir / place
        for path in _files(root):
            name = path.relative_to(data_dir).as_posix()
            try:
                archive.add(name, path)
            except FileNotFoundError:
                # A version may be taken away while we copy: only one that nobody uses.
                if live is not None and tuple(path.relative_to(data_dir).parts[1:3]) in live:
                    raise
                archive.files.pop(name, None)


def _files(root: Path) -> Iterator[Path]:
    """Plain files at or below `root`; hidden ones are locks and drafts of somebody at work."""
    if root.is_file() and not root.is_symlink():
        yield root
    elif root.is_dir():
        for path in sorted(root.iterdir()):
            if not path.name.startswith(".") and not path.is_symlink():
                yield from _files(path)

"""Bringing a backup back: everything is checked aside first, then moved in; what was there is kept."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dialogue.database import STEPS, KeyRing
from dialogue.lead import SEALED
from stream.backup import postgres
from stream.backup.archive import PLACES, POSTGRESQL, SQLITE, ArchiveError, Manifest, extract, read_manifest
from stream.backup.backup import KEY_FILES, count_rows, database_file, is_postgresql, keys_beside
from stream.local_server import running_server
from stream.settings import Settings

_KEYS_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back."""

    created_at: str
    """When the backup was made, ISO 8601."""
    files: int
    rows: dict[str, int]
    kept: Path | None
    """Folder with what was there before, None when the data folder was empty."""


def restore(settings: Settings, path: Path, *, keys: Path | None = None, force: bool = False) -> Restored:
    """Restores `path` into the data folder. Blocking.

    Without `force` nothing may be there; with it, what is there is moved into `before-restore-…` of the same folder.
    The key that opens the contacts is taken from `keys`, else from `path` + `.keys`, else must be there already.
    Raises `ArchiveError` or `PostgresError` with one line; the data folder is as before then.
    """
    manifest = read_manifest(path)
    _refuse_served(settings)
    _refuse_other_database(settings, manifest)
    data_dir = settings.data_dir
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        staged = data_dir / f".restore-{secrets.token_hex(4)}"
        staged.mkdir(mode=0o700)
    except OSError as exc:
        raise ArchiveError(f"{data_dir}: 写不了（{exc.strerror}）/ cannot be written") from exc
    try:
        extract(path, staged)
        _take_keys(staged, data_dir, keys or keys_beside(path), manifest, named=keys is not None)
        if manifest.database == SQLITE:
            _check_sqlite(staged / SQLITE, manifest)
            _check_keys(staged)
        present = _present(settings, staged)
        if present and not force:
            names = "、".join(sorted(item.name for item in present))
            raise ArchiveError(
                f"{data_dir} 里已经有 {names}；要换掉就加 --force（旧的会移到一边）/ not empty, add --force"
            )
        if manifest.database == POSTGRESQL:
            postgres.load(settings.resolved_database_url, staged / POSTGRESQL, clean=force)
            (staged / POSTGRESQL).unlink()
        kept = _move_in(settings, staged, present)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Restored(manifest.created_at, len(manifest.files), dict(manifest.rows), kept)


def _refuse_served(settings: Settings) -> None:
    server = running_server(settings)
    if server is not None:
        raise ArchiveError(f"这个数据目录正在营业（{server.url}），先停下再恢复 / stop the server first")


def _refuse_other_database(settings: Settings, manifest: Manifest) -> None:
    if (manifest.database == POSTGRESQL) != is_postgresql(settings):
        kind, wish = (
            ("PostgreSQL", "设置 ZHANGGUI_DATABASE_URL")
            if manifest.database == POSTGRESQL
            else ("SQLite", "去掉 ZHANGGUI_DATABASE_URL 恢复，再用 zhanggui migrate --to 搬过去")
        )
        raise ArchiveError(f"这个备份是 {kind} 的：{wish} / the backup is of {kind}")


def _take_keys(staged: Path, data_dir: Path, path: Path, manifest: Manifest, *, named: bool) -> None:
    """Puts the keys into the staged folder: from their file, or copies of those that are there."""
    folder = staged / "keys"
    folder.mkdir(mode=0o700)
    if path.is_file():
        found = _read_keys(path, manifest)
    elif named:
        raise ArchiveError(f"{path}: 没有这个密钥文件 / no such key file")
    else:
        there = data_dir / "keys"
        found = {name: (there / name).read_bytes() for name in KEY_FILES if (there / name).is_file()}
    for name, content in found.items():
        with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)


def _read_keys(path: Path, manifest: Manifest) -> dict[str, bytes]:
    try:
        if path.stat().st_size > _KEYS_MAX:
            raise ValueError("too large")
        content = json.loads(path.read_text("ascii"))
        identity = content["backup"]
        keys = {name: base64.b64decode(text, validate=True) for name, text in content["keys"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ArchiveError(f"{path}: 密钥文件读不了 / the key file is damaged") from exc
    if identity != manifest.id:
        raise ArchiveError(f"{path}: 是另一个备份的密钥 / the keys of another backup")
    if set(keys) - set(KEY_FILES):
        raise ArchiveError(f"{path}: 密钥文件里有不认识的名字 / a name that is not allowed")
    return keys


def _check_sqlite(path: Path, manifest: Manifest) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            newest = connection.execute("SELECT max(version) FROM schema_version").fetchone()[0]
        rows = count_rows(path)
    except sqlite3.DatabaseError as exc:
        raise ArchiveError(f"备份里的数据库损坏了（{exc}）/ the database in the backup is damaged") from exc
    if verdict != "ok" or rows != dict(manifest.rows):
        raise ArchiveError("备份里的数据库和清单不符，请换一份 / the database in the backup is not whole")
    if newest is not None and newest > max(step.version for step in STEPS):
        raise ArchiveError("这个备份来自更新的版本，请先升级 / the backup was made by a newer release")


def _check_keys(staged: Path) -> None:
    """Every key that a sealed value names must be there: better told now than at the first customer."""
    used: set[str] = set()
    with closing(sqlite3.connect(f"file:{staged / SQLITE}?mode=ro", uri=True)) as connection:
        held = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for column in SEALED:
            if column.table.name in held:
                query = f'SELECT DISTINCT substr("{column.name}", 1, 8) FROM "{column.table.name}"'  # noqa: S608
                used |= {bytes(row[0]).decode("ascii", "replace") for row in connection.execute(query) if row[0]}
    if not used:
        return
    file = staged / "keys" / KEY_FILES[0]
    if not file.is_file():
        raise ArchiveError(
            "缺密钥文件：加 --keys 备份名.keys，没有它联系方式打不开 / the key file is missing, give --keys"
        )
    if missing := used - set(KeyRing.open(file).ids):
        raise ArchiveError(f"密钥对不上，缺 {len(missing)} 把：用和备份一起写的 .keys 文件 / these keys do not open it")


def _present(settings: Settings, staged: Path) -> list[Path]:
    """What of the data folder would be replaced."""
    items = [settings.data_dir / name for name in (*PLACES, "keys") if (staged / name).exists()]
    if not is_postgresql(settings):
        file = database_file(settings)
        items += [file, *(file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))]
    return [item for item in items if _holds_something(item)]


def _holds_something(item: Path) -> bool:
    return any(item.iterdir()) if item.is_dir() else item.exists()


def _move_in(settings: Settings, staged: Path, present: list[Path]) -> Path | None:
    """Moves what is there aside and the staged files in; on an error all goes back."""
    data_dir = settings.data_dir
    kept = None
    if present:
        kept = data_dir / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        kept.mkdir(mode=0o700)
    targets = {staged / name: data_dir / name for name in (*PLACES, "keys") if (staged / name).exists()}
    if (staged / SQLITE).exists():
        targets[staged / SQLITE] = database_file(settings)
    with _undone_on_error() as moves:
        for item in present:
            moves.append((item, (kept or data_dir) / item.name))
            os.replace(*moves[-1])
        for source, target in targets.items():
            if target.is_dir():
                target.rmdir()
            moves.append((source, target))
            os.replace(source, target)
    if not is_postgresql(settings):
        database_file(settings).chmod(0o600)
    return kept


@contextmanager
def _undone_on_error() -> Iterator[list[tuple[Path, Path]]]:
    moves: list[tuple[Path, Path]] = []
    try:
        yield moves
    except OSError as exc:
        for source, target in reversed(moves):
            if target.exists() and not source.exists():
                os.replace(target, source)
        raise ArchiveError(f"恢复没有做成，一切照旧（{exc.strerror}）/ not restored, all is as before") from exc

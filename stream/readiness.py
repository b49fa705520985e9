"""What `/readyz` asks of the database: does it answer, and will what is written to it last?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from dialogue import DialogueError
from dialogue.store import Store

_PROBE_S = 2.0
_FREE_BYTES = 32 << 20
"""With less than this free the next messages and leads may not be stored."""
_HANDLES = Path("/proc/self/fd")
_FILES = ("", "-wal", "-shm")
"""SQLite's files: the database, its write-ahead log and the index of that (sqlite.org/walformat.html)."""


async def database_problem(store: Store, database_url: str) -> str | None:
    """One line when the database does not answer, or its files are not those on the disk; None when all is well."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        trouble = await asyncio.to_thread(file_problem, Path(url.database))
        if trouble is not None:
            return trouble
    try:
        async with asyncio.timeout(_PROBE_S):
            await store.access.merchants()
    except (DialogueError, SQLAlchemyError, OSError, TimeoutError) as exc:
        return f"数据库没有回答 / the database does not answer: {type(exc).__name__}"
    return None


def file_problem(
    path: Path, *, statvfs: Callable[[Path], os.statvfs_result] = os.statvfs, handles: Path = _HANDLES
) -> str | None:
    """What is wrong with the SQLite database at `path`, which this process has open; None when nothing is.

    A file that was taken away, or another put in its place, would be read and written on unseen, and all of it lost at
    the next start: only the handles know (Linux; elsewhere a file that is missing is noticed alone).
    """
    if not path.is_file():
        return f"数据库文件不见了 / the database file is gone: {path}"
    real = os.path.realpath(path)
    lost = _deleted(handles).intersection(f"{real}{ending}" for ending in _FILES)
    if lost:
        return (
            f"数据库文件被删掉或换掉了，新内容存不住，请恢复备份后重启：{min(lost)} / this file of the database was "
            "deleted or replaced under the running process: restore a backup and start again"
        )
    disk = statvfs(path.parent)
    if disk.f_flag & os.ST_RDONLY:
        return f"磁盘是只读的，什么都存不了：{path.parent} / the disk is mounted read-only: nothing can be stored"
    if disk.f_bavail * disk.f_frsize < _FREE_BYTES:
        return f"磁盘满了，清理后再用：{path.parent} / the disk is full: less than {_FREE_BYTES >> 20} MiB are free"
    return None


def _deleted(handles: Path) -> set[str]:
    """Files that this process holds open and nobody else can find any more."""
    if not handles.is_dir():
        return set()
    found = set()
    for handle in handles.iterdir():
        try:
            target = os.readlink(handle)
        except OSError:  # closed meanwhile
            continue
        if target.endswith(" (deleted)"):
            found.add(target.removesuffix(" (deleted)"))
    return found

"""Opening SQLite or PostgreSQL so that a commit is on disk when it returns, and one writer at a time holds the lock.

SQLite: WAL, `synchronous=FULL` (the log is fsynced by every commit) and `BEGIN IMMEDIATE`. PostgreSQL: its default
`synchronous_commit=on`, and a transaction-wide advisory lock taken first, which gives the same one-writer order across
processes. So code under the lock may read, decide and write without a race.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from dialogue.errors import DialogueError

_ADVISORY_LOCK = 0x7A67_7569
"""Any number nobody else uses: "zgui" in ASCII."""
_BUSY_TIMEOUT_MS = 10_000
_POSTGRESQL = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""libpq's options: a server that is gone without a word (a cut cable) is noticed within half a minute."""
READERS = 4
"""Readers beside the one writer, each with a connection of its own."""


class DatabaseError(DialogueError):
    """The database cannot be opened, read or written; the text says which and why."""


class DatabaseBusyError(DatabaseError):
    """Another process held the write lock for too long, or too much work is waiting; try again."""


def open_engines(url: str) -> tuple[Engine, Engine]:
    """Returns the engine for the one writer and the engine for readers. Raises `DatabaseError` for an unknown URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise DatabaseError(
            "数据库地址写得不对 / the database URL is not a URL; give sqlite:///FILE or postgresql+psycopg://…"
        ) from exc
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        arguments: dict[str, Any] = {"connect_args": {"timeout": _BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}}
    elif backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        arguments = {"connect_args": _POSTGRESQL, "pool_pre_ping": True}
    else:
        raise DatabaseError(f"不支持数据库 {backend!r} / the database is not supported; use sqlite or postgresql")
    writer = create_engine(parsed, pool_size=1, max_overflow=0, **arguments)
    reader = create_engine(parsed, pool_size=READERS, max_overflow=0, **arguments)
    if backend == "sqlite":
        for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
            _tune_sqlite(engine, begin)
    else:
        event.listen(writer, "begin", _lock_postgresql)
    return writer, reader


def _tune_sqlite(engine: Engine, begin: str) -> None:
    def connect(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", start)


def _lock_postgresql(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = {_BUSY_TIMEOUT_MS}"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


@contextmanager
def translated() -> Iterator[None]:
    """Turns SQLAlchemy's errors into `DatabaseError`, without statement and parameters: they may be personal."""
    try:
        yield
    except OperationalError as exc:
        reason = str(exc.orig).strip().splitlines()[0] if str(exc.orig).strip() else type(exc.orig).__name__
        if "locked" in reason or "busy" in reason or "lock timeout" in reason:
            raise DatabaseBusyError(
                "数据库正被别的进程占着，请再试一次 / the database is held by another process; try again"
            ) from exc
        raise DatabaseError(f"数据库用不了 / the database cannot be used: {reason}") from exc
    except DBAPIError as exc:
        raise DatabaseError(
            f"数据库拒绝了一条语句 / the database refused a statement: {type(exc.orig).__name__}"
        ) from exc
    except SQLAlchemyError as exc:
        raise DatabaseError(f"数据库用不了 / the database cannot be used: {type(exc).__name__}") from exc

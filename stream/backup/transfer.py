"""Moving a shop's records to another database, as from SQLite to PostgreSQL: all tables, counted on both sides."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Integer, MetaData, Table, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from dialogue.database import migrate, open_engines
from dialogue.database.schema import metadata as records
from dialogue.store import system_ms
from knowledge.version.publication import metadata as knowledge
from stream.errors import StreamError
from stream.local_server import running_server
from stream.room.book import metadata as rooms
from stream.settings import Settings

_CHUNK = 1_000
ALL: tuple[MetaData, ...] = (records, rooms, knowledge)
"""Every table of the product."""


class TransferError(StreamError):
    """The other database is not empty or not reached, or somebody serves; nothing was moved."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did."""

    applied: tuple[int, ...]
    """Steps that were missing."""
    version: int
    """The newest step that is there now."""


def upgrade(settings: Settings) -> Migrated:
    """Brings the tables of the configured database up to date, making them where there are none. Blocking."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    writer, reader = open_engines(settings.resolved_database_url)
    try:
        with writer.begin() as connection:
            applied = migrate(connection, now_ms=system_ms())
            for metadata in (rooms, knowledge):
                metadata.create_all(connection)
            newest = connection.scalar(select(func.max(records.tables["schema_version"].c.version))) or 0
        return Migrated(applied, int(newest))
    finally:
        writer.dispose()
        reader.dispose()


def transfer(settings: Settings, url: str) -> dict[str, int]:
    """Copies every row into the empty database at `url`, in one transaction; returns rows by table. Blocking.

    Raises `TransferError`: the server runs, the other database holds something already or is not reached.
    """
    server = running_server(settings)
    if server is not None:
        raise TransferError(f"这个数据目录正在营业（{server.url}），先停下再搬 / stop the server first")
    if make_url(url).get_backend_name() not in ("sqlite", "postgresql"):
        raise TransferError("只能搬到 sqlite:///… 或 postgresql://… / give a sqlite or postgresql URL")
    upgrade(settings)
    source, _ = engines = open_engines(settings.resolved_database_url)
    target, _ = others = open_engines(url)
    try:
        with source.begin() as here, target.begin() as there:
            return _copy(here, there)
    except SQLAlchemyError as exc:
        raise TransferError(f"搬不过去，什么都没有动：{type(exc).__name__} / the other database refused") from exc
    finally:
        for engine in (*engines, *others):
            engine.dispose()


def _copy(here: Connection, there: Connection) -> dict[str, int]:
    tables = [table for metadata in ALL for table in metadata.sorted_tables]
    held = set(inspect(there).get_table_names())
    if taken := [table.name for table in tables if table.name in held and _count(there, table)]:
        raise TransferError(
            f"目标数据库里已经有数据（{'、'.join(taken[:3])}…），要一个空的 / the other one is not empty"
        )
    for metadata in ALL:
        metadata.create_all(there)
    moved: dict[str, int] = {}
    for table in tables:
        rows = here.execute(select(table)).mappings()
        while chunk := rows.fetchmany(_CHUNK):
            there.execute(table.insert(), [dict(row) for row in chunk])
        _count_on(there, table)
        moved[table.name] = _count(there, table)
        if moved[table.name] != _count(here, table):
            raise TransferError(f"{table.name} 的行数对不上，什么都没有动 / the rows do not match")
    return moved


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL numbers new rows after the highest one that came along."""
    if connection.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        if isinstance(column.type, Integer) and column.autoincrement in (True, "auto") and len(table.primary_key) == 1:
            name = connection.scalar(text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name})
            top = connection.scalar(select(func.max(column)))
            if name and top:
                connection.execute(text("SELECT setval(CAST(:name AS regclass), :top)"), {"name": name, "top": top})

"""Bringing a database to today's tables: numbered steps, each in the writer's transaction.

A fresh database gets today's tables at once and is stamped with every step; an older one runs the steps it lacks, in
order. A step is plain SQL that SQLite and PostgreSQL both understand. Steps are only ever added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select, text

from dialogue.database.schema import metadata, schema_version
from dialogue.errors import DialogueError


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the tables."""

    version: int
    name: str
    statements: tuple[str, ...]


STEPS: tuple[Step, ...] = (
    Step(1, "first tables", ()),
    Step(
        2,
        "what the model costs, and sealed secrets",
        (
            "CREATE TABLE spending (merchant VARCHAR(64) NOT NULL, day VARCHAR(10) NOT NULL, "
            "requests INTEGER NOT NULL, prompt_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT NULL, "
            "cost_micros BIGINT NOT NULL, "
            "PRIMARY KEY (merchant, day))",
            # SQLite takes any type name and keeps bytes as bytes.
            "CREATE TABLE secrets (name VARCHAR(128) NOT NULL PRIMARY KEY, value BYTEA NOT NULL, "
            "updated_at_ms BIGINT NOT NULL)",
        ),
    ),
    Step(
        3,
        "where a chat may be embedded, and platforms that are joined",
        (
            "ALTER TABLE merchants ADD COLUMN origins TEXT NOT NULL DEFAULT '[]'",
            # SQLite takes any type name and keeps bytes as bytes.
            "CREATE TABLE channels (merchant VARCHAR(64) NOT NULL, name VARCHAR(32) NOT NULL, config BYTEA NOT NULL, "
            "created_at_ms BIGINT NOT NULL, PRIMARY KEY (merchant, name))",
            "CREATE TABLE deliveries (conversation_id VARCHAR(64) NOT NULL PRIMARY KEY, merchant VARCHAR(64) NOT NULL, "
            "channel VARCHAR(32) NOT NULL, done_seq INTEGER NOT NULL, attempts INTEGER NOT NULL, "
            "next_at_ms BIGINT NOT NULL, leased_until_ms BIGINT NOT NULL, lost INTEGER NOT NULL, "
            "last_error TEXT NOT NULL)",
            "CREATE INDEX deliveries_due ON deliveries (next_at_ms)",
            "CREATE INDEX deliveries_by_channel ON deliveries (merchant, channel)",
        ),
    ),
)


class MigrationError(DialogueError):
    """The database was written by a newer release."""


def migrate(connection: Connection, *, now_ms: int, steps: Sequence[Step] = STEPS) -> tuple[int, ...]:
    """Brings the tables up to date inside the caller's transaction; returns the versions that were applied.

    Raises `MigrationError` when the database is newer than this release: nothing is touched then.
    """
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        for step in steps:
            _stamp(connection, step, now_ms)
        return tuple(step.version for step in steps)
    present = set(connection.scalars(select(schema_version.c.version)))
    newest = max(step.version for step in steps)
    if max(present, default=0) > newest:
        raise MigrationError(
            "数据库是更新的版本写的，请装新版 / "
            f"the database has tables of version {max(present)}, this release knows {newest}; install the newer release"
        )
    applied = []
    for step in sorted(steps, key=lambda step: step.version):
        if step.version not in present:
            for statement in step.statements:
                connection.execute(text(statement))
            _stamp(connection, step, now_ms)
            applied.append(step.version)
    return tuple(applied)


def _stamp(connection: Connection, step: Step, now_ms: int) -> None:
    connection.execute(schema_version.insert().values(version=step.version, name=step.name, applied_at_ms=now_ms))

"""Which version is live: one pointer per merchant in the database, and the story of how it moved.

Every change is one transaction that also checks what it starts from, so a crash leaves the old pointer or the new one
and two commands at a time cannot overwrite each other unseen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Column, Connection, DateTime, Integer, MetaData, String, Table, insert, select, update
from sqlalchemy.engine import Engine

from knowledge.errors import KnowledgeError

_MERCHANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

metadata = MetaData()
pointers = Table(
    "knowledge_pointers",
    metadata,
    Column("merchant", String(64), primary_key=True),
    Column("published", String(64), nullable=True),
    Column("draft", String(64), nullable=True),
    Column("numbers", Integer, nullable=False, default=0),
)
publications = Table(
    "knowledge_publications",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("merchant", String(64), nullable=False, index=True),
    Column("version", String(64), nullable=False),
    Column("previous", String(64), nullable=True),
    Column("action", String(16), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)


class PublicationError(KnowledgeError):
    """There is nothing to publish or to go back to, or another command was faster."""


def check_merchant(merchant: str) -> str:
    """The name itself; raises KnowledgeError for one that is no plain folder name."""
    if not _MERCHANT.fullmatch(merchant):
        raise KnowledgeError(f"商家名“{merchant[:64]}”不能用：只能是英文字母、数字、- 和 _，最多 64 个")
    return merchant


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a merchant's knowledge stands."""

    published: str | None = None
    draft: str | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """One move of the pointer."""

    version: str
    previous: str | None
    action: str
    """`publish` or `rollback`."""
    at: datetime


class Publications:
    """The pointers of all merchants; every method is one transaction."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._clock = clock

    def create_tables(self) -> None:
        """Make the two tables where they do not exist."""
        metadata.create_all(self._engine)

    def pointer(self, merchant: str) -> Pointer:
        """What is live and what is a draft; both None for a merchant who has added nothing."""
        with self._engine.connect() as connection:
            return _pointer(connection, merchant)

    def published(self, merchant: str) -> str | None:
        """The version that is live, or None."""
        with self._engine.connect() as connection:
            query = select(pointers.c.published).where(pointers.c.merchant == merchant)
            return connection.execute(query).scalar_one_or_none()

    def merchants(self) -> list[str]:
        """All merchants that have ever added anything."""
        with self._engine.connect() as connection:
            return list(connection.execute(select(pointers.c.merchant).order_by(pointers.c.merchant)).scalars())

    def next_number(self, merchant: str) -> int:
        """A number that no other version of this merchant has, counted from 1."""
        with self._engine.begin() as connection:
            _ensure(connection, merchant)
            connection.execute(
                update(pointers).where(pointers.c.merchant == merchant).values(numbers=pointers.c.numbers + 1)
            )
            query = select(pointers.c.numbers).where(pointers.c.merchant == merchant)
            return int(connection.execute(query).scalar_one())

    def stage(self, merchant: str, version: str | None, *, instead_of: str | None) -> None:
        """Make `version` the draft (None: no draft) if the draft still is `instead_of`."""
        with self._engine.begin() as connection:
            _ensure(connection, merchant)
            self._swap(
                connection, merchant, Pointer(_pointer(connection, merchant).published, instead_of), draft=version
            )

    def publish(self, merchant: str) -> Publication:
        """Make the draft live; raises PublicationError when there is none."""
        with self._engine.begin() as connection:
            held = _pointer(connection, merchant)
            if held.draft is None:
                raise PublicationError(f"商家 {merchant} 没有待发布的草稿：先用 knowledge add 添加文件")
            self._swap(connection, merchant, held, published=held.draft, draft=None)
            return self._note(connection, merchant, held.draft, held.published, "publish")

    def rollback(self, merchant: str, *, to: str | None = None) -> Publication:
        """Make the version before the live one live again, or the once published version `to`."""
        with self._engine.begin() as connection:
            held = _pointer(connection, merchant)
            story = _story(connection, merchant)
            if held.published is None:
                raise PublicationError(f"商家 {merchant} 还没有发布过，没有可以退回的版本")
            if to is None:
                to = next(
                    (p.previous for p in reversed(story) if p.action == "publish" and p.version == held.published), None
                )
                if to is None:
                    raise PublicationError(f"{held.published} 是第一个发布的版本，没有更早的版本可以退回")
            elif to == held.published:
                raise PublicationError(f"{to} 就是现在发布的版本")
            elif to not in {publication.version for publication in story}:
                raise PublicationError(f"没有发布过版本 {to}：用 knowledge list --versions 查看")
            self._swap(connection, merchant, held, published=to)
            return self._note(connection, merchant, to, held.published, "rollback")

    def story(self, merchant: str) -> list[Publication]:
        """All moves of the pointer, oldest first."""
        with self._engine.connect() as connection:
            return _story(connection, merchant)

    def _swap(self, connection: Connection, merchant: str, held: Pointer, **values: str | None) -> None:
        changed = connection.execute(
            update(pointers)
            .where(
                pointers.c.merchant == merchant,
                pointers.c.published.is_not_distinct_from(held.published),
                pointers.c.draft.is_not_distinct_from(held.draft),
            )
            .values(**values)
        )
        if changed.rowcount != 1:
            raise PublicationError(f"商家 {merchant} 的知识刚刚被另一个命令改动：请重新执行")

    def _note(
        self, connection: Connection, merchant: str, version: str, previous: str | None, action: str
    ) -> Publication:
        at = self._clock()
        connection.execute(
            insert(publications).values(merchant=merchant, version=version, previous=previous, action=action, at=at)
        )
        return Publication(version, previous, action, at)


def _pointer(connection: Connection, merchant: str) -> Pointer:
    row = connection.execute(
        select(pointers.c.published, pointers.c.draft).where(pointers.c.merchant == merchant)
    ).one_or_none()
    return Pointer() if row is None else Pointer(row.published, row.draft)


def _story(connection: Connection, merchant: str) -> list[Publication]:
    rows = connection.execute(
        select(publications).where(publications.c.merchant == merchant).order_by(publications.c.id)
    )
    return [Publication(row.version, row.previous, row.action, row.at) for row in rows]


def _ensure(connection: Connection, merchant: str) -> None:
    if connection.execute(select(pointers.c.merchant).where(pointers.c.merchant == merchant)).one_or_none() is None:
        connection.execute(insert(pointers).values(merchant=merchant, numbers=0))

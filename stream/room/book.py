"""The rooms a merchant has set up: a small table beside the leads, so that a restart opens the same rooms again.

Push addresses hold keys with which anybody could go live in the merchant's name. So they stand sealed in the store's
secrets, and the column `push_url`, in which earlier releases wrote them plainly, is emptied when the book is opened.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    MetaData,
    Row,
    String,
    Table,
    Text,
    false,
    inspect,
    select,
    text,
)

from dialogue.database import Transaction
from dialogue.store import Store, put_secret, read_secrets
from stream.errors import StreamError
from stream.output.push_address import masked

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")

metadata = MetaData()
rooms = Table(
    "rooms",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("host", String(64), nullable=False),
    Column("voice", Text, nullable=False),
    Column("background", Text, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("push_url", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("own_process", Boolean, nullable=False, server_default=false()),
)


class RoomError(StreamError):
    """No such room, or one that may not be made; the text says how to mend it."""


@dataclass(frozen=True, slots=True)
class RoomSpec:
    """How a room is staffed."""

    name: str
    merchant: str
    host: str = "xiaoqi"
    """A host of `zhanggui avatar list`."""
    voice: str = ""
    """`kokoro:zf_xiaobei`, …; empty takes the server's, or the host's own."""
    background: str = ""
    running: bool = True
    """Whether `serve` opens it."""
    push_url: str = ""
    """Where the room goes besides its viewers, parted by spaces: RTMP(S) or WHIP addresses, `hls`, `record`. Addresses
    hold keys and are never shown whole."""
    own_process: bool = False
    """Whether it runs in a process of its own: what goes wrong there touches no other room."""

    def to_json(self) -> dict[str, object]:
        """For listings; the push address without its key."""
        shown = asdict(self)
        shown["push_url"] = " ".join(masked(target) if "://" in target else target for target in self.push_url.split())
        return shown


def outlets(spec: RoomSpec) -> dict[str, str]:
    """The room's outputs, name to target; HLS and recording go by their own names."""
    return {
        target if target in ("hls", "record") else f"push{number}": target
        for number, target in enumerate(spec.push_url.split(), 1)
    }


class RoomBook:
    """Rooms of all merchants in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self) -> None:
        """Make the table where it is missing, and what came later: a column, a longer one, sealed push addresses."""

        def work(tx: Transaction) -> None:
            metadata.create_all(tx.connection)
            columns = {column["name"]: column["type"] for column in inspect(tx.connection).get_columns("rooms")}
            if "own_process" not in columns:
                tx.connection.execute(text("ALTER TABLE rooms ADD COLUMN own_process BOOLEAN NOT NULL DEFAULT FALSE"))
            # 64 characters once, which SQLite does not mind: the path of a picture may be longer.
            if getattr(columns["background"], "length", None) and tx.connection.dialect.name == "postgresql":
                tx.connection.execute(text("ALTER TABLE rooms ALTER COLUMN background TYPE TEXT"))
            for row in list(tx.connection.execute(select(rooms).where(rooms.c.push_url != ""))):
                put_secret(tx, _secret(row.name), row.push_url)
                tx.connection.execute(rooms.update().where(rooms.c.name == row.name).values(push_url=""))

        await self._store.write(work)

    async def rooms(self, merchant: str | None = None) -> list[RoomSpec]:
        """All rooms by name."""

        def work(tx: Transaction) -> list[RoomSpec]:
            query = select(rooms).order_by(rooms.c.name)
            if merchant is not None:
                query = query.where(rooms.c.merchant == merchant)
            return _specs(tx, list(tx.connection.execute(query)))

        return await self._store.read(work)

    async def create(self, spec: RoomSpec) -> RoomSpec:
        """Add a room. Raises `RoomError` for an unusable name or one in use."""
        if not _NAME.fullmatch(spec.name):
            raise RoomError(
                f"直播间不能叫 {spec.name[:80]!r}：用小写字母、数字、- 和 _，最多 63 个 / "
                "a room's name takes a-z, 0-9, - and _, at most 63"
            )

        def work(tx: Transaction) -> bool:
            if _find(tx.connection, spec.name) is not None:
                return False
            _insert(tx, spec)
            return True

        if not await self._store.write(work):
            raise RoomError(f"直播间 {spec.name} 已经有了，换个名字 / there is a room {spec.name!r} already")
        return spec

    async def ensure(self, spec: RoomSpec) -> RoomSpec:
        """The room of this name, made if it is not there yet."""

        def work(tx: Transaction) -> RoomSpec:
            row = _find(tx.connection, spec.name)
            if row is not None:
                return _specs(tx, [row])[0]
            _insert(tx, spec)
            return spec

        return await self._store.write(work)

    async def set_running(
        self, name: str, running: bool, *, own_process: bool | None = None, push_url: str | None = None
    ) -> RoomSpec:
        """Remember whether `serve` opens the room, where, and where to it is pushed (None: as before).

        Raises `RoomError` without such a room.
        """

        def work(tx: Transaction) -> RoomSpec | None:
            row = _find(tx.connection, name)
            if row is None:
                return None
            apart = bool(row.own_process) if own_process is None else own_process
            tx.connection.execute(rooms.update().where(rooms.c.name == name).values(running=running, own_process=apart))
            if push_url is not None:
                put_secret(tx, _secret(name), push_url)
            return replace(_specs(tx, [row])[0], running=running, own_process=apart)

        spec = await self._store.write(work)
        if spec is None:
            raise RoomError(f"没有直播间 {name}，看看 zhanggui room list / there is no such room")
        return spec


def _find(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(rooms).where(rooms.c.name == name)).one_or_none()


def _insert(tx: Transaction, spec: RoomSpec) -> None:
    columns = {**asdict(spec), "push_url": ""}
    tx.connection.execute(rooms.insert().values(**columns, created_at_ms=tx.now_ms))
    put_secret(tx, _secret(spec.name), spec.push_url)


def _secret(room: str) -> str:
    return f"room/{room}/push"


def _specs(tx: Transaction, rows: Sequence[Row[Any]]) -> list[RoomSpec]:
    pushes = read_secrets(tx, [_secret(row.name) for row in rows])
    return [
        RoomSpec(
            row.name,
            row.merchant,
            row.host,
            row.voice,
            row.background,
            bool(row.running),
            pushes.get(_secret(row.name), ""),
            bool(row.own_process),
        )
        for row in rows
    ]

"""The store: an async face over one database. What it has acknowledged is on disk."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine

from dialogue.access import Registry
from dialogue.database import DatabaseError, KeyRing, Writer, migrate, open_engines, translated
from dialogue.database.engine import READERS
from dialogue.database.transaction import Transaction
from dialogue.errors import DialogueError
from dialogue.lead.asking import AskingPolicy
from dialogue.store import journal, reception
from dialogue.store.book import LeadBook, Policies
from dialogue.store.outbox import Outbox
from dialogue.store.platforms import Platforms
from dialogue.store.reception import TEXT_LIMIT, MessageTooLongError
from dialogue.store.rows import ConversationRow, Received, StoredEvent
from dialogue.store.spending import SpendingBook

Result = TypeVar("Result")


def system_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Store:
    """Conversations, their events, and the leads found in them. Several processes may open one database.

    Use `async with await Store.open(data_dir) as store:`. A write returns after its synced commit; when more than 4,096
    writes wait, or another process holds the lock for over ten seconds, `DatabaseBusyError` is raised and nothing kept.
    """

    def __init__(
        self, writer: Engine, reader: Engine, ring: KeyRing, *, clock_ms: Callable[[], int], policies: Policies
    ) -> None:
        self._writer_engine, self._reader_engine = writer, reader
        self._ring = ring
        self._clock_ms = clock_ms
        self._writer = Writer(writer, prepare=ring.refresh)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="zhanggui-reader")
        self._policies = policies
        self.access = Registry(self.read, self.write)
        self.outbox = Outbox(self.read, self.write)
        self.spending = SpendingBook(self.read, self.write)
        self.platforms = Platforms(self.read, self.write)
        self.leads = LeadBook(self.read, self.write, policies=policies, changed=self.outbox.filled.set)

    @classmethod
    async def open(
        cls,
        data_dir: Path,
        *,
        database_url: str | None = None,
        key_file: Path | None = None,
        clock_ms: Callable[[], int] = system_ms,
        policies: Policies | None = None,
    ) -> Self:
        """Opens `{data_dir}/zhanggui.db` (or `database_url`), making or upgrading its tables and its key file.

        `policies` gives a merchant's asking policy; by default `{data_dir}/policies/{merchant}.json`, read when asked.
        Raises `DatabaseError`, `MigrationError` or `KeyRingError`, each with one line that says what to do.
        """
        if policies is None:

            def policies(merchant: str) -> AskingPolicy:
                return AskingPolicy.read(data_dir / "policies" / f"{merchant}.json")

        return await asyncio.to_thread(cls._open, data_dir, database_url, key_file, clock_ms, policies)

    @classmethod
    def _open(
        cls,
        data_dir: Path,
        database_url: str | None,
        key_file: Path | None,
        clock_ms: Callable[[], int],
        policies: Policies,
    ) -> Self:
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise DatabaseError(
                f"数据文件夹 {data_dir} 建不了，换一个 / data folder cannot be made ({exc.strerror}); choose another"
            ) from exc
        ring = KeyRing.open(key_file or data_dir / "keys" / "contacts.key")
        writer, reader = open_engines(database_url or f"sqlite:///{_private_file(data_dir / 'zhanggui.db')}")
        try:
            with translated(), writer.begin() as connection:
                migrate(connection, now_ms=clock_ms())
        except DialogueError:
            writer.dispose()
            reader.dispose()
            raise
        return cls(writer, reader, ring, clock_ms=clock_ms, policies=policies)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Writes what is queued and closes the database. May be called twice."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        self._writer_engine.dispose()
        self._reader_engine.dispose()

    async def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Runs `work` in the writer's transaction; returns after the synced commit. For this package's own parts."""

        def job(connection: Connection) -> Result:
            return work(Transaction(connection, self._ring, self._clock_ms()))

        return await asyncio.wrap_future(self._writer.submit(job))

    async def read(self, work: Callable[[Transaction], Result]) -> Result:
        """Runs `work` on a reader, beside the writer. For this package's own parts."""

        def job() -> Result:
            with translated(), self._reader_engine.connect() as connection:
                return work(Transaction(connection, self._ring, self._clock_ms()))

        try:
            running = asyncio.get_running_loop().run_in_executor(self._readers, job)
        except RuntimeError as exc:
            raise DatabaseError("the database is closed") from exc
        return await running

    async def open_conversation(
        self, *, merchant: str, channel: str, visitor: str, conversation_id: str | None = None
    ) -> ConversationRow:
        """Starts a conversation, or returns the one with this id.

        Raises `UnknownConversationError` when the id belongs to another merchant or visitor.
        """
        variant = self._policies(merchant).variant(visitor)
        return await self.write(
            lambda tx: journal.open_conversation(
                tx,
                merchant=merchant,
                channel=channel,
                visitor=visitor,
                variant=variant,
                conversation_id=conversation_id,
            )
        )

    async def conversation(self, conversation_id: str) -> ConversationRow | None:
        """The conversation, or None."""
        return await self.read(lambda tx: journal.find_conversation(tx, conversation_id))

    async def conversations(
        self, merchant: str, *, state: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[ConversationRow]:
        """The merchant's conversations, the last active first."""
        return await self.read(
            lambda tx: journal.list_conversations(tx, merchant, state=state, limit=limit, offset=offset)
        )

    async def receive(self, conversation_id: str, *, client_id: str, text: str) -> Received:
        """Stores a customer's message and the lead found in it, in one synced commit. The same `client_id`: once.

        Raises `UnknownConversationError`, `MessageTooLongError` (over 8,000 code points), `DatabaseBusyError`.
        """
        if len(text) > TEXT_LIMIT:
            raise MessageTooLongError(f"the message has {len(text)} characters; at most {TEXT_LIMIT} are taken")
        received = await self.write(lambda tx: reception.receive(tx, conversation_id, client_id=client_id, text=text))
        if received.lead is not None:
            self.outbox.filled.set()
        return received

    async def append(
        self, conversation_id: str, *, kind: str, payload: Mapping[str, Any], client_id: str | None = None
    ) -> int:
        """Stores any other event (the bot's or operator's message, retract, lead_form, handoff …); returns its `seq`.

        `payload` is a JSON object. Put `role` (`bot`, `operator`) and, for an answer, `decision` (of `Done`) into it:
        the funnel counts them; with `shown_at_ms`, when its first words were seen, it counts as answered then. With
        a `client_id` it is stored once. Raises `UnknownConversationError`.
        """
        return await self.write(
            lambda tx: journal.append(tx, conversation_id, kind=kind, payload=payload, client_id=client_id)
        )

    async def events_after(self, conversation_id: str, after_seq: int, *, limit: int = 500) -> list[StoredEvent]:
        """Events above `after_seq`, in order. A customer's message is `message{role: visitor, text, client_id}`."""
        return await self.read(lambda tx: journal.events_after(tx, conversation_id, after_seq, limit=limit))

    async def set_state(self, conversation_id: str, state: str) -> None:
        """Sets the hand-off state: `bot`, `requested`, `human`, `callback`, `closed`."""
        await self.write(lambda tx: journal.set_values(tx, conversation_id, {"state": state}))

    async def set_product(self, conversation_id: str, product: str | None) -> None:
        """Remembers which product is talked about; a lead found later carries it."""
        await self.write(lambda tx: journal.set_values(tx, conversation_id, {"product": product}))

    async def add_cost(self, conversation_id: str, cost_micros: int) -> None:
        """Adds what a model call cost, in millionths of the currency."""
        await self.write(lambda tx: journal.add_cost(tx, conversation_id, cost_micros))


def _private_file(path: Path) -> Path:
    """Makes the database's file readable by its owner only, before SQLite makes it for everybody."""
    try:
        # A file that is there is not opened: closing it would drop the locks that SQLite holds on it in this process
        # (https://sqlite.org/howtocorrupt.html section 2.2), and the next command would take the log away under it.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as exc:
        raise DatabaseError(
            f"数据库 {path} 打不开 / database cannot be opened ({exc.strerror}); mend the folder's rights"
        ) from exc
    return path

"""Conversations and events, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from dialogue.database import DatabaseBusyError, DatabaseError, MigrationError, Writer, migrate, open_engines
from dialogue.database.migration import STEPS, Step
from dialogue.database.transaction import Transaction
from dialogue.store import MessageTooLongError, Store, UnknownConversationError
from dialogue.store.vault import put_secret, read_secrets
from tests.dialogue.databases import Clock


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("zhanggui.db*"))


async def talk(store: Store, visitor: str = "v1", merchant: str = "demo") -> str:
    return (await store.open_conversation(merchant=merchant, channel="chat", visitor=visitor)).id


async def test_events_have_one_growing_number_per_conversation(any_store: Store) -> None:
    first, second = await talk(any_store), await talk(any_store, "v2")
    assert (await any_store.receive(first, client_id="a", text="你好")).seq == 1
    assert await any_store.append(first, kind="message", payload={"role": "bot", "text": "您好"}) == 2
    assert (await any_store.receive(second, client_id="a", text="在吗")).seq == 1
    assert (await any_store.receive(first, client_id="b", text="有货吗")).seq == 3
    events = await any_store.events_after(first, 1)
    assert [(one.seq, one.kind, one.payload["text"]) for one in events] == [
        (2, "message", "您好"),
        (3, "message", "有货吗"),
    ]


async def test_a_client_id_sent_again_is_stored_once(any_store: Store) -> None:
    conversation = await talk(any_store)
    first = await any_store.receive(conversation, client_id="a", text="电话13812346021")
    again = await any_store.receive(conversation, client_id="a", text="电话13812346021")
    assert (first.seq, first.duplicate) == (1, False)
    assert (again.seq, again.duplicate, again.lead) == (1, True, first.lead)
    assert len(await any_store.events_after(conversation, 0)) == 1
    assert len(await any_store.leads.list("demo")) == 1


async def test_many_writers_at_once_leave_no_gap_and_no_double(any_store: Store) -> None:
    conversation = await talk(any_store)
    results = await asyncio.gather(
        *(
            any_store.receive(conversation, client_id=f"m{index % 60}", text=f"第 {index % 60} 条")
            for index in range(120)
        )
    )
    assert sorted({one.seq for one in results}) == list(range(1, 61))
    assert sum(one.duplicate for one in results) == 60


async def test_two_processes_share_one_sequence(tmp_path: Path, database_url: str | None, clock: Clock) -> None:
    async with (
        await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as one,
        await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as other,
    ):
        conversation = await talk(one)
        await asyncio.gather(
            *(
                (one, other)[index % 2].receive(conversation, client_id=f"m{index}", text=f"1380000{index:04d}")
                for index in range(40)
            )
        )
        assert [event.seq for event in await other.events_after(conversation, 0)] == list(range(1, 41))
        assert len(await one.leads.list("demo")) == 1


async def test_what_was_stored_is_there_after_opening_again(
    tmp_path: Path, database_url: str | None, clock: Clock
) -> None:
    async with await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as store:
        conversation = await talk(store)
        await store.receive(conversation, client_id="a", text="微信zhang_san88")
    async with await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as store:
        again = await store.open_conversation(
            merchant="demo", channel="chat", visitor="v1", conversation_id=conversation
        )
        assert (again.last_seq, again.lead_id is not None) == (1, True)
        assert [lead.contacts[0].value for lead in await store.leads.list("demo")] == ["zha****an88"]


async def test_another_visitors_conversation_is_unknown(any_store: Store) -> None:
    conversation = await talk(any_store)
    with pytest.raises(UnknownConversationError):
        await any_store.open_conversation(merchant="demo", channel="chat", visitor="v2", conversation_id=conversation)
    with pytest.raises(UnknownConversationError):
        await any_store.receive("conv_none", client_id="a", text="你好")
    with pytest.raises(UnknownConversationError):
        await any_store.set_state("conv_none", "human")


async def test_a_failing_write_fails_alone(any_store: Store) -> None:
    conversation = await talk(any_store)
    results = await asyncio.gather(
        any_store.receive(conversation, client_id="a", text="你好"),
        any_store.receive("conv_none", client_id="b", text="你好"),
        any_store.receive(conversation, client_id="c", text="在吗"),
        return_exceptions=True,
    )
    assert isinstance(results[1], UnknownConversationError)
    assert [event.seq for event in await any_store.events_after(conversation, 0)] == [1, 2]


async def test_a_message_that_is_too_long_is_refused(store: Store) -> None:
    conversation = await talk(store)
    with pytest.raises(MessageTooLongError, match="8000"):
        await store.receive(conversation, client_id="a", text="长" * 8001)
    assert await store.events_after(conversation, 0) == []


async def test_unpaired_surrogates_and_nulls_are_kept(any_store: Store) -> None:
    conversation = await talk(any_store)
    await any_store.receive(conversation, client_id="a", text="a\ud800b\x00c")
    assert (await any_store.events_after(conversation, 0))[0].payload["text"] == "a\ud800b\x00c"


async def test_state_and_product_are_remembered(any_store: Store, clock: Clock) -> None:
    conversation = await talk(any_store)
    clock.forward(seconds=5)
    await any_store.set_state(conversation, "human")
    await any_store.set_product(conversation, "SOFA-1")
    row = await any_store.conversation(conversation)
    assert row is not None
    assert (row.state, row.product, row.updated_at_ms - row.created_at_ms) == ("human", "SOFA-1", 5000)
    assert [one.id for one in await any_store.conversations("demo", state="human")] == [conversation]
    assert await any_store.conversations("demo", state="bot") == []


async def test_no_word_of_the_customer_is_readable_in_the_files(tmp_path: Path, clock: Clock) -> None:
    async with await Store.open(tmp_path, clock_ms=clock) as store:
        conversation = await talk(store)
        await store.receive(conversation, client_id="a", text="我叫李雷，电话13812346021，邮箱lilei@example.com")
        await store.append(conversation, kind="message", payload={"role": "bot", "text": "记下了13812346021"})
        raw = all_bytes(tmp_path)
    for secret in ("13812346021", "lilei", "李雷", "记下了"):
        assert secret.encode() not in raw
    assert (tmp_path / "keys" / "contacts.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "zhanggui.db").stat().st_mode & 0o777 == 0o600


async def test_sqlite_runs_in_wal_mode_and_syncs_fully(store: Store, tmp_path: Path) -> None:
    modes = await store.write(
        lambda tx: [
            tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]
    )
    assert modes == ["wal", 2]


async def test_a_lock_held_by_another_process_is_reported(
    tmp_path: Path, database_url: str | None, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialogue.database.engine._BUSY_TIMEOUT_MS", 50)
    async with await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as store:
        conversation = await talk(store)
        engines = open_engines(database_url or f"sqlite:///{tmp_path / 'zhanggui.db'}")
        with engines[0].begin():
            with pytest.raises(DatabaseBusyError):
                await store.receive(conversation, client_id="a", text="你好")
        assert len(await store.events_after(conversation, 0)) == 0
        assert (await store.receive(conversation, client_id="a", text="你好")).seq == 1
        for engine in engines:
            engine.dispose()


async def test_a_damaged_database_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "zhanggui.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(DatabaseError) as caught:
        await Store.open(tmp_path)
    assert "\n" not in str(caught.value)


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    await store.aclose()
    await store.aclose()
    with pytest.raises(DatabaseError, match="closed"):
        await store.leads.list("demo")
    with pytest.raises(DatabaseError, match="closed"):
        await store.receive("conv_1", client_id="a", text="你好")


async def test_an_unknown_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="mysql"):
        await Store.open(tmp_path, database_url="mysql://localhost/x")
    with pytest.raises(DatabaseError, match="URL"):
        await Store.open(tmp_path, database_url="no url")


def test_a_closed_writer_refuses_and_closes_twice(tmp_path: Path) -> None:
    writer_engine, reader_engine = open_engines(f"sqlite:///{tmp_path / 'a.db'}")
    writer = Writer(writer_engine, prepare=lambda: None)
    assert writer.submit(lambda connection: connection.scalar(text("SELECT 1"))).result(10) == 1
    writer.close()
    writer.close()
    with pytest.raises(DatabaseError, match="closed"):
        writer.submit(lambda connection: None)
    writer_engine.dispose()
    reader_engine.dispose()


def test_a_commit_that_fails_is_told_to_all_and_not_run_again(tmp_path: Path) -> None:
    writer_engine, reader_engine = open_engines(f"sqlite:///{tmp_path / 'a.db'}")
    disk_full = False
    runs = 0
    started, go = Event(), Event()

    def hold(connection: Connection) -> None:
        started.set()
        go.wait(30)

    def job(connection: Connection) -> None:
        nonlocal runs
        runs += 1

    def commit(connection: Connection) -> None:
        if disk_full and runs:
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))

    event.listen(writer_engine, "commit", commit)
    writer = Writer(writer_engine, prepare=lambda: None)
    first = writer.submit(hold)
    started.wait(30)
    together = [writer.submit(job) for _ in range(3)]
    disk_full = True
    go.set()
    first.result(30)
    for one in together:
        with pytest.raises(DatabaseError, match="full"):
            one.result(30)
    assert runs == 3
    disk_full = False
    writer.submit(job).result(30)
    writer.close()
    writer_engine.dispose()
    reader_engine.dispose()


def test_a_full_queue_refuses_instead_of_growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialogue.database.writer._QUEUE_LIMIT", 2)
    started, go = Event(), Event()

    def slow(connection: Connection) -> None:
        started.set()
        go.wait(30)

    writer_engine, reader_engine = open_engines(f"sqlite:///{tmp_path / 'a.db'}")
    writer = Writer(writer_engine, prepare=lambda: None)
    first = writer.submit(slow)
    started.wait(30)
    waiting = [writer.submit(lambda connection: 1) for _ in range(2)]
    with pytest.raises(DatabaseBusyError):
        writer.submit(lambda connection: 1)
    go.set()
    assert first.result(30) is None
    assert [one.result(30) for one in waiting] == [1, 1]
    writer.close()
    writer_engine.dispose()
    reader_engine.dispose()


async def test_an_older_database_runs_only_the_steps_it_lacks(store: Store) -> None:
    later = (*STEPS, Step(99, "a colour", ("ALTER TABLE merchants ADD COLUMN colour TEXT",)))
    assert await store.write(lambda tx: migrate(tx.connection, now_ms=tx.now_ms, steps=later)) == (99,)
    assert await store.write(lambda tx: migrate(tx.connection, now_ms=tx.now_ms, steps=later)) == ()
    columns = await store.read(lambda tx: list(tx.connection.execute(text("SELECT colour FROM merchants"))))
    assert columns == []


async def test_tables_of_the_first_release_get_what_they_lack(any_store: Store) -> None:
    def back(tx: Transaction) -> None:
        for statement in ("DROP TABLE spending", "DROP TABLE secrets", "DELETE FROM schema_version WHERE version = 2"):
            tx.connection.execute(text(statement))

    await any_store.write(back)
    assert await any_store.write(lambda tx: migrate(tx.connection, now_ms=tx.now_ms)) == (2,)
    await any_store.write(lambda tx: put_secret(tx, "room/a/push", "rtmp://x/key"))
    assert await any_store.read(lambda tx: read_secrets(tx, ["room/a/push", "none"])) == {"room/a/push": "rtmp://x/key"}
    assert await any_store.spending.days() == []


async def test_a_newer_database_is_not_touched(tmp_path: Path, clock: Clock) -> None:
    async with await Store.open(tmp_path, clock_ms=clock) as store:
        later = (*STEPS, Step(99, "from the future", ()))
        await store.write(lambda tx: migrate(tx.connection, now_ms=tx.now_ms, steps=later))
    with pytest.raises(MigrationError, match="99"):
        await Store.open(tmp_path)

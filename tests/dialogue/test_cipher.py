"""The key ring: what it seals, what it refuses, and changing the key while customers write."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary

from dialogue.database import KeyRing, KeyRingError
from dialogue.database.schema import metadata
from dialogue.lead.rotation import SEALED
from dialogue.store import Store
from tests.dialogue.databases import Clock


def test_what_is_sealed_opens_only_with_its_key_and_context(tmp_path: Path) -> None:
    ring, other = KeyRing.open(tmp_path / "a.key"), KeyRing.open(tmp_path / "b.key")
    sealed = ring.seal(b"13812346021", context="contacts.value")
    assert b"13812346021" not in sealed
    assert sealed != ring.seal(b"13812346021", context="contacts.value")
    assert ring.open_sealed(sealed, context="contacts.value") == b"13812346021"
    for damaged, context in (
        (sealed, "leads.profile"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), "contacts.value"),
        (sealed[:10], "contacts.value"),
        (b"", "contacts.value"),
    ):
        with pytest.raises(KeyRingError):
            ring.open_sealed(damaged, context=context)
    with pytest.raises(KeyRingError, match="backup"):
        other.open_sealed(sealed, context="contacts.value")


def test_the_lookup_hash_depends_on_the_key(tmp_path: Path) -> None:
    ring, other = KeyRing.open(tmp_path / "a.key"), KeyRing.open(tmp_path / "b.key")
    assert ring.lookup("phone:1") == KeyRing.open(tmp_path / "a.key").lookup("phone:1")
    assert ring.lookup("phone:1") != other.lookup("phone:1")
    assert ring.lookup("phone:1") != ring.lookup("phone:2")


def test_the_key_file_is_the_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "contacts.key"
    KeyRing.open(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(KeyRingError, match="chmod 600"):
        KeyRing.open(path)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"active": "x", "keys": {}}', '{"active":"12345678","keys":{"12345678":"AA=="}}']
)
def test_a_damaged_key_file_is_reported_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "contacts.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyRingError, match="backup"):
        KeyRing.open(path)
    assert path.read_text() == content


def test_two_processes_that_make_the_ring_at_once_share_one(tmp_path: Path) -> None:
    path = tmp_path / "contacts.key"
    rings = [KeyRing.open(path) for _ in range(3)]
    assert len({ring.active for ring in rings}) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["contacts.key"]


def test_a_ring_notices_a_key_added_elsewhere(tmp_path: Path) -> None:
    ring, other = KeyRing.open(tmp_path / "a.key"), KeyRing.open(tmp_path / "a.key")
    fresh = other.add_key()
    sealed = other.seal(b"x", context="c")
    assert ring.open_sealed(sealed, context="c") == b"x"
    assert ring.active == fresh
    assert len(ring.lookups("phone:1")) == 2
    other.drop_others()
    ring.refresh()
    assert ring.ids == (fresh,)


async def test_rotation_while_another_process_writes_loses_and_doubles_nothing(
    tmp_path: Path, database_url: str | None, clock: Clock
) -> None:
    key = tmp_path / "keys" / "contacts.key"
    async with (
        await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as server,
        await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as command,
    ):
        talks = []
        for index in range(10):
            row = await server.open_conversation(merchant="demo", channel="chat", visitor=f"v{index}")
            await server.receive(row.id, client_id="a", text=f"电话1381234{index:04d}")
            talks.append(row.id)
        before = KeyRing.open(key).active

        async def keep_writing() -> None:
            for index, conversation in enumerate(talks):
                await server.receive(conversation, client_id="b", text=f"再说一次1381234{index:04d}")

        changed, _ = await asyncio.gather(command.leads.rotate_key(actor="owner"), keep_writing())
        assert changed >= 30
        for index, conversation in enumerate(talks):
            await server.receive(conversation, client_id="c", text=f"还是1381234{index:04d}")
        ring = KeyRing.open(key)
        assert ring.active != before and ring.ids == (ring.active,)
        rows = await server.leads.list("demo")
        clear = await server.leads.reveal("demo", [row.id for row in rows], actor="t")
        assert sorted(contact.value for row in clear for contact in row.contacts) == [
            f"1381234{index:04d}" for index in range(10)
        ]
        assert len(await server.events_after(talks[0], 0)) == 3


def test_a_row_read_before_the_end_of_a_rotation_still_opens(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys" / "contacts.key")
    held = ring.seal(b"13812346021", context="contacts.value")
    ring.add_key()
    ring.drop_others()
    assert ring.open_sealed(held, context="contacts.value") == b"13812346021"
    with pytest.raises(KeyRingError, match="lacks"):
        KeyRing.open(ring.path).open_sealed(held, context="contacts.value")


async def test_a_rotation_that_was_broken_off_is_finished_by_the_next(store: Store, tmp_path: Path) -> None:
    row = await store.open_conversation(merchant="demo", channel="chat", visitor="v1")
    await store.receive(row.id, client_id="a", text="电话13812346021")
    await store.write(lambda tx: tx.ring.add_key())
    again = await store.open_conversation(merchant="demo", channel="chat", visitor="v2")
    await store.receive(again.id, client_id="a", text="电话13812346021")
    assert len(await store.leads.list("demo")) == 1
    await store.leads.rotate_key(actor="owner")
    assert len(KeyRing.open(tmp_path / "keys" / "contacts.key").ids) == 1
    assert await store.leads.erase_contact("demo", "13812346021", actor="owner") == 1


async def test_without_its_key_a_database_tells_so(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        row = await store.open_conversation(merchant="demo", channel="chat", visitor="v1")
        await store.receive(row.id, client_id="a", text="电话13812346021")
    os.unlink(tmp_path / "keys" / "contacts.key")
    async with await Store.open(tmp_path) as store:
        with pytest.raises(KeyRingError, match="backup"):
            await store.leads.list("demo")


def test_every_column_of_bytes_is_sealed_and_rotated() -> None:
    columns = {column for table in metadata.tables.values() for column in table.columns}
    assert {column for column in columns if isinstance(column.type, LargeBinary)} == set(SEALED)

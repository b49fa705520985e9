"""Rooms over a restart, and their push keys: sealed, moved out of old rows, rotated."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from dialogue.store import Store
from stream.room.book import RoomBook, RoomError, RoomSpec

KEY = "rtmp://push.example/app/stream-key-9f3a"


def on_disk(folder: Path) -> bytes:
    """Every byte of the database, its log included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("zhanggui.db*")))


async def test_a_push_key_is_nowhere_in_the_file_and_comes_back_whole(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        book = RoomBook(store)
        await book.open()
        await book.create(RoomSpec("evening", "shop", push_url=KEY))
        await book.ensure(RoomSpec("morning", "shop"))
    assert b"stream-key-9f3a" not in on_disk(tmp_path)
    async with await Store.open(tmp_path) as store:
        specs = {spec.name: spec for spec in await RoomBook(store).rooms("shop")}
        assert specs["evening"].push_url == KEY and specs["morning"].push_url == ""
        assert (await RoomBook(store).set_running("evening", False)).push_url == KEY
        assert (await RoomBook(store).ensure(RoomSpec("evening", "shop"))).push_url == KEY
        assert (await RoomBook(store).set_running("morning", True, push_url=KEY)).push_url == KEY
        assert (await RoomBook(store).set_running("morning", True, push_url="")).push_url == ""
        with pytest.raises(RoomError):
            await RoomBook(store).create(RoomSpec("evening", "shop"))


async def test_a_plain_key_of_an_earlier_release_is_sealed_when_the_book_is_opened(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        book = RoomBook(store)
        await book.open()
        await book.create(RoomSpec("evening", "shop"))
        plain = text("UPDATE rooms SET push_url = :key").bindparams(key=KEY)
        await store.write(lambda tx: tx.connection.execute(plain).rowcount)
    assert b"stream-key-9f3a" in on_disk(tmp_path)
    async with await Store.open(tmp_path) as store:
        book = RoomBook(store)
        await book.open()
        assert [spec.push_url for spec in await book.rooms()] == [KEY]
    assert b"stream-key-9f3a" not in on_disk(tmp_path)


async def test_a_rotated_key_still_opens_the_push_address(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        book = RoomBook(store)
        await book.open()
        await book.create(RoomSpec("evening", "shop", push_url=KEY))
        before = (tmp_path / "keys" / "contacts.key").read_text()
        assert await store.leads.rotate_key(actor="li") >= 1
        assert (tmp_path / "keys" / "contacts.key").read_text() != before
        assert [spec.push_url for spec in await book.rooms()] == [KEY]


async def test_a_command_takes_no_log_away_under_a_process_that_had_the_database_open_before(tmp_path: Path) -> None:
    """As `demo` has: its shop is loaded first. The server's later writes would be in a file that nobody finds again."""
    async with await Store.open(tmp_path) as store:
        await RoomBook(store).open()
    before = sqlite3.connect(tmp_path / "zhanggui.db", check_same_thread=False)
    before.execute("select count(*) from rooms").fetchall()
    async with await Store.open(tmp_path) as store:
        book = RoomBook(store)
        await book.create(RoomSpec("evening", "shop"))
        command = [sys.executable, "-m", "stream.cli", "room", "stop", "evening", "--data-dir", str(tmp_path)]
        await asyncio.to_thread(subprocess.run, command, check=True, timeout=180)
        await book.create(RoomSpec("morning", "shop"))
        assert [spec.running for spec in await book.rooms() if spec.name == "evening"] == [False]
        with closing(sqlite3.connect(tmp_path / "zhanggui.db")) as another:
            assert another.execute("select count(*) from rooms").fetchone() == (2,)
    before.close()

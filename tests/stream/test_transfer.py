"""Bringing tables up to date, moving a shop into PostgreSQL, and PostgreSQL's own backups."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialogue.store import Store
from stream.backup import postgres
from stream.backup.archive import ArchiveError
from stream.backup.backup import back_up
from stream.backup.postgres import PostgresError
from stream.backup.restore import restore
from stream.backup.transfer import TransferError, transfer, upgrade
from stream.local_server import announced
from stream.settings import Settings
from tests.dialogue.databases import postgres as running_postgres
from tests.dialogue.databases import postgres_programs

PHONE = "13812346021"


@pytest.fixture
def database_url() -> Iterator[str]:
    """A fresh PostgreSQL."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    with running_postgres(programs) as url:
        yield url


async def fill(settings: Settings) -> None:
    async with await Store.open(settings.data_dir, database_url=settings.database_url) as store:
        await store.access.create_merchant("demo")
        talk = await store.open_conversation(merchant="demo", channel="chat", visitor="v")
        await store.receive(talk.id, client_id="a", text=f"我姓王，电话{PHONE}")


async def numbers(settings: Settings) -> list[str]:
    async with await Store.open(settings.data_dir, database_url=settings.database_url) as store:
        [lead] = await store.leads.list("demo")
        [clear] = await store.leads.reveal("demo", [lead.id], actor="test")
        return [contact.value for contact in clear.contacts]


async def test_a_shop_moves_to_postgresql_and_goes_on_there(tmp_path: Path, database_url: str) -> None:
    here = Settings(data_dir=tmp_path)
    await fill(here)
    with (
        announced(here, url="http://127.0.0.1:1", token="t", door="d"),
        pytest.raises(TransferError, match="stop the server"),
    ):
        transfer(here, database_url)
    rows = transfer(here, database_url)
    assert (rows["leads"], rows["contacts"]) == (1, 1) and rows["lead_history"] > 0
    there = Settings(data_dir=tmp_path, database_url=database_url)
    assert await numbers(there) == [PHONE]
    async with await Store.open(tmp_path, database_url=database_url) as store:
        talk = await store.open_conversation(merchant="demo", channel="chat", visitor="next")
        assert (await store.receive(talk.id, client_id="a", text="电话13912345678")).lead
    with pytest.raises(TransferError, match="not empty"):
        transfer(here, database_url)
    assert await numbers(here) == [PHONE]


async def test_postgresql_is_backed_up_and_restored_with_its_own_programs(tmp_path: Path, database_url: str) -> None:
    settings = Settings(data_dir=tmp_path / "shop", database_url=database_url)
    await fill(settings)
    file = tmp_path / "shop.zip"
    back_up(settings, file)
    async with await Store.open(settings.data_dir, database_url=database_url) as store:
        assert await store.leads.erase_contact("demo", PHONE, actor="test") == 1
    with pytest.raises(ArchiveError, match="PostgreSQL"):
        restore(Settings(data_dir=tmp_path / "other"), file)
    with pytest.raises(ArchiveError, match="--force"):
        restore(settings, file)
    restore(settings, file, force=True)
    assert await numbers(settings) == [PHONE]


async def test_a_backup_of_sqlite_does_not_go_into_postgresql(tmp_path: Path, database_url: str) -> None:
    here = Settings(data_dir=tmp_path / "shop")
    await fill(here)
    back_up(here, tmp_path / "shop.zip")
    with pytest.raises(ArchiveError, match="migrate --to"):
        restore(Settings(data_dir=tmp_path / "other", database_url=database_url), tmp_path / "shop.zip")


def test_without_pg_dump_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(postgres, "_packaged", lambda program: None)
    settings = Settings(data_dir=tmp_path, database_url="postgresql://nobody@localhost/x")
    with pytest.raises(PostgresError, match="postgresql-client") as caught:
        back_up(settings, tmp_path / "shop.zip")
    assert "\n" not in str(caught.value) and not (tmp_path / "shop.zip").exists()


def test_a_database_that_is_not_reached_is_one_line_without_the_password(tmp_path: Path) -> None:
    if postgres_programs() is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    settings = Settings(data_dir=tmp_path, database_url="postgresql://nobody:geheim@127.0.0.1:9/x")
    with pytest.raises(PostgresError) as caught:
        back_up(settings, tmp_path / "shop.zip")
    assert "\n" not in str(caught.value) and "geheim" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == []


async def test_tables_are_made_and_only_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    first = upgrade(settings)
    assert first.version == max(first.applied)
    assert upgrade(settings).applied == ()
    await fill(settings)
    with pytest.raises(TransferError, match="sqlite or postgresql"):
        transfer(settings, "mysql://x/y")

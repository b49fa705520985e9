"""A shop backed up and brought back: while it serves, whole or not at all, and never over what is there."""

from __future__ import annotations

import json
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dialogue.store import Store
from stream.backup.archive import MANIFEST, SQLITE, ArchiveError
from stream.backup.backup import back_up, keys_beside
from stream.backup.restore import restore
from stream.local_server import announced
from stream.room.book import RoomBook, RoomSpec
from stream.settings import Settings

PHONE = "13812346021"


@pytest.fixture
async def shop(tmp_path: Path) -> Settings:
    """A data folder with a lead, a room with a push key, knowledge files, a picture and a rule."""
    settings = Settings(data_dir=tmp_path / "shop")
    async with await Store.open(settings.data_dir) as store:
        await store.access.create_merchant("demo", name="栖木家居")
        talk = await store.open_conversation(merchant="demo", channel="chat", visitor="v")
        await store.receive(talk.id, client_id="a", text=f"我姓王，电话{PHONE}")
        book = RoomBook(store)
        await book.open()
        await book.create(RoomSpec("evening", "demo", push_url="rtmp://push.example/app/key-1"))
    for name, text in {
        "knowledge/demo/v1-abc/manifest.json": "{}",
        "knowledge/demo/.lock": "",
        "pictures/demo/sofa.jpg": "jpeg",
        "policies/demo.json": "{}",
        "lexicon.txt": "栖木 qi1 mu4",
        "recordings/long.mp4": "not kept",
    }.items():
        path = settings.data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return settings


def elsewhere(shop: Settings) -> Settings:
    return Settings(data_dir=shop.data_dir.parent / "other")


def rewritten(source: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a backup with other files in it; its keys go along."""
    with zipfile.ZipFile(source) as bundle:
        held = {info.filename: bundle.read(info) for info in bundle.infolist()}
    change(held)
    target = source.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as bundle:
        for name, content in held.items():
            bundle.writestr(name, content)
    keys_beside(target).write_bytes(keys_beside(source).read_bytes())
    return target


def with_manifest(held: dict[str, bytes], **files: dict[str, object]) -> None:
    """Names further files in the manifest."""
    raw = json.loads(held[MANIFEST])
    raw["files"] |= files
    held[MANIFEST] = json.dumps(raw).encode()


def nothing_left(settings: Settings) -> bool:
    return not settings.data_dir.exists() or list(settings.data_dir.iterdir()) == []


async def test_everything_comes_back_and_opens(shop: Settings, tmp_path: Path) -> None:
    file = tmp_path / "shop.zip"
    made = back_up(shop, file)
    assert (made.rows["leads"], made.rows["conversations"], made.keys) == (1, 1, keys_beside(file))
    assert file.stat().st_mode & 0o777 == keys_beside(file).stat().st_mode & 0o777 == 0o600
    other = elsewhere(shop)
    done = restore(other, file)
    assert done.kept is None and done.rows == made.rows
    async with await Store.open(other.data_dir) as store:
        [lead] = await store.leads.list("demo")
        [clear] = await store.leads.reveal("demo", [lead.id], actor="test")
        assert clear.contacts[0].value == PHONE
        assert [spec.push_url for spec in await RoomBook(store).rooms()] == ["rtmp://push.example/app/key-1"]
    names = {path.relative_to(other.data_dir).as_posix() for path in other.data_dir.rglob("*") if path.is_file()}
    assert {"pictures/demo/sofa.jpg", "policies/demo.json", "lexicon.txt"} <= names
    assert "knowledge/demo/v1-abc/manifest.json" in names and not any("recordings" in name for name in names)
    assert (other.data_dir / "zhanggui.db").stat().st_mode & 0o777 == 0o600


def test_the_file_alone_tells_nobody_a_number(shop: Settings, tmp_path: Path) -> None:
    file = tmp_path / "shop.zip"
    back_up(shop, file)
    with zipfile.ZipFile(file) as bundle:
        content = b"".join(bundle.read(name) for name in bundle.namelist())
        assert not any("key" in name for name in bundle.namelist())
    assert PHONE.encode() not in content and b"key-1" not in content
    keys_beside(file).rename(tmp_path / "apart")
    with pytest.raises(ArchiveError, match="--keys"):
        restore(elsewhere(shop), file)
    assert nothing_left(elsewhere(shop))
    restore(elsewhere(shop), file, keys=tmp_path / "apart")


async def test_a_backup_in_the_middle_of_writing_is_whole(shop: Settings, tmp_path: Path) -> None:
    """Messages go on coming while three backups are made; each holds conversations with all their events."""
    stop = threading.Event()

    def back_up_thrice() -> None:
        for number in range(3):
            back_up(shop, tmp_path / f"{number}.zip")
        stop.set()

    async with await Store.open(shop.data_dir) as store:
        talk = await store.open_conversation(merchant="demo", channel="chat", visitor="busy")
        backing = threading.Thread(target=back_up_thrice)
        backing.start()
        sent = 0
        while not stop.is_set():
            await store.receive(talk.id, client_id=f"m{sent}", text=f"第 {sent} 条")
            sent += 1
        backing.join(30)
    for number in range(3):
        other = Settings(data_dir=tmp_path / f"other{number}")
        restore(other, tmp_path / f"{number}.zip")
        with sqlite3.connect(other.data_dir / "zhanggui.db") as database:
            query = "SELECT last_seq FROM conversations WHERE visitor = 'busy'"
            (last,) = database.execute(query).fetchone()
            count = "SELECT count(*) FROM events WHERE conversation_id = ?"
            assert database.execute(count, (talk.id,)).fetchone() == (last,) and last <= sent


def test_what_is_there_is_not_overwritten_unless_meant_and_kept_then(shop: Settings, tmp_path: Path) -> None:
    file = tmp_path / "shop.zip"
    back_up(shop, file)
    (shop.data_dir / "lexicon.txt").write_text("newer", "utf-8")
    with pytest.raises(ArchiveError, match="--force"):
        restore(shop, file)
    assert (shop.data_dir / "lexicon.txt").read_text("utf-8") == "newer"
    kept = restore(shop, file, force=True).kept
    assert kept is not None and (kept / "lexicon.txt").read_text("utf-8") == "newer"
    assert (kept / "zhanggui.db").exists() and (kept / "keys" / "contacts.key").exists()
    assert (shop.data_dir / "lexicon.txt").read_text("utf-8") != "newer"
    assert (shop.data_dir / "recordings" / "long.mp4").exists()
    with pytest.raises(ArchiveError, match="--force"):
        back_up(shop, file)


def test_a_shop_that_is_served_is_not_restored_over(shop: Settings, tmp_path: Path) -> None:
    file = tmp_path / "shop.zip"
    back_up(shop, file)
    with (
        announced(shop, url="http://127.0.0.1:1", token="t", door="d"),
        pytest.raises(ArchiveError, match="stop the server"),
    ):
        restore(shop, file, force=True)


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "knowledge/../../evil", "knowledge\\..\\evil", "C:/evil", "keys/contacts.key",
             "run/serve.json", "knowledge//evil", "./knowledge/evil", "knowledge/", "other/evil"],
)  # fmt: skip
def test_a_name_that_leads_out_is_refused_before_anything_is_written(shop: Settings, tmp_path: Path, name: str) -> None:
    back_up(shop, tmp_path / "shop.zip")

    def plant(held: dict[str, bytes]) -> None:
        held[name] = b"evil"
        with_manifest(held, **{name: {"size": 4, "sha256": "0" * 64}})

    with pytest.raises(ArchiveError):
        restore(elsewhere(shop), rewritten(tmp_path / "shop.zip", plant))
    assert nothing_left(elsewhere(shop)) and not list(tmp_path.rglob("evil"))


def test_a_link_in_a_backup_is_refused(shop: Settings, tmp_path: Path) -> None:
    back_up(shop, tmp_path / "shop.zip")
    target = rewritten(
        tmp_path / "shop.zip", lambda held: with_manifest(held, **{"hosts/link": {"size": 4, "sha256": "0" * 64}})
    )
    link = zipfile.ZipInfo("hosts/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(target, "a") as bundle:
        bundle.writestr(link, "/etc")
    with pytest.raises(ArchiveError, match="not allowed"):
        restore(elsewhere(shop), target)
    assert nothing_left(elsewhere(shop))


def swap(held: dict[str, bytes]) -> None:
    held["lexicon.txt"] = held["lexicon.txt"][::-1]


def longer(held: dict[str, bytes]) -> None:
    held["lexicon.txt"] += b"x"


def cut(held: dict[str, bytes]) -> None:
    held[SQLITE] = held[SQLITE][:5000]


def missing(held: dict[str, bytes]) -> None:
    del held["lexicon.txt"]


def unnamed(held: dict[str, bytes]) -> None:
    held["hosts/more"] = b"x"


def no_manifest(held: dict[str, bytes]) -> None:
    del held[MANIFEST]


def odd_manifest(held: dict[str, bytes]) -> None:
    held[MANIFEST] = b'{"format": 1, "files": 3}'


def newer_format(held: dict[str, bytes]) -> None:
    held[MANIFEST] = held[MANIFEST].replace(b'"format": 1', b'"format": 2')


@pytest.mark.parametrize("change", [swap, longer, cut, missing, unnamed, no_manifest, odd_manifest, newer_format])
def test_a_changed_backup_is_refused_and_nothing_is_left(
    shop: Settings, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    back_up(shop, tmp_path / "shop.zip")
    with pytest.raises(ArchiveError) as caught:
        restore(elsewhere(shop), rewritten(tmp_path / "shop.zip", change))
    assert "\n" not in str(caught.value)
    assert nothing_left(elsewhere(shop))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_cut_short_is_refused(shop: Settings, tmp_path: Path, share: float) -> None:
    file = tmp_path / "shop.zip"
    back_up(shop, file)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArchiveError):
        restore(elsewhere(shop), file)
    assert nothing_left(elsewhere(shop))


def test_flipped_bytes_never_restore_something_else(shop: Settings, tmp_path: Path) -> None:
    """Any damage is either harmless (then all is as it was) or refused."""
    file = tmp_path / "shop.zip"
    back_up(shop, file)
    content = file.read_bytes()
    for number in range(40):
        broken = bytearray(content)
        broken[(number * 7919 + 31) % len(content)] ^= 0x55
        file.write_bytes(broken)
        other = Settings(data_dir=tmp_path / f"other{number}")
        try:
            restore(other, file)
        except ArchiveError:
            assert nothing_left(other)
        else:
            assert (other.data_dir / "lexicon.txt").read_text("utf-8") == "栖木 qi1 mu4"


def test_keys_of_another_backup_are_refused(shop: Settings, tmp_path: Path) -> None:
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    back_up(shop, first)
    back_up(shop, second)
    with pytest.raises(ArchiveError, match="another backup"):
        restore(elsewhere(shop), first, keys=keys_beside(second))
    for bad in (b"{}", b"\xff", b'{"backup": "x", "keys": {"../evil": ""}}'):
        keys_beside(first).write_bytes(bad)
        with pytest.raises(ArchiveError):
            restore(elsewhere(shop), first)
    assert nothing_left(elsewhere(shop))


def test_no_file_a_folder_and_an_empty_data_folder_are_one_line(shop: Settings, tmp_path: Path) -> None:
    for wrong in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(ArchiveError):
            restore(elsewhere(shop), wrong)
    with pytest.raises(ArchiveError, match="no database"):
        back_up(elsewhere(shop), tmp_path / "empty.zip")
    with pytest.raises(ArchiveError, match="written"):
        back_up(shop, tmp_path / "no" / "such" / "folder.zip")

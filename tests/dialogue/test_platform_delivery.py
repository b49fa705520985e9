"""What is owed to a platform: in order, over restarts, with an end; and the settings behind it, sealed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from dialogue.platform import Delivery, PlatformError
from dialogue.platform.delivery import BACKOFF_S, END_MS, LEASE_MS
from dialogue.store import Store
from tests.dialogue.databases import Clock

ADDRESS = "https://platform.example/in?key=hidden"
SECRET = "whsec_" + "a2V5" * 8


async def _joined(store: Store, *said: str, visitor: str = "u1") -> str:
    """A merchant with one platform, and a conversation in which the AI has said these texts."""
    await store.access.ensure_merchant("demo")
    await store.platforms.add("demo", name="weshop", address=ADDRESS, secret=SECRET)
    talk = await store.platforms.conversation("demo", "weshop", visitor)
    await store.open_conversation(merchant="demo", channel="weshop", visitor=f"weshop:{visitor}", conversation_id=talk)
    await store.platforms.follow(talk, merchant="demo", channel="weshop")
    await store.receive(talk, client_id="a", text="在吗")
    for words in said:
        await store.append(talk, kind="message", payload={"role": "assistant", "text": words})
    return talk


async def _take(store: Store) -> Delivery:
    (one,) = await store.platforms.take_due(limit=8)
    return one


async def _settle(store: Store, one: Delivery, error: str | None = None, *, final: bool = False) -> None:
    await store.platforms.settle(one, error, final=final, jitter=random.Random(1))


def _files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("zhanggui.db*"))


async def test_messages_go_in_order_one_at_a_time_and_once(any_store: Store) -> None:
    talk = await _joined(any_store, "您好", "在的")
    sent = []
    for _ in range(2):
        one = await _take(any_store)
        assert await any_store.platforms.take_due(limit=8) == []
        sent.append((one.message.message_id, one.message.visitor, one.message.text))
        await _settle(any_store, one)
    assert sent == [(f"{talk}-2", "u1", "您好"), (f"{talk}-3", "u1", "在的")]
    assert await any_store.platforms.take_due(limit=8) == []
    assert await any_store.platforms.next_due_ms() is None


async def test_what_was_not_taken_is_sent_again_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    async with await Store.open(tmp_path, clock_ms=clock) as store:
        await _joined(store, "您好")
        await _settle(store, await _take(store), "not taken: HTTP 503")
    clock.forward(seconds=BACKOFF_S[0] * 1.3)
    async with await Store.open(tmp_path, clock_ms=clock) as store:
        again = await _take(store)
        assert (again.message.text, again.attempt) == ("您好", 2)


async def test_a_process_that_died_in_the_middle_of_a_try_leaves_it_to_the_next(store: Store, clock: Clock) -> None:
    await _joined(store, "您好")
    await _take(store)
    assert await store.platforms.take_due(limit=8) == []
    clock.forward(seconds=LEASE_MS / 1000)
    assert (await _take(store)).attempt == 2


async def test_tries_come_at_growing_distances_and_end_after_a_day(store: Store, clock: Clock) -> None:
    talk = await _joined(store, "您好")
    began, waits = clock(), []
    while (due := await store.platforms.next_due_ms()) is not None:
        waits.append(max(0, due - clock()) / 1000)
        clock.now_ms = max(due, clock())
        await _settle(store, await _take(store), "not taken: HTTP 503")
    assert END_MS <= clock() - began <= END_MS * 1.06
    for wait, pause in zip(waits[1:], BACKOFF_S, strict=False):
        assert 0.8 * pause <= wait <= 1.2 * pause
    (row,) = await store.platforms.list("demo")
    assert (row.lost, row.waiting, row.last_error) == (1, 0, "not taken: HTTP 503")
    await store.append(talk, kind="message", payload={"role": "operator", "text": "补一句"})
    clock.forward(seconds=1)
    assert (await _take(store)).message.text == "补一句"


async def test_a_message_the_platform_never_wants_holds_up_no_other(store: Store) -> None:
    await _joined(store, "一", "二")
    await _settle(store, await _take(store), "not taken: HTTP 410", final=True)
    assert (await _take(store)).message.text == "二"


async def test_what_customers_say_and_what_is_internal_stays_inside(store: Store) -> None:
    talk = await _joined(store)
    await store.append(talk, kind="handoff", payload={"state": "requested", "summary": "问拆洗"})
    await store.append(talk, kind="feedback", payload={"seq": 1, "score": 1})
    assert await store.platforms.take_due(limit=8) == []
    assert await store.platforms.next_due_ms() is None


async def test_a_slow_platform_is_passed_over_for_the_others(store: Store) -> None:
    await _joined(store, "慢")
    await store.platforms.add("demo", name="other", address=ADDRESS, secret=SECRET)
    talk = await store.platforms.conversation("demo", "other", "u1")
    await store.open_conversation(merchant="demo", channel="other", visitor="other:u1", conversation_id=talk)
    await store.platforms.follow(talk, merchant="demo", channel="other")
    await store.append(talk, kind="message", payload={"role": "assistant", "text": "快"})
    (one,) = await store.platforms.take_due(limit=8, skip=[("demo", "weshop")])
    assert one.message.text == "快"


async def test_a_channel_left_and_joined_again_does_not_repeat_the_past(any_store: Store) -> None:
    talk = await _joined(any_store, "旧话")
    await any_store.platforms.remove("demo", "weshop")
    assert await any_store.platforms.take_due(limit=8) == []
    await any_store.platforms.add("demo", name="weshop", address=ADDRESS)
    await any_store.platforms.follow(talk, merchant="demo", channel="weshop")
    assert await any_store.platforms.take_due(limit=8) == []
    await any_store.append(talk, kind="message", payload={"role": "assistant", "text": "新话"})
    assert (await _take(any_store)).message.text == "新话"


async def test_an_erased_customer_gets_nothing_more_and_begins_anew(store: Store) -> None:
    talk = await _joined(store, "您好")
    await store.receive(talk, client_id="b", text="我电话13805716021")
    assert await store.leads.erase_contact("demo", "13805716021", actor="test") == 1
    assert await store.platforms.take_due(limit=8) == []
    fresh = await store.platforms.conversation("demo", "weshop", "u1")
    assert fresh != talk
    await store.open_conversation(merchant="demo", channel="weshop", visitor="weshop:u1", conversation_id=fresh)
    assert await store.platforms.conversation("demo", "weshop", "u1") == fresh


async def test_an_unanswered_customer_is_found_after_a_restart(any_store: Store, clock: Clock) -> None:
    waiting = await _joined(any_store, visitor="u1")
    await _joined(any_store, "答过了", visitor="u2")
    assert [one.conversation_id for one in await any_store.platforms.unfinished()] == [waiting]
    clock.forward(days=2)
    assert await any_store.platforms.unfinished() == []


async def test_secret_and_address_are_sealed_and_survive_a_new_key(tmp_path: Path, clock: Clock) -> None:
    async with await Store.open(tmp_path, clock_ms=clock) as store:
        await _joined(store)
        await store.leads.rotate_key(actor="test")
        found = await store.platforms.find("demo", "weshop")
        assert found is not None
        assert (found.address, found.secret) == (ADDRESS, SECRET)
        assert SECRET not in repr(found)
    kept = _files(tmp_path)
    assert kept
    assert SECRET.encode() not in kept
    assert b"platform.example" not in kept


@pytest.mark.parametrize(
    ("name", "address", "secret", "says"),
    [
        ("Chat!", ADDRESS, SECRET, "not usable"),
        ("chat", ADDRESS, SECRET, "not usable"),
        ("weshop", "ftp://platform.example", SECRET, "http or https"),
        ("weshop", "https://u:p@platform.example/", SECRET, "user name"),
        ("weshop", ADDRESS, "short", "whsec_"),
    ],
)
async def test_unusable_settings_are_refused_in_one_line(
    store: Store, name: str, address: str, secret: str, says: str
) -> None:
    await store.access.ensure_merchant("demo")
    with pytest.raises(PlatformError, match=says) as refused:
        await store.platforms.add("demo", name=name, address=address, secret=secret)
    assert "\n" not in str(refused.value)
    assert await store.platforms.list("demo") == []


async def test_a_removed_shop_has_no_channel(store: Store) -> None:
    await _joined(store, "您好")
    await store.access.remove_merchant("demo", actor="test")
    assert await store.platforms.find("demo", "weshop") is None
    assert await store.platforms.take_due(limit=8) == []
    with pytest.raises(PlatformError, match="no merchant"):
        await store.platforms.add("demo", name="two", address=ADDRESS)


async def test_a_database_of_the_first_release_gets_the_new_tables(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'zhanggui.db'}")
    async with await Store.open(tmp_path) as store:
        await store.access.create_merchant("demo", name="栖木家居")
    with engine.begin() as connection:
        for statement in (
            "ALTER TABLE merchants DROP COLUMN origins",
            "DROP TABLE channels",
            "DROP TABLE deliveries",
            "DELETE FROM schema_version WHERE version = 3",
        ):
            connection.execute(text(statement))
    engine.dispose()
    async with await Store.open(tmp_path) as store:
        (row,) = await store.access.merchants()
        assert (row.name, row.origins) == ("栖木家居", ())
        await _joined(store, "您好")
        assert (await _take(store)).message.text == "您好"

"""The feed every room socket reads from."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from stream.room.broadcast import Broadcast


async def test_a_reader_gets_what_is_published_after_it_came() -> None:
    feed = Broadcast()
    feed.publish("comment", text="早")
    reader = feed.subscribe()
    feed.publish("comment", text="晚")
    assert await reader.next() == {"type": "comment", "seq": 2, "text": "晚"}


@given(st.integers(0, 30), st.integers(0, 30))
def test_replay_then_live_has_each_event_once_and_in_order(before: int, after: int) -> None:
    async def read() -> list[int]:
        feed = Broadcast(keep=100)
        for _ in range(before):
            feed.publish("x")
        reader = feed.subscribe(after_seq=before // 2)
        for _ in range(after):
            feed.publish("x")
        got = []
        for _ in range(before - before // 2 + after):
            message = await asyncio.wait_for(reader.next(), 60)
            assert message is not None
            got.append(message["seq"])
        return got

    assert asyncio.run(read()) == list(range(before // 2 + 1, before + after + 1))


async def test_a_reader_that_falls_behind_is_cut_off_and_the_others_go_on() -> None:
    feed = Broadcast(keep=1, queue=3)
    slow, quick = feed.subscribe(), feed.subscribe()
    for _ in range(5):
        feed.publish("x")
        message = await quick.next()
        assert message is not None
    assert slow.lagged
    assert await slow.next() is None


async def test_a_closed_subscription_is_forgotten() -> None:
    feed = Broadcast()
    reader = feed.subscribe()
    assert feed.readers == 1
    reader.close()
    reader.close()
    assert feed.readers == 0


async def test_a_feed_that_ends_gives_what_is_queued_and_then_nothing_to_anybody() -> None:
    feed = Broadcast()
    early = feed.subscribe()
    feed.publish("state", state="stopped")
    feed.close()
    feed.close()
    last = await asyncio.wait_for(early.next(), 60)
    assert last is not None and last["state"] == "stopped"
    assert await asyncio.wait_for(early.next(), 60) is None
    assert await asyncio.wait_for(feed.subscribe().next(), 60) is None

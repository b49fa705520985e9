"""Rooms of one process beside each other: turns at synthesis, and shares of the processors for pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from avatar import Emotion, Speech
from stream.program.shares import CpuShares
from stream.program.turns import FairVoice, Turns
from stream.room.room import HIGH
from tests.stream.fakes import BarsStage
from tests.stream.live import eventually, make_room


async def test_who_runs_dry_first_goes_first_and_nobody_is_passed_over() -> None:
    turns = Turns(1, hold_s=600)
    order: list[str] = []
    held = await turns.take(0.0)

    async def work(name: str, deadline_s: float) -> None:
        turn = await turns.take(deadline_s)
        order.append(name)
        turn.end()

    tasks = [asyncio.create_task(work(name, at)) for name, at in (("late", 9.0), ("soon", 1.0), ("then", 5.0))]
    await asyncio.sleep(0)
    held.end()
    await asyncio.gather(*tasks)
    assert order == ["soon", "then", "late"]
    (await asyncio.wait_for(turns.take(0.0), 60)).end()


async def test_a_turn_that_lasts_too_long_counts_no_more() -> None:
    turns = Turns(1, hold_s=0.05)
    await turns.take(0.0)
    second = await asyncio.wait_for(turns.take(0.0), 60)
    second.end()


async def test_a_turn_given_to_one_who_has_just_left_goes_to_the_next() -> None:
    turns = Turns(1, hold_s=600)
    held = await turns.take(0.0)
    leaving, staying = (asyncio.create_task(turns.take(at)) for at in (1.0, 2.0))
    await asyncio.sleep(0)
    held.end()
    leaving.cancel()
    (await asyncio.wait_for(staying, 60)).end()
    (await asyncio.wait_for(turns.take(0.0), 60)).end()


class Steady:
    """Speaks chunk after chunk for ever, and keeps whoever asks waiting a little."""

    name = "steady"

    def __init__(self, log: list[str], room: str) -> None:
        self._log, self._room = log, room

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Speech]:
        while True:
            await asyncio.sleep(0.001)
            self._log.append(self._room)
            yield Speech(np.zeros(960, np.int16), (), 0, False)

    async def aclose(self) -> None:
        return


async def test_a_room_that_never_stops_speaking_leaves_every_other_turn_to_another() -> None:
    log: list[str] = []
    turns = Turns(1)

    async def listen(room: str) -> None:
        async for _ in FairVoice(Steady(log, room), turns, dry_s=lambda: 0.0).speak("x"):
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(listen(room)) for room in ("a", "b")]
    async with asyncio.timeout(20):
        while len(log) < 60:  # noqa: ASYNC110 - the log belongs to the voices
            await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert 25 <= log[:60].count("a") <= 35


def test_a_room_may_take_all_there_is_until_another_one_suffers() -> None:
    now = 0.0
    shares = CpuShares(2.0, monotonic=lambda: now)
    heavy, light = shares.join(), shares.join()
    spent, drawn = 0.0, 0

    def second(*, suffers: bool) -> int:
        nonlocal now, spent
        allowed = 0
        for _ in range(25):
            now += 0.04
            if suffers:
                light.strained()
            if heavy.allows():
                allowed += 1
                spent += 0.08
                heavy.spent(spent)
        return allowed

    assert second(suffers=False) == 25
    drawn = sum(second(suffers=True) for _ in range(10))
    # One of two cores is 12.5 pictures of 80 ms a second, after what it owed was paid.
    assert 105 <= drawn <= 126
    assert light.allows()
    now += 3
    assert second(suffers=False) == 25
    shares.leave(light)
    assert heavy.allows()


class Greedy(BarsStage):
    """Holds Python's lock for a tenth of a second a picture: the worst a stage can do to its neighbours."""

    def frame(self, sample, cues, *, listening=False):  # type: ignore[no-untyped-def]
        for _ in range(2_000_000):
            pass
        return super().frame(sample, cues, listening=listening)


async def test_a_heavy_room_does_not_starve_the_one_beside_it() -> None:
    shares = CpuShares(0.5)
    share = shares.join()
    light = make_room(renditions=(HIGH,), share=share)
    heavy = make_room(renditions=(HIGH,), share=shares.join(), make_stage=Greedy)
    await light.start()
    await heavy.start()
    try:
        await eventually(lambda: light.hubs["high"].frames > 10 and heavy.hubs["high"].frames > 2, within_s=60)
        end = light.program.sample + 6 * 48_000
        while light.program.sample < end:
            # Whether it really suffers depends on the machine: it says so in any case.
            share.strained()
            await asyncio.sleep(0.1)
        assert heavy.shed > light.shed, "the one that spends more than its share leaves pictures out"
        assert heavy.ticks > 0.9 * light.ticks, "sound is never left out"
    finally:
        await light.stop()
        await heavy.stop()

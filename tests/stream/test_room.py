"""A room on air: real encoders and real viewers, with a voice of tones and moving bars."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dialogue.store import Store
from stream.program.caption import Caption
from stream.program.program import LineEnded, LineStarted
from stream.room.book import RoomSpec
from stream.room.live import LiveRoom
from stream.room.room import HIGH
from stream.shop.shelf import Product
from stream.shop.shop import Shop
from tests.stream.fakes import BarsStage, FakeLine, ListDirector, ToneVoice
from tests.stream.live import Watcher, eventually, make_room, on_air


async def test_a_viewer_sees_pictures_and_hears_the_voice() -> None:
    async with on_air(make_room()) as url:
        watcher = Watcher(url)
        await watcher.join()
        picture = await watcher.frame()
        assert (picture.width, picture.height) == (720, 1280)
        loud = 0
        for _ in range(120):
            sound = await watcher.frame("audio")
            loud += int(np.abs(sound.to_ndarray()).max()) > 2000
        assert loud > 40
        await watcher.close()


async def test_ten_viewers_cost_one_encoder() -> None:
    room = make_room(renditions=(HIGH,))
    async with on_air(room) as url:
        watchers = [Watcher(url) for _ in range(10)]
        for watcher in watchers:
            await watcher.join()
        await eventually(lambda: room.audience.connected == 10)
        hub = room.hubs["high"]
        encoded, frames, slots = room.studio.encoded, hub.frames, room.program.sample
        await asyncio.gather(*(watcher.frame() for watcher in watchers))
        await asyncio.sleep(1)
        ordered = (room.program.sample - slots) // 1920
        assert 0 < room.studio.encoded - encoded <= ordered + 2
        assert room.studio.encoded - encoded == hub.frames - frames
        await asyncio.gather(*(watcher.close() for watcher in watchers))


async def test_a_viewer_without_sound_is_served() -> None:
    async with on_air(make_room()) as url:
        watcher = Watcher(url)
        await watcher.join(kinds=("video",))
        assert (await watcher.frame()).width == 720
        await watcher.close()


async def test_timestamps_of_picture_and_sound_lie_on_one_clock() -> None:
    room = make_room()
    async with on_air(room):
        video, audio = room.hubs["high"], room.audio_hub
        await eventually(lambda: video.frames > 5 and audio.frames > 5)
        assert video.latest is not None
        assert audio.latest is not None
        seconds = video.latest.timestamp / 90_000 - audio.latest.timestamp / 48_000
        ntp = (video.latest.ntp - audio.latest.ntp) / (1 << 32)
        assert seconds == pytest.approx(ntp, abs=1e-6)


async def test_captions_come_with_the_line_and_go_when_it_ends() -> None:
    room = make_room(lines=("今天很好，明天更好。",), loop=False)
    events = room.events()
    async with on_air(room):
        seen = []
        async with asyncio.timeout(20):
            async for event in events:
                seen.append(event)
                if isinstance(event, Caption) and event.text is None:
                    break
    assert [type(event) for event in seen[:2]] == [LineStarted, Caption]
    texts = [event.text for event in seen if isinstance(event, Caption)]
    assert texts == ["今天很好，明天更好", None]
    assert any(isinstance(event, LineEnded) and event.finished for event in seen)


async def test_an_interrupt_is_silence_on_the_wire_and_the_script_goes_on() -> None:
    director = ListDirector([FakeLine("很" * 100)], loop=True)
    room = make_room(director=director)
    async with on_air(room):
        await eventually(lambda: room.program.current is not None and room.program.current.played > 20_000)
        assert room.interrupt() == 1
        sample = room.program.sample
        await eventually(lambda: room.program.current is not None)
        current = room.program.current
        assert current is not None
        assert current.generation == 1
        assert current.start is not None
        assert current.start - sample >= 2 * 960


async def test_a_question_is_answered_before_the_next_sentence_of_the_script() -> None:
    script = [FakeLine("第一句话说得比较长一些。"), FakeLine("第二句。"), FakeLine("第三句。")]
    director = ListDirector(script)
    room = make_room(director=director)
    heard: list[str] = []

    async def listen() -> None:
        async for event in room.events():
            if isinstance(event, LineStarted):
                heard.append(event.line.text)

    listener = asyncio.create_task(listen())
    async with on_air(room):
        await eventually(lambda: heard == ["第一句话说得比较长一些。"])
        await eventually(lambda: room.program.ahead > 48_000)
        director.answers.put_nowait(FakeLine("十九块九。", kind="answer"))
        room.comment()
        await eventually(lambda: len(heard) == 4)
    await listener
    assert heard == ["第一句话说得比较长一些。", "十九块九。", "第二句。", "第三句。"]


async def test_a_card_and_a_caption_reach_the_stage() -> None:
    class Dressed(BarsStage):
        shown: list[object] = []  # noqa: RUF012 - shared with the test on purpose

        def show_caption(self, text: str | None) -> None:
            self.shown.append(text)

        def show_card(self, card: object) -> None:
            self.shown.append(card)

    room = make_room(make_stage=Dressed, lines=("你好。",))
    async with on_air(room):
        room.show_card("card")
        await eventually(lambda: ("card" in Dressed.shown and "你好。" in Dressed.shown) or "你好" in Dressed.shown)


async def test_a_voice_that_fails_once_is_asked_again() -> None:
    voice = ToneVoice()
    voice.failing = 1
    room = make_room(voice=voice, lines=("你好啊。",), loop=False)
    async with on_air(room):
        await eventually(lambda: room.program.current is not None)
    assert voice.spoken == ["你好啊。"] * 2
    assert room.speaker.failures == 1


async def test_a_voice_that_hangs_costs_its_line_and_the_next_one_is_said() -> None:
    voice = ToneVoice()
    voice.hanging = True
    room = make_room(voice=voice, lines=("第一句。", "第二句。"), loop=False, stall_s=0.1)
    async with on_air(room):
        await eventually(lambda: room.speaker.failures == 2)
        voice.hanging = False
        await eventually(lambda: room.program.current is not None)
        assert room.program.current is not None
        assert room.program.current.line.text == "第二句。"


async def test_the_clock_waits_for_the_stage_and_the_first_moment_has_its_picture() -> None:
    class Slow(BarsStage):
        def __init__(self) -> None:
            super().__init__()
            time.sleep(0.6)

    room = make_room(make_stage=Slow)
    async with on_air(room):
        await eventually(lambda: room.hubs["high"].frames > 10)
        assert room.hubs["high"].group()[0].timestamp == 0
        assert room.skipped_ticks == 0


async def test_a_room_whose_stage_cannot_be_built_goes_on_air_all_the_same() -> None:
    tries: list[int] = []

    def make() -> BarsStage:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("no such host")
        return BarsStage()

    async with on_air(room := make_room(make_stage=make)):
        await eventually(lambda: room.hubs["high"].frames > 5)
        assert len(tries) == 2


async def test_a_renderer_that_fails_is_replaced_and_the_last_picture_stays() -> None:
    made: list[BarsStage] = []

    class Breaking(BarsStage):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

        def frame(self, sample, cues, *, listening=False):  # type: ignore[no-untyped-def]
            if len(made) == 1 and len(self.samples) == 5:
                raise RuntimeError("the renderer broke")
            return super().frame(sample, cues, listening=listening)

    room = make_room(make_stage=Breaking)
    async with on_air(room):
        await eventually(lambda: len(made) == 2 and len(made[1].samples) > 5)
        assert room.studio.renderer.restarts == 1
        assert room.studio.repeated > 0
        frames = room.hubs["high"].frames
        await eventually(lambda: room.hubs["high"].frames > frames + 5)


async def test_a_renderer_that_hangs_is_replaced() -> None:
    release = threading.Event()
    made: list[BarsStage] = []

    class Hanging(BarsStage):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

        def frame(self, sample, cues, *, listening=False):  # type: ignore[no-untyped-def]
            if len(made) == 1 and len(self.samples) == 5:
                release.wait(20)
            return super().frame(sample, cues, listening=listening)

    room = make_room(make_stage=Hanging, render_limit_s=0.3)
    async with on_air(room):
        await eventually(lambda: len(made) == 2 and len(made[1].samples) > 5)
        assert room.studio.renderer.restarts == 1
    release.set()


async def test_an_encoder_that_fails_is_replaced_and_begins_with_a_keyframe() -> None:
    room = make_room()
    async with on_air(room):
        hub = room.hubs["high"]
        await eventually(lambda: hub.frames > 3)
        with pytest.raises(Exception, match="encoder failed"):
            await room.studio.encoder.run(lambda encoders: 1 / 0)
        keys, frames = hub.keyframes, hub.frames
        await eventually(lambda: hub.keyframes > keys)
        assert hub.frames - frames < 40, "it did not wait for the end of the group of pictures"
        assert room.studio.encoder.restarts == 1


async def test_a_room_that_stops_while_its_stage_is_built_waits_for_the_thread() -> None:
    began = threading.Event()

    def make() -> BarsStage:
        began.set()
        time.sleep(0.5)
        return BarsStage()

    before = set(threading.enumerate())
    room = make_room(make_stage=make)
    start = asyncio.create_task(room.start())
    assert await asyncio.to_thread(began.wait, 5)
    start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    await room.stop()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not left & {"renderer", "encoder"}


async def test_a_room_that_stops_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    room = make_room()
    async with on_air(room) as url:
        watcher = Watcher(url)
        await watcher.join()
        await watcher.frame()
        await watcher.close()
    await room.stop()
    await asyncio.sleep(0.1)
    assert {task.get_name() for task in asyncio.all_tasks() - before} == set()


async def test_pages_are_told_on_after_an_event_that_could_not_be(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        room = make_room()
        director: Any = SimpleNamespace(paused=False, waiting=0)
        live = LiveRoom(
            RoomSpec("demo", "shop"),
            room=room,
            director=director,
            shop=Shop("shop", "栖木"),
            store=store,
            now=datetime.now,
        )
        told: list[str] = []
        publish = live.feed.publish

        def once_broken(kind: str, **payload: object) -> int:
            told.append(kind)
            if told.count("caption") == 1 and kind == "caption":
                raise RuntimeError("no such product")
            return publish(kind, **payload)

        live.feed.publish = once_broken  # type: ignore[method-assign]
        await live.start()
        try:
            await eventually(lambda: told.count("caption") >= 3)
            assert room.supervisor.restarts["demo-feed"] == 1
        finally:
            await live.stop()


async def test_the_end_of_a_promotion_cuts_in_after_the_sentence_and_other_news_do_not(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        room = make_room()
        room._director.restock = lambda rundown: None  # type: ignore[attr-defined]
        promoted = Product("S1", "沙发", "1,299", "1,699", "400", "2026-11-30T23:59:59", 3, "", "")
        live = LiveRoom(
            RoomSpec("demo", "shop"),
            room=room,
            director=room._director,  # type: ignore[arg-type]
            shop=Shop("shop", "栖木", (promoted,)),
            store=store,
            now=lambda: datetime(2026, 11, 30, 23),
        )
        rundown: Any = None
        live._show("S1")
        live.restock(Shop("shop", "栖木", (replace(promoted, stock=2),)), rundown)
        assert room.interrupts == 0
        live.restock(Shop("shop", "栖木", (replace(promoted, price="1,699", was="", promotion_until=""),)), rundown)
        assert room.interrupts == 1
        assert room.program.generation == 1
        card = live.welcome()["product"]
        assert isinstance(card, dict) and card["price"] == "1,699"

"""The fault matrix: each stage killed, frozen and slowed, and what a viewer is sent meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from avatar import Emotion, Speech
from stream.room import HIGH, Room
from tests.stream.fakes import BarsStage, FakeLine, ListDirector, ToneVoice
from tests.stream.live import eventually, make_room, on_air

LINES = tuple(f"第{number}句话说给大家听。" for number in "一二三四五六七八九")


@dataclass
class Fault:
    """A switch that the parts under test look at."""

    on: bool = False
    hits: int = 0
    release: threading.Event = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.release = threading.Event()

    def strike(self, kind: str) -> None:
        """Do what the fault does, in whichever thread asks, while it is on."""
        if not self.on:
            return
        self.hits += 1
        if kind == "killed":
            raise RuntimeError("killed by the test")
        if kind == "frozen":
            self.release.wait(30)
        else:
            time.sleep(0.12)


class FaultyVoice(ToneVoice):
    def __init__(self, fault: Fault, kind: str) -> None:
        super().__init__()
        self._fault, self._kind = fault, kind

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Speech]:
        async for chunk in super().speak(text, emotion=emotion):
            if self._fault.on:
                self._fault.hits += 1
                if self._kind == "killed":
                    raise RuntimeError("killed by the test")
                await asyncio.sleep(60 if self._kind == "frozen" else 0.4)
            yield chunk


class FaultyStage(BarsStage):
    def __init__(self, fault: Fault, kind: str) -> None:
        super().__init__()
        self._fault, self._kind = fault, kind

    def frame(self, sample: int, cues: Any, *, listening: bool = False) -> Any:
        self._fault.strike(self._kind)
        return super().frame(sample, cues, listening=listening)


class FaultyDirector(ListDirector):
    def __init__(self, fault: Fault, kind: str) -> None:
        super().__init__([FakeLine(text) for text in LINES], loop=True)
        self._fault, self._kind = fault, kind

    async def lines(self) -> AsyncIterator[FakeLine]:
        async for line in super().lines():
            if self._fault.on:
                self._fault.hits += 1
                if self._kind == "killed":
                    self._fault.on = False
                    raise RuntimeError("killed by the test")
                await asyncio.sleep(60 if self._kind == "frozen" else 1.0)
            yield line


class Wire:
    """When packets of sound and picture were handed to the viewers."""

    def __init__(self, room: Room) -> None:
        self.sound: list[float] = []
        self.picture: list[float] = []
        for hub, times in ((room.audio_hub, self.sound), (room.hubs["high"], self.picture)):
            hub.publish = self._watch(hub.publish, times)  # type: ignore[method-assign]

    def _watch(self, publish: Callable[..., None], times: list[float]) -> Callable[..., None]:
        def watched(*arguments: Any, **named: Any) -> None:
            times.append(time.monotonic())
            publish(*arguments, **named)

        return watched

    def longest(self, times: list[float], since: float) -> float:
        kept = [at for at in times if at >= since]
        return max((b - a for a, b in itertools.pairwise(kept)), default=0.0)


def stage_under(part: str, fault: Fault, kind: str) -> dict[str, Any]:
    """A room's options with one faulty part."""
    options: dict[str, Any] = {"renditions": (HIGH,), "lines": LINES, "stall_s": 0.5, "render_limit_s": 0.5}
    if part == "voice":
        options["voice"] = FaultyVoice(fault, kind)
    if part == "renderer":
        options["make_stage"] = lambda: FaultyStage(fault, kind)
    if part == "director":
        options["director"] = FaultyDirector(fault, kind)
    return options


@pytest.mark.parametrize("kind", ["killed", "frozen", "slowed"])
@pytest.mark.parametrize("part", ["voice", "renderer", "encoder", "director"])
async def test_the_stream_goes_on_while_a_part_is_down_and_the_part_comes_back(part: str, kind: str) -> None:
    fault = Fault()
    room = make_room(**stage_under(part, fault, kind))
    async with on_air(room):
        if part == "encoder":
            encode = room.studio.encoder.run

            async def faulty(job: Callable[[Any], Any]) -> Any:
                def struck(encoders: Any) -> Any:
                    fault.strike(kind)
                    return job(encoders)

                return await encode(struck)

            room.studio.encoder.run = faulty  # type: ignore[method-assign]
            room.studio.encoder._limit_s = 0.5
        wire = Wire(room)
        await eventually(lambda: len(wire.picture) > 10 and room.program.current is not None)
        began, ticks = time.monotonic(), room.ticks
        fault.on = True
        await eventually(lambda: fault.hits > 0)
        await asyncio.sleep(1.5)
        fault.on = False
        fault.release.set()
        spent = time.monotonic() - began
        assert room.ticks - ticks >= (spent - 0.7) * 50, "sound is sent on time whatever is broken"
        assert wire.longest(wire.sound, began) < 1.0
        if part != "encoder":
            assert len([at for at in wire.picture if at >= began]) >= (spent - 0.7) * 25 * 0.5
        frames, keys = room.hubs["high"].frames, room.hubs["high"].keyframes
        await eventually(lambda: room.hubs["high"].frames > frames + 10)
        if part == "encoder" and kind != "slowed":
            assert room.hubs["high"].keyframes >= keys
            assert room.studio.encoder.restarts >= 1
        if part == "renderer" and kind != "slowed":
            assert room.studio.renderer.restarts >= 1
        await eventually(lambda: room.program.current is not None, within_s=20)


@pytest.mark.parametrize("seconds", [0.3, 1.5])
async def test_after_the_whole_process_stood_still_sound_and_picture_are_in_step(seconds: float) -> None:
    room = make_room(renditions=(HIGH,))
    async with on_air(room):
        await eventually(lambda: room.hubs["high"].frames > 5)
        time.sleep(seconds)  # noqa: ASYNC251 - that is the fault
        await asyncio.sleep(0.5)
        assert abs(room.skew_s) < 0.5
        assert room.tick_late_s < 0.3
        assert (room.skipped_ticks > 0) == (seconds > 1)
        video, audio = room.hubs["high"].latest, room.audio_hub.latest
        assert video is not None
        assert audio is not None
        distance = (video.ntp - audio.ntp) / (1 << 32) - (video.timestamp / 90_000 - audio.timestamp / 48_000)
        assert abs(distance) < 1e-4

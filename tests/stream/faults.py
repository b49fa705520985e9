"""Faults for a room's parts, and what its viewers are sent while they last: shared by the tests and `bench_faults`."""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from avatar import Emotion, Speech
from stream.output.muxer import MuxError
from stream.output.muxing import MuxingOutput
from stream.room.book import RoomSpec
from stream.room.process import RoomProcess
from stream.room.room import HIGH, Room
from tests.stream.fakes import BarsStage, FakeLine, ListDirector, ToneVoice
from tests.stream.live import eventually, make_room, on_air

KINDS = ("killed", "frozen", "slowed")
PARTS = ("voice", "director", "renderer", "encoder", "output", "clock", "process")
HARM = {(part, kind) for part in PARTS[:5] for kind in KINDS} | {
    ("clock", "killed"),
    ("process", "frozen"),
    ("process", "slowed"),
}
"""A clock that hangs is its process that hangs; a process that is killed is `process_killed`."""

LINES = tuple(f"第{number}句话说给大家听。" for number in "一二三四五六七八九")


@dataclass
class Fault:
    """A switch that the parts under test look at."""

    on: bool = False
    hits: int = 0
    release: threading.Event = field(default_factory=threading.Event)

    def strike_once(self) -> None:
        """Fail, this once."""
        self.hits += 1
        raise RuntimeError("killed by the test")

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


class Standstill:
    """How long the machine itself let nobody here run: a thread that sleeps 10 ms sees it, whatever the loop does."""

    def __init__(self) -> None:
        self.longest_s = self.total_s = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._end.wait(0.01):
            late_s, before = time.monotonic() - before - 0.02, time.monotonic()
            self.longest_s = max(self.longest_s, late_s)
            self.total_s += max(0.0, late_s)

    def __enter__(self) -> Standstill:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


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
        """Seconds of the longest gap that ended after `since`."""
        before = [at for at in times if at < since][-1:]
        kept = before + [at for at in times if at >= since]
        return max((b - a for a, b in itertools.pairwise(kept)), default=0.0)


class FaultySink:
    """A container that takes everything, unless it is struck."""

    def __init__(self, fault: Fault, kind: str) -> None:
        self._fault, self._kind = fault, kind

    def write(self, unit: Any) -> None:
        if self._fault.on and self._kind == "killed":
            self._fault.hits += 1
            raise MuxError("killed by the test")
        self._fault.strike(self._kind)

    def close(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Seen:
    """What went out while a fault lasted."""

    sound_ms: float
    """Longest gap between two packets of sound."""
    picture_ms: float
    restarts: int
    ticks: int
    pictures: int
    """Sent, or left out because the clock ran late."""
    seconds: float
    stood_s: float
    """Of these the machine itself stood still."""
    back: bool
    """Whether the part worked again within a minute of the fault's end."""


def options_for(part: str, fault: Fault, kind: str) -> dict[str, Any]:
    """A room's options with one faulty part; limits are short, so that a test sees their end."""
    options: dict[str, Any] = {"renditions": (HIGH,), "lines": LINES, "stall_s": 0.5, "render_limit_s": 0.5}
    if part == "voice":
        options["voice"] = FaultyVoice(fault, kind)
    if part == "renderer":
        options["make_stage"] = lambda: FaultyStage(fault, kind)
    if part == "director":
        options["director"] = FaultyDirector(fault, kind)
    return options


async def rig(room: Room, part: str, fault: Fault, kind: str) -> MuxingOutput | None:
    """Put faults where options cannot."""
    if part == "encoder":
        encode = room.studio.encoder.run

        async def faulty(job: Callable[[Any], Any]) -> Any:
            def struck_job(encoders: Any) -> Any:
                fault.strike(kind)
                return job(encoders)

            return await encode(struck_job)

        room.studio.encoder.run = faulty  # type: ignore[method-assign]
        room.studio.encoder._limit_s = 0.5
    if part == "clock":
        tick = room.program.tick

        def failing() -> Any:
            if fault.on:
                fault.on = False
                fault.strike_once()
            return tick()

        room.program.tick = failing  # type: ignore[method-assign]
    if part == "output":
        output = MuxingOutput("out", lambda first: FaultySink(fault, kind), backoff_s=(0.1, 0.5), hang_s=1.0)
        await room.outputs.add(output)
        return output
    return None


async def struck(part: str, kind: str, *, seconds: float = 1.5) -> Seen:
    """Break a part of a room on air for so long, mend it, and tell what its viewers were sent meanwhile."""
    fault = Fault()
    room = make_room(**options_for(part, fault, kind))
    async with on_air(room):
        output = await rig(room, part, fault, kind)
        wire = Wire(room)
        await eventually(lambda: len(wire.picture) > 10 and room.program.current is not None, within_s=60)
        await eventually(lambda: output is None or output.frames > 2, within_s=60)
        began, ticks, shed = time.monotonic(), room.ticks, room.shed
        with Standstill() as stood:
            if part == "process":
                await stall(kind, seconds)
            else:
                fault.on = True
                await eventually(lambda: fault.hits > 0, within_s=60)
                await asyncio.sleep(seconds)
        fault.on = False
        fault.release.set()
        spent, ticked, shed = time.monotonic() - began, room.ticks - ticks, room.shed - shed
        frames, written = room.hubs["high"].frames, output.frames if output else 0
        try:
            await eventually(
                lambda: (
                    room.hubs["high"].frames > frames + 10
                    and room.program.current is not None
                    and (output is None or output.frames > written + 5)
                ),
                within_s=60,
            )
            back = True
        except TimeoutError:
            back = False
        restarts = sum(room.supervisor.restarts.values()) + room.studio.renderer.restarts + room.studio.encoder.restarts
        pictures = len([at for at in wire.picture if began <= at <= began + spent])
        return Seen(
            wire.longest(wire.sound, began) * 1000,
            wire.longest(wire.picture, began) * 1000,
            restarts + (output.failures if output else 0) + room.speaker.failures,
            ticked,
            pictures + shed,
            spent,
            stood.total_s,
            back,
        )


async def stall(kind: str, seconds: float) -> None:
    """Let the whole loop stand still: once, or half of the time."""
    if kind == "frozen":
        time.sleep(seconds)  # noqa: ASYNC251 - that is the fault
        return
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.03)  # noqa: ASYNC251 - that is the fault
        await asyncio.sleep(0.03)


@dataclass(frozen=True, slots=True)
class Killed:
    """What became of two rooms when the process of one was killed."""

    other_ms: float
    """The other room's longest gap between packets of sound."""
    stood_ms: float
    """The longest time the machine itself stood still."""
    again_s: float
    """Until the killed room was on air again."""


async def process_killed() -> Killed:
    """`kill -9` a room in a process of its own, beside a room in this one."""
    spec = RoomSpec("demo", "shop", own_process=True)
    process = RoomProcess(
        spec, command=lambda path: [sys.executable, "-m", "tests.stream.lone_room", str(path)], token="t", watch_s=0.2
    )
    room = make_room(renditions=(HIGH,))
    try:
        await process.start(within_s=90)
        async with on_air(room):
            wire = Wire(room)
            await eventually(lambda: len(wire.picture) > 10, within_s=60)
            began, child = time.monotonic(), process._process
            assert child is not None
            with Standstill() as stood:
                child.kill()
                await eventually(lambda: not process.up, within_s=60)
                await eventually(lambda: process.up, within_s=90)
            gap_ms = wire.longest(wire.sound, began) * 1000
            return Killed(gap_ms, stood.longest_s * 1000, time.monotonic() - began)
    finally:
        await process.stop()

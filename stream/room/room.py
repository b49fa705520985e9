"""A room: one program, one encode, many viewers, and the supervision that keeps it on air."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

from avatar import SAMPLE_RATE, Voice
from stream.errors import StreamError
from stream.output.output import Outputs
from stream.program.caption import Caption, Captioner
from stream.program.clock import TICK_SAMPLES, SampleClock, video_timestamp
from stream.program.encoder import OpusEncoder, Rendition, VideoUnit
from stream.program.program import LineEnded, LineStarted, Program, Tick
from stream.program.shares import CpuShare
from stream.program.speaker import URGENT, LineSource, Speaker
from stream.program.studio import Stage, Studio
from stream.program.turns import FairVoice, Turns
from stream.room.feed import Feed
from stream.room.supervisor import Supervisor
from stream.telemetry.latency import Latency
from stream.viewer.audience import Audience
from stream.viewer.fanout import Hub
from stream.viewer.peer import IceServer

_log = logging.getLogger(__name__)

_CATCH_UP_TICKS = 25
"""The room makes up for a stall of half a second; a longer one is left out, of sound and picture alike."""
_SHED_TICKS = 5
"""A tick this late gets no picture: what time there is goes to the sound first."""
_BUSY_S = 0.25
"""Mean lateness of the ticks at which no more viewers are let in."""
_STRAIN_S = 0.02
"""Mean lateness of the ticks at which other rooms are held to their share of the processors."""
_LISTEN_S = 6.0
_FORGET_S = 30.0
"""A question that got no answer by then is not measured any more."""

HIGH = Rendition("high", 720, 1280, 1_500_000)
LOW = Rendition("low", 360, 640, 450_000)


class Director(LineSource, Protocol):
    """What a room needs of `dialogue`'s director."""

    def interrupt(self) -> int:
        """A new generation: what was pulled before is void."""
        ...


RoomEvent = LineStarted | LineEnded | Caption


class Room:
    """Puts a host on air. All state is owned by the running loop; `start` and `stop` bracket it.

    `ice_servers` are offered to the viewers; `own_ice_servers` are asked by this process for each viewer, which costs a
    round trip a join and is needed only where it sits behind a NAT; with `relay_only` nothing leaves but through their
    TURN server. `make_stage` is called in the renderer's thread, and again when a stage failed. `turns` and `share`
    divide synthesis and pictures among the rooms of a process.
    """

    def __init__(
        self,
        name: str,
        *,
        voice: Voice,
        make_stage: Callable[[], Stage],
        director: Director,
        renditions: Sequence[Rendition] = (HIGH, LOW),
        max_viewers: int = 300,
        offers_per_s: float = 20.0,
        ice_servers: Sequence[IceServer] = (),
        own_ice_servers: Sequence[IceServer] = (),
        relay_only: bool = False,
        gso: bool = True,
        ahead_s: float = 6.0,
        stall_s: float = 12.0,
        half_open_s: float = 15.0,
        render_limit_s: float = 2.0,
        turns: Turns | None = None,
        share: CpuShare | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.program = Program()
        self.outputs = Outputs()
        self.supervisor = Supervisor()
        self.hubs = {r.name: Hub(r.name, video=True, clock_rate=90_000) for r in renditions}
        self.audio_hub = Hub("audio", video=False, clock_rate=SAMPLE_RATE)
        self.best = renditions[0].name
        self.skipped_ticks = 0
        self.ticks = 0
        self.tick_late_s = 0.0
        """How late the newest tick was."""
        self.lateness_s = 0.0
        """The same, as a mean over about two seconds: the measure of a full machine."""
        self.shed = 0
        """Pictures left out because the ticks were late."""
        self.interrupts = 0
        self.latencies = defaultdict(Latency, {stage: Latency() for stage in ("pulled", "voiced", "heard")})
        """From a question (`comment`) to its answer's first line, that line's first sound, and its place on air; beside
        them the marks of `stream.telemetry.question`."""
        self.started_at: float | None = None
        low = self.hubs[renditions[1].name] if len(renditions) > 1 else None
        self.audience = Audience(
            video=self.hubs[self.best],
            audio=self.audio_hub,
            low_video=low,
            max_viewers=max_viewers,
            offers_per_s=offers_per_s,
            ice_servers=ice_servers,
            own_ice_servers=own_ice_servers,
            relay_only=relay_only,
            half_open_s=half_open_s,
            gso=gso,
            sent_bitrate=lambda hub: int(hub.bitrate),
            busy=lambda: self.lateness_s > _BUSY_S,
        )
        if turns is not None:
            voice = FairVoice(voice, turns, dry_s=lambda: self.program.ahead / SAMPLE_RATE)
        self.speaker = Speaker(self.program, voice, director, ahead_s=ahead_s, stall_s=stall_s, on_answer=self._mark)
        self.studio = Studio(
            make_stage, tuple(renditions), on_unit=self._encoded, wanted=self._wanted, render_limit_s=render_limit_s
        )
        self._share = share
        self._late = 0
        self._director = director
        self._monotonic = monotonic
        self._clock: SampleClock | None = None
        self._started = False
        self._opus = OpusEncoder()
        self._feed: Feed[RoomEvent] = Feed()
        self._captioner = Captioner()
        self._listening_until = 0
        self._asked_s: float | None = None
        self._complained_s = float("-inf")

    @property
    def live(self) -> bool:
        """On air: the clock ran within the last second."""
        return self._clock is not None and self._clock.wait_s(self.program.sample) > -1.0

    async def start(self) -> None:
        """Go on air, with a picture from the first moment. Raises `StreamError` when it already is."""
        if self._started:
            raise StreamError(f"room {self.name} is on air already")
        self._started = True
        await self.studio.prepare()
        self._clock = SampleClock(monotonic=self._monotonic)
        self.started_at = time.time()
        self.supervisor.start(f"{self.name}-clock", self._run)
        self.supervisor.start(f"{self.name}-speaker", self.speaker.run)

    async def drain(self, *, within_s: float = 10.0) -> None:
        """Before `stop`, on a rolling restart: go on for those who watch until they have joined the new process."""
        await self.audience.drain(within_s)

    async def stop(self) -> None:
        """Leave the air: viewers are disconnected, outputs flushed, threads ended. May be called twice."""
        await self.supervisor.stop()
        await self.audience.aclose()
        await self.outputs.aclose()
        await self.studio.aclose()
        self._feed.close()
        self._clock, self._started = None, False

    def events(self) -> AsyncIterator[RoomEvent]:
        """Lines and captions as they are heard, from now on; a reader that falls 256 behind loses the oldest."""
        return self._feed.listen()

    def comment(self) -> None:
        """A comment was given to the director: its answer is to be the next sentence."""
        self._listening_until = self.program.sample + int(_LISTEN_S * SAMPLE_RATE)
        now = self._monotonic()
        if self._asked_s is None or now - self._asked_s > _FORGET_S:
            self._asked_s = now
        self.speaker.make_way()

    def leave_out(self) -> None:
        """The director's script goes on elsewhere: what was pulled of the old one and not heard is not said."""
        self.speaker.leave_out()

    def interrupt(self, *, at_sentence: bool = False) -> int:
        """Cut in, at once or at the end of the sentence. Returns the new generation."""
        generation = self._director.interrupt()
        self.program.interrupt(generation, at_sentence=at_sentence)
        self.speaker.interrupt()
        self.interrupts += 1
        return generation

    def show_card(self, card: Any) -> None:
        """Hang a product card (`avatar`'s), or None, from the next picture on."""
        self.studio.card = card

    @property
    def skew_s(self) -> float:
        """Program time of the newest picture less that of the newest sound: how far the pictures are behind."""
        picture, sound = self.hubs[self.best].latest, self.audio_hub.latest
        if picture is None or sound is None:
            return 0.0
        return picture.timestamp / 90_000 - sound.timestamp / SAMPLE_RATE

    def at_ms(self, sample: int) -> int:
        """A program sample in milliseconds since the room went on air."""
        return sample * 1000 // SAMPLE_RATE

    async def _run(self) -> None:
        clock = self._clock
        if clock is None:
            return
        while True:
            wait_s = clock.wait_s(self.program.sample)
            await asyncio.sleep(max(0.0, wait_s))
            late = clock.late_ticks(self.program.sample)
            if late > _CATCH_UP_TICKS:
                self.program.skip(late)
                self.skipped_ticks += late
                clock.skip_to(self.program.sample)
                if self._monotonic() - self._complained_s > 10:
                    self._complained_s = self._monotonic()
                    _log.warning("room %s stood still and leaves out %d ms", self.name, late * 20)
            self.tick_late_s = max(0.0, -clock.wait_s(self.program.sample))
            self.lateness_s += 0.01 * (self.tick_late_s - self.lateness_s)
            self._tick(self.program.tick(), clock)

    def _tick(self, tick: Tick, clock: SampleClock) -> None:
        self.ticks += 1
        unit = self._opus.encode(tick.pcm, tick.sample)
        self.audio_hub.publish((unit.data,), tick.sample, key=True, ntp=clock.ntp(tick.sample))
        self.outputs.audio(unit, tick.pcm)
        for event in tick.events:
            self._feed.publish(event)
            if isinstance(event, LineStarted):
                self._captioner.begin(event.line.text)
                self._listening_until = 0
                if event.line.kind in URGENT:
                    self._mark("heard")
                    self._asked_s = None
            else:
                self._show(self._captioner.clear(tick.sample))
        self.speaker.tick()
        if tick.frame is not None:
            self._show(self._captioner.follow(self.program.current, tick.sample))
            if self.tick_late_s >= _SHED_TICKS * TICK_SAMPLES / SAMPLE_RATE or not self._may_draw():
                self.shed += 1
                return
            self.studio.order(tick.frame, listening=tick.sample < self._listening_until)

    def _may_draw(self) -> bool:
        """Whether the room's share of the processors allows another picture."""
        if self._share is None:
            return True
        if self.lateness_s > _STRAIN_S or self.studio.late > self._late:
            self._share.strained()
        self._late = self.studio.late
        self._share.spent(self.studio.cpu_s)
        return self._share.allows()

    def _mark(self, stage: str) -> None:
        if self._asked_s is not None:
            self.latencies[stage].add(self._monotonic() - self._asked_s)

    def _show(self, caption: Caption | None) -> None:
        if caption is not None:
            self.studio.caption = caption.text
            self._feed.publish(caption)

    def _wanted(self) -> dict[str, bool]:
        now = self._monotonic()
        return {
            name: hub.take_keyframe_request(now) for name, hub in self.hubs.items() if name == self.best or hub.streams
        }

    def _encoded(self, name: str, unit: VideoUnit) -> None:
        clock = self._clock
        if clock is None:
            return
        ntp = clock.ntp(unit.sample)
        self.hubs[name].publish(unit.payloads, video_timestamp(unit.sample), key=unit.key, ntp=ntp)
        if name == self.best:
            self.outputs.video(unit)

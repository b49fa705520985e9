"""The room's mouth: pulls lines, has them spoken ahead of time, and makes way for a question at the next sentence."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from avatar import SAMPLE_RATE, AvatarError, Emotion, Voice
from stream.program.program import Program
from stream.program.utterance import SpokenLine, Utterance

_log = logging.getLogger(__name__)

URGENT = frozenset({"answer", "operator"})
"""Kinds of lines that come before the script."""
_TRIES = 2
_PAUSE_S, _PAUSE_MAX_S = 0.1, 2.0
"""After a line that failed; a voice that is down must not be asked for the whole script at once."""


class Line(SpokenLine, Protocol):
    """A sentence to be said, as `dialogue`'s director gives it."""

    @property
    def emotion(self) -> Any: ...


class LineSource(Protocol):
    """Where lines come from: the director."""

    def lines(self) -> AsyncIterator[Any]:
        """The next sentence each time it is pulled."""
        ...


class Speaker:
    """Keeps the program a few seconds ahead of what is heard, never more.

    A line that nobody heard yet gives way to an answer and is said after it. A voice that fails is tried once more; a
    voice that hangs is closed; then the line is left out, and the next one is said.
    """

    def __init__(
        self,
        program: Program,
        voice: Voice,
        source: LineSource,
        *,
        ahead_s: float = 6.0,
        patience_s: float = 2.0,
        stall_s: float = 12.0,
        on_answer: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.failures = 0
        self._pause_s = 0.0
        self.waiting_for_answer = False
        """A question was asked and its answer has not come yet."""
        self._program = program
        self._voice = voice
        self._source = source
        self._ahead = int(ahead_s * SAMPLE_RATE)
        self._patience_s = patience_s
        self._stall_s = stall_s
        self._on_answer = on_answer
        self.on_first_sound: Callable[[Any], None] = lambda _: None
        """Told of an answer's or an operator's line when its first samples are there."""
        self._parked: deque[Line] = deque()
        self._unheard: deque[tuple[Utterance, Line]] = deque()
        self._job: asyncio.Task[None] | None = None
        self._speaking: Utterance | None = None
        self._drained = asyncio.Event()
        self._nudged = asyncio.Event()

    async def run(self) -> None:
        """Speak until cancelled, or until the source ends and all is said."""
        iterator = self._source.lines()
        pull: asyncio.Task[Any] | None = None
        try:
            while True:
                if pull is None:
                    pull = asyncio.ensure_future(anext(iterator))
                if not await self._arrived(pull):
                    await self._say(self._parked.popleft())
                    continue
                try:
                    line: Line = await pull
                except StopAsyncIteration:
                    break
                finally:
                    if pull.done():
                        pull = None
                if line.kind in URGENT:
                    if self.waiting_for_answer:
                        self._on_answer("pulled")
                elif self._parked:
                    self._parked.append(line)
                    line = self._parked.popleft()
                await self._say(line)
            while self._parked:
                await self._say(self._parked.popleft())
        finally:
            if pull is not None:
                pull.cancel()
                await asyncio.gather(pull, return_exceptions=True)
            if self._job is not None:
                self._job.cancel()
            if hasattr(iterator, "aclose"):
                await iterator.aclose()

    async def _arrived(self, pull: asyncio.Task[Any]) -> bool:
        """Wait for the next line; False when it takes too long and a line stepped back for it."""
        while not pull.done():
            self._nudged.clear()
            nudge = asyncio.ensure_future(self._nudged.wait())
            patience_s = self._patience_s if self._parked else None
            try:
                done, _ = await asyncio.wait({pull, nudge}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            finally:
                nudge.cancel()
            if not done and self._parked:
                return False
        return True

    def make_way(self) -> None:
        """A question was asked: take back the script lines that nobody heard, they are said after the answer."""
        self.waiting_for_answer = True
        self._parked.extendleft(reversed(self._withdrawn()))
        self._nudged.set()
        self._stop_dropped()

    def leave_out(self) -> None:
        """The script goes on elsewhere: take back the script lines that nobody heard, they are not said at all."""
        self._withdrawn()
        self._parked.clear()
        self._stop_dropped()

    def _withdrawn(self) -> list[Line]:
        """Takes the script lines that nobody heard out of the program; in their order."""
        kept: deque[tuple[Utterance, Line]] = deque()
        parked: list[Line] = []
        for utterance, line in self._unheard:
            if line.kind not in URGENT and self._program.withdraw(utterance):
                parked.append(line)
            else:
                kept.append((utterance, line))
        self._unheard = kept
        return parked

    def interrupt(self) -> None:
        """The program's generation was raised: forget everything older, stop the voice unless its line goes on."""
        generation = self._program.generation
        self._parked = deque(line for line in self._parked if line.generation >= generation)
        self._stop_dropped()

    def tick(self) -> None:
        """Called after every program tick: lets the voice go on when there is room."""
        while self._unheard and (self._unheard[0][0].start is not None or self._unheard[0][0].dropped):
            self._unheard.popleft()
        if self._program.ahead < self._ahead:
            self._drained.set()

    def _stop_dropped(self) -> None:
        """End the voice's work on a line that the program has dropped; on any other it goes on."""
        if self._job is not None and self._speaking is not None and self._speaking.dropped:
            self._job.cancel()
        self._drained.set()

    async def _say(self, line: Line) -> None:
        if line.generation < self._program.generation:
            return
        utterance = self._program.open(line, emotion=_emotion(line))
        self._unheard.append((utterance, line))
        self._speaking = utterance
        self._job = asyncio.get_running_loop().create_task(self._speak(utterance, line), name="speak")
        try:
            await asyncio.wait({self._job})
        finally:
            if not self._job.done():
                self._job.cancel()
                await asyncio.gather(self._job, return_exceptions=True)
            self._program.finish(utterance)
        if not self._job.cancelled() and (exc := self._job.exception()) is not None:
            raise exc
        self._job = None

    async def _speak(self, utterance: Utterance, line: Line) -> None:
        for attempt in range(_TRIES):
            try:
                await self._stream(utterance, line)
            except (AvatarError, OSError, RuntimeError, TimeoutError) as exc:
                self.failures += 1
                _log.warning(
                    "the voice failed on a line, try %d of %d: %s: %s", attempt + 1, _TRIES, type(exc).__name__, exc
                )
                if utterance.pushed:
                    return
            else:
                self._pause_s = 0.0
                return
        self._pause_s = min(_PAUSE_MAX_S, max(_PAUSE_S, 2 * self._pause_s))
        await asyncio.sleep(self._pause_s)

    async def _stream(self, utterance: Utterance, line: Line) -> None:
        speech = self._voice.speak(line.text, emotion=utterance.emotion)
        try:
            while True:
                try:
                    async with asyncio.timeout(self._stall_s):
                        chunk = await anext(speech)
                except StopAsyncIteration:
                    return
                if line.kind in URGENT and not utterance.pushed:
                    self.on_first_sound(line)
                if line.kind in URGENT and self.waiting_for_answer:
                    self.waiting_for_answer = False
                    self._on_answer("voiced")
                if not self._program.push(utterance, chunk) or chunk.last:
                    return
                await self._room_ahead()
        finally:
            if hasattr(speech, "aclose"):
                await speech.aclose()

    async def _room_ahead(self) -> None:
        while self._program.ahead >= self._ahead:
            self._drained.clear()
            await self._drained.wait()


def _emotion(line: Line) -> Emotion:
    try:
        return Emotion(str(line.emotion))
    except ValueError:
        return Emotion.NEUTRAL

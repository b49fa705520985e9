"""Fair synthesis: the rooms of a process take turns at it, a chunk at a time, and who runs dry first goes first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncGenerator, Callable

from avatar import Emotion, Speech, Voice

_HOLD_S = 3.0
"""A turn that lasts longer counts no more: a voice that hangs or crawls must not silence the other rooms."""


class Turns:
    """Lets `slots` work at once. Waiting is ordered by deadline, so nobody is passed over for ever: time moves on."""

    def __init__(self, slots: int = 1, *, hold_s: float = _HOLD_S) -> None:
        self._free = slots
        self._hold_s = hold_s
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = itertools.count()

    async def take(self, deadline_s: float) -> Turn:
        """Wait for a turn; among those who wait the earliest deadline (any clock, the same for all) is next."""
        if self._free:
            self._free -= 1
            return Turn(self, self._hold_s)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (deadline_s, next(self._number), future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._hand_on()
            raise
        return Turn(self, self._hold_s)

    def _hand_on(self) -> None:
        while self._waiting:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
                return
        self._free += 1


class Turn:
    """A turn taken; ends by `end`, or by itself when it lasts too long."""

    def __init__(self, turns: Turns, hold_s: float) -> None:
        self._turns: Turns | None = turns
        self._limit = asyncio.get_running_loop().call_later(hold_s, self.end)

    def end(self) -> None:
        """Let the next one; may be called twice."""
        if self._turns is not None:
            self._limit.cancel()
            turns, self._turns = self._turns, None
            turns._hand_on()


class FairVoice:
    """A voice that takes a turn for every chunk."""

    def __init__(self, voice: Voice, turns: Turns, *, dry_s: Callable[[], float]) -> None:
        """`dry_s` gives the seconds of speech that the room still has."""
        self.name = voice.name
        self._voice = voice
        self._turns = turns
        self._dry_s = dry_s

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`."""
        chunks = self._voice.speak(text, emotion=emotion)
        try:
            while True:
                turn = await self._turns.take(time.monotonic() + self._dry_s())
                try:
                    chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
                finally:
                    turn.end()
                yield chunk
        finally:
            if hasattr(chunks, "aclose"):
                await chunks.aclose()

    async def aclose(self) -> None:
        """Close the voice."""
        await self._voice.aclose()

"""A voice from afar with the embedded one behind it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import numpy as np

from avatar.errors import AvatarError
from avatar.speech import Emotion, Speech, Viseme, VisemeSpan, Voice
from avatar.text.clause import Clause, clauses

logger = logging.getLogger(__name__)

FIRST_SOUND_S = 0.9
"""How long the first voice may take for a clause's first sound."""
_BREATH = 4_800

REST_S = 30.0
"""After a failure the first voice is left alone for so long."""


class FallbackVoice:
    """Speaks clause by clause with `first`; where that fails or is late, the `local` voice says the rest of the line.

    A clause is never spoken by both: what counts is whether its first sound came in time. Never falls back to anything
    but `local`.
    """

    def __init__(
        self,
        first: Voice,
        local: Voice,
        *,
        timeout_s: float = FIRST_SOUND_S,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
        on_fallback: Callable[[str], None] | None = None,
    ):
        """`on_fallback` is told the reason of every line that had to fall back (for the metrics)."""
        self.name = first.name
        self._first = first
        self._local = local
        self._timeout_s = timeout_s
        self._rest_s = rest_s
        self._clock = clock
        self._on_fallback = on_fallback
        self._rests_until = float("-inf")
        self.fallbacks = 0
        """Lines, or rests of lines, that the local voice had to say."""
        self.last_failure = ""

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`. Raises `AvatarError` only when the local voice cannot speak either."""
        pieces = clauses(text) or [Clause(text, "")]
        position = 0
        for index, piece in enumerate(pieces):
            final = index == len(pieces) - 1
            base = position
            begun = ended = False
            try:
                self._ready()
                async with aclosing(self._in_time(piece.text, emotion)) as chunks:
                    async for chunk in chunks:
                        begun, ended = True, chunk.last
                        position += len(chunk.pcm)
                        yield chunk.moved(base, last=chunk.last and final)
                if not ended:
                    raise AvatarError("声音没有说完")
            except AvatarError as exc:
                self._failed(str(exc))
                # what was heard of a clause is not said again
                rest = "".join(left.text for left in pieces[index + begun :])
                async with aclosing(self._remaining(rest, emotion)) as chunks:
                    async for chunk in chunks:
                        yield chunk.moved(position, last=chunk.last)
                return

    async def aclose(self) -> None:
        """Close both voices."""
        await self._first.aclose()
        await self._local.aclose()

    async def _remaining(self, text: str, emotion: Emotion) -> AsyncGenerator[Speech, None]:
        if not text:
            yield Speech(np.zeros(_BREATH, np.int16), (VisemeSpan(Viseme.REST, 0, _BREATH),), 0, True)
            return
        async with aclosing(self._local.speak(text, emotion=emotion)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                yield chunk

    async def _in_time(self, text: str, emotion: Emotion) -> AsyncGenerator[Speech, None]:
        async with aclosing(self._first.speak(text, emotion=emotion)) as chunks:  # type: ignore[type-var]
            try:
                async with asyncio.timeout(self._timeout_s):
                    first = await anext(aiter(chunks))
            except TimeoutError as exc:
                raise AvatarError(f"{self._timeout_s:g} 秒内没有声音") from exc
            except StopAsyncIteration as exc:
                raise AvatarError("没有得到声音") from exc
            yield first
            async for chunk in chunks:
                yield chunk

    def _ready(self) -> None:
        if self._clock() < self._rests_until:
            raise AvatarError(self.last_failure)

    def _failed(self, reason: str) -> None:
        if self._clock() >= self._rests_until:
            logger.warning("音色 %s 不可用（%s），改由本地音色 %s 代说", self._first.name, reason, self._local.name)
            self._rests_until = self._clock() + self._rest_s
        self.fallbacks += 1
        self.last_failure = reason
        if self._on_fallback is not None:
            self._on_fallback(reason)

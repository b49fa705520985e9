"""A voice from afar with the embedded one behind it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import numpy as np

from avatar.errors import AvatarError, NothingToSay, VoiceFailure
from avatar.voice.speech import Emotion, Speech, Viseme, VisemeSpan, Voice
from avatar.voice.text.clause import Clause, clauses
from avatar.voice.voice_figures import VoiceFigures

logger = logging.getLogger(__name__)

FIRST_SOUND_S = 0.9
"""How long the first voice may take for a clause's first sound."""
HEAD_START_S = 0.5
"""When it has taken so long, the local voice begins to render, so that its sound is there when it is needed."""
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
        head_start_s: float = HEAD_START_S,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
        figures: VoiceFigures | None = None,
    ):
        """`figures` are told every line that had to fall back, and why."""
        self.name = first.name
        self.figures = figures or VoiceFigures()
        self._first = first
        self._local = local
        self._timeout_s = timeout_s
        self._head_start_s = min(head_start_s, timeout_s)
        self._rest_s = rest_s
        self._clock = clock
        self._rests_until = float("-inf")
        self.last_failure = ""

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`. Raises `AvatarError` only when the local voice cannot speak either."""
        pieces = clauses(text) or [Clause(text, "")]
        position = 0
        for index, piece in enumerate(pieces):
            final = index == len(pieces) - 1
            base = position
            begun = ended = False
            rest = _Ahead(self._local, "".join(left.text for left in pieces[index:]), emotion)
            async with aclosing(rest):
                try:
                    self._ready()
                    async with aclosing(self._in_time(piece.text, emotion, rest)) as chunks:
                        async for chunk in chunks:
                            begun, ended = True, chunk.last
                            position += len(chunk.pcm)
                            yield chunk.moved(base, last=chunk.last and final)
                    if not ended:
                        raise VoiceFailure("声音没有说完 / broke off in the sentence", reason="unfinished")
                    self.figures.resting = False
                    continue
                except NothingToSay:
                    if final and not position:
                        raise
                    if not final:
                        continue
                    rest_text = ""
                except Exception as exc:  # whatever broke in an engine, the line goes on
                    self._failed(exc)
                    rest_text = "".join(left.text for left in pieces[index + begun :])
                async with aclosing(self._remaining(rest, rest_text, emotion, heard=begun)) as chunks:
                    async for chunk in chunks:
                        yield chunk.moved(position, last=chunk.last)
                return

    async def aclose(self) -> None:
        """Close both voices."""
        await self._first.aclose()
        await self._local.aclose()

    async def _remaining(
        self, ahead: _Ahead, text: str, emotion: Emotion, *, heard: bool
    ) -> AsyncGenerator[Speech, None]:
        """The local voice with what is left; what was `heard` of a clause is not said again."""
        if not text:
            yield Speech(np.zeros(_BREATH, np.int16), (VisemeSpan(Viseme.REST, 0, _BREATH),), 0, True)
            return
        if not heard:
            async for chunk in ahead.chunks():
                yield chunk
            return
        async with aclosing(self._local.speak(text, emotion=emotion)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                yield chunk

    async def _in_time(self, text: str, emotion: Emotion, ahead: _Ahead) -> AsyncGenerator[Speech, None]:
        async with aclosing(self._first.speak(text, emotion=emotion)) as chunks:  # type: ignore[type-var]
            asked = asyncio.ensure_future(anext(aiter(chunks)))
            try:
                await asyncio.wait({asked}, timeout=self._head_start_s)
                if not asked.done():
                    ahead.begin()
                    await asyncio.wait({asked}, timeout=self._timeout_s - self._head_start_s)
                if not asked.done():
                    raise VoiceFailure(f"{self._timeout_s:g} 秒内没有声音 / no sound in time", reason="late")
                first = await asked
            except StopAsyncIteration as exc:
                raise VoiceFailure("没有得到声音 / no sound came", reason="empty") from exc
            finally:
                asked.cancel()
                await asyncio.gather(asked, return_exceptions=True)
            await ahead.aclose()
            yield first
            async for chunk in chunks:
                yield chunk

    def _ready(self) -> None:
        if self._clock() < self._rests_until:
            raise VoiceFailure(self.last_failure, reason="resting")

    def _failed(self, error: Exception) -> None:
        reason = error.reason if isinstance(error, VoiceFailure) else "failed"
        if reason != "resting":
            expected = isinstance(error, AvatarError)
            told = str(error) if expected else f"{type(error).__name__}: {error}"
            logger.warning(
                "音色 %s 不可用（%s），改由本地音色 %s 代说",
                self._first.name,
                told,
                self._local.name,
                exc_info=None if expected else error,
            )
            self._rests_until = self._clock() + self._rest_s
            self.last_failure = told
        self.figures.fallbacks[self._first.name, reason] += 1
        self.figures.resting = True


class _Ahead:
    """A line of the local voice whose first sound is rendered before it is known whether it is needed."""

    def __init__(self, voice: Voice, text: str, emotion: Emotion):
        self._voice = voice
        self._text = text
        self._emotion = emotion
        self._line: AsyncIterator[Speech] | None = None
        self._first: asyncio.Future[Speech] | None = None

    def begin(self) -> None:
        """Start rendering; may be called twice."""
        if self._line is None:
            self._line = aiter(self._voice.speak(self._text, emotion=self._emotion))
            self._first = asyncio.ensure_future(anext(self._line))

    async def chunks(self) -> AsyncGenerator[Speech, None]:
        """The whole line."""
        self.begin()
        assert self._line is not None and self._first is not None  # noqa: S101 -- `begin` made them
        yield await self._first
        async for chunk in self._line:
            yield chunk

    async def aclose(self) -> None:
        """Drop the line; may be called twice."""
        if self._first is not None:
            self._first.cancel()
            await asyncio.gather(self._first, return_exceptions=True)
        if self._line is not None and hasattr(self._line, "aclose"):
            await self._line.aclose()

"""A voice that remembers what it said, and counts it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from avatar.voice.line_cache import LineCache, LineKey
from avatar.voice.speech import SAMPLE_RATE, Emotion, Speech, Voice
from avatar.voice.voice_figures import VoiceFigures

_LONGEST_S = 60
"""Lines longer than this are not collected for the cache."""


class CachedVoice:
    """Plays lines from a `LineCache`, and keeps there what the wrapped voice speaks to its end."""

    def __init__(
        self,
        voice: Voice,
        cache: LineCache | None,
        *,
        fingerprint: Callable[[], str] = str,
        figures: VoiceFigures | None = None,
    ):
        """Without a `cache` nothing is kept. `fingerprint` names what else shapes the sound, such as the lexicon.

        It is called in a thread before every line, also without a `cache`.
        """
        self.name = voice.name
        self.figures = figures or VoiceFigures()
        self._voice = voice
        self._cache = cache
        self._fingerprint = fingerprint

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`."""
        async with aclosing(self._line(text, emotion)) as chunks:
            async for chunk in chunks:
                self.figures.spoken_s[self.name] += len(chunk.pcm) / SAMPLE_RATE
                yield chunk

    async def _line(self, text: str, emotion: Emotion) -> AsyncGenerator[Speech, None]:
        key = LineKey(f"{self.name}/{await asyncio.to_thread(self._fingerprint)}", text, emotion.value)
        kept = await asyncio.to_thread(self._cache.get, key) if self._cache else None
        if kept is not None:
            self.figures.cache_hits += 1
            for chunk in kept:
                yield chunk
            return
        self.figures.cache_misses += 1
        said: list[Speech] = []
        async with aclosing(self._voice.speak(text, emotion=emotion)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                if self._cache is not None and chunk.start < _LONGEST_S * SAMPLE_RATE:
                    said.append(chunk)
                    if chunk.last:  # kept before it is given out: whoever has the last chunk asks for no more
                        await asyncio.to_thread(self._cache.put, key, said)
                        self.figures.cache_bytes = self._cache.bytes
                yield chunk

    async def aclose(self) -> None:
        """Close the wrapped voice."""
        await self._voice.aclose()

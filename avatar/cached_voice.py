"""A voice that remembers what it said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from avatar.line_cache import LineCache, LineKey
from avatar.speech import Emotion, Speech, Voice

logger = logging.getLogger(__name__)

_LONGEST_S = 60
"""Lines longer than this are not collected for the cache."""


class CachedVoice:
    """Plays lines from a `LineCache`, and keeps there what the wrapped voice speaks to its end."""

    def __init__(self, voice: Voice, cache: LineCache, *, fingerprint: str = ""):
        """`fingerprint` names what else shapes the sound, such as the pronunciation lexicon's version."""
        self.name = voice.name
        self._voice = voice
        self._cache = cache
        self._fingerprint = fingerprint
        self.hits = 0
        self.misses = 0

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`."""
        key = LineKey(f"{self.name}/{self._fingerprint}", text, emotion.value)
        kept = await asyncio.to_thread(self._cache.get, key)
        if kept is not None:
            self.hits += 1
            for chunk in kept:
                yield chunk
            return
        self.misses += 1
        said: list[Speech] = []
        async with aclosing(self._voice.speak(text, emotion=emotion)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                said.append(chunk)
                yield chunk
        if said and said[-1].last and said[-1].start < _LONGEST_S * 48_000:
            await asyncio.to_thread(self._cache.put, key, said)

    async def aclose(self) -> None:
        """Close the wrapped voice."""
        await self._voice.aclose()

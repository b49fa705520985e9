"""Voices for tests: what they say is a tone as long as the text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import numpy as np

from avatar.errors import AvatarError, NothingToSay
from avatar.voice.speech import Emotion, Speech, Viseme, VisemeSpan, Voice

PER_CHARACTER = 4_800


class ToneVoice:
    """100 ms of tone a character, a chunk a character; fails or hangs where told."""

    def __init__(
        self,
        name: str,
        *,
        level: int = 1_000,
        fail_at: int | None = None,
        hang: bool = False,
        first_s: float = 0.0,
        silent: str = "",
        error: Exception | None = None,
    ) -> None:
        """`first_s` passes before the first chunk; a text with the character `silent` cannot be said; or `error`."""
        self.name = name
        self.level = level
        self.fail_at = fail_at
        self.hang = hang
        self.first_s = first_s
        self.silent = silent
        self.error = error
        self.asked: list[str] = []
        self.closed = 0

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        self.asked.append(text)
        if self.hang:
            await asyncio.sleep(60)
        if self.silent and self.silent in text:
            raise NothingToSay
        if self.error is not None:
            raise self.error
        await asyncio.sleep(self.first_s)
        for index in range(len(text)):
            if index == self.fail_at:
                raise AvatarError("连接中断")
            start = index * PER_CHARACTER
            span = VisemeSpan(Viseme.A, start, start + PER_CHARACTER)
            pcm = np.full(PER_CHARACTER, self.level, np.int16)
            yield Speech(pcm, (span,), start, index == len(text) - 1)

    async def aclose(self) -> None:
        self.closed += 1


async def said(voice: Voice, text: str) -> list[Speech]:
    """All chunks of a line."""
    return [chunk async for chunk in voice.speak(text)]


def assert_whole(chunks: list[Speech]) -> None:
    """Chunks follow each other without a gap, and only the final one is the last."""
    position = 0
    for chunk in chunks:
        assert chunk.start == position
        position += len(chunk.pcm)
        assert all(chunk.start <= span.start < position for span in chunk.visemes)
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]

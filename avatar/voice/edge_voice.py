"""Microsoft Edge's read-aloud voices through `edge-tts`: good, free of charge, and the text leaves the house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

import aiohttp
import edge_tts
from edge_tts.exceptions import EdgeTTSException, NoAudioReceived

from avatar.errors import VoiceFailure
from avatar.voice.align import WordBoundary
from avatar.voice.phoneme import Phonemizer
from avatar.voice.prosody import PROSODY, Prosody
from avatar.voice.recording import decode, recorded, speeches
from avatar.voice.speech import Emotion, Speech
from avatar.voice.text.normalise import Normaliser

DEFAULT_EDGE_VOICE = "zh-CN-XiaoxiaoNeural"
_TICKS_PER_SAMPLE = 10_000_000 / 48_000
"""Word boundaries come in ticks of 100 ns."""


class EdgeVoice:
    """Speaks clause by clause; a clause is given out when its file has come whole. Visemes from word boundaries."""

    def __init__(
        self,
        timbre: str,
        *,
        phonemizer: Phonemizer,
        normaliser: Normaliser,
        proxy: str | None = None,
        timeout_s: float = 10.0,
    ):
        self.name = f"edge:{timbre}"
        self._timbre = timbre
        self._phonemizer = phonemizer
        self._normaliser = normaliser
        self._proxy = proxy
        self._timeout_s = timeout_s

    def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`."""
        return recorded(self._normaliser.spoken(text), partial(self._record, prosody=PROSODY[emotion]))

    async def aclose(self) -> None:
        """Nothing is held between lines."""

    async def _record(self, text: str, prosody: Prosody) -> list[Speech]:
        data, words = await self._fetch(text, prosody)
        return await asyncio.to_thread(lambda: speeches(decode(data), self._phonemizer.phonemes(text), words))

    async def _fetch(self, text: str, prosody: Prosody) -> tuple[bytes, list[WordBoundary]]:
        sound = bytearray()
        words: list[WordBoundary] = []
        try:
            async with asyncio.timeout(self._timeout_s):
                request = edge_tts.Communicate(
                    text,
                    self._timbre,
                    rate=f"{round((prosody.speed - 1) * 100):+d}%",
                    pitch=f"{round((prosody.pitch - 1) * 200):+d}Hz",
                    boundary="WordBoundary",
                    proxy=self._proxy,
                    connect_timeout=3,
                    receive_timeout=5,
                )
                async for message in request.stream():
                    if message["type"] == "audio":
                        sound += message["data"]
                    elif message["type"] == "WordBoundary":
                        start = round(message["offset"] / _TICKS_PER_SAMPLE)
                        length = round(message["duration"] / _TICKS_PER_SAMPLE)
                        words.append(WordBoundary(message["text"], start, start + length))
        except (EdgeTTSException, aiohttp.ClientError, OSError, ValueError) as exc:
            reason = "empty" if isinstance(exc, NoAudioReceived) else "unreachable"
            raise VoiceFailure(
                f"edge-tts 无法合成：{type(exc).__name__} / edge-tts did not speak", reason=reason
            ) from exc
        except TimeoutError as exc:
            raise VoiceFailure(
                f"edge-tts {self._timeout_s:g} 秒内没有完成 / edge-tts took too long", reason="late"
            ) from exc
        return bytes(sound), words

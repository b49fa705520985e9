"""Voices behind any OpenAI-compatible `/audio/speech`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import openai

from avatar.errors import NothingToSay, VoiceFailure
from avatar.phoneme import Phonemizer
from avatar.prosody import PROSODY
from avatar.recording import decode, speeches
from avatar.speech import Emotion, Speech
from avatar.text.clause import clauses
from avatar.text.normalise import Normaliser

_LARGEST = 32 << 20
"""Bytes accepted for one clause."""


class OpenAIVoice:
    """Speaks clause by clause with the server's `model` and `timbre`; visemes are aligned from the signal."""

    def __init__(
        self,
        timbre: str,
        *,
        base_url: str,
        api_key: str,
        model: str,
        phonemizer: Phonemizer,
        normaliser: Normaliser,
        timeout_s: float = 15.0,
    ):
        self.name = f"openai:{model}:{timbre}"
        self._timbre = timbre
        self._model = model
        self._phonemizer = phonemizer
        self._normaliser = normaliser
        self._client = openai.AsyncOpenAI(
            base_url=base_url, api_key=api_key or "none", timeout=timeout_s, max_retries=0
        )
        self._speech = self._client.audio.speech  # the package loads this part late, half a second that no line waits

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`."""
        pieces = clauses(self._normaliser.spoken(text))
        if not pieces:
            raise NothingToSay
        position = 0
        for index, piece in enumerate(pieces):
            data = await self._fetch(piece.text, PROSODY[emotion].speed)
            for chunk in await asyncio.to_thread(self._finish, piece.text, data):
                yield chunk.moved(position, last=chunk.last and index == len(pieces) - 1)
            position += chunk.start + len(chunk.pcm)

    async def aclose(self) -> None:
        """Close the connections to the server."""
        await self._client.close()

    async def _fetch(self, text: str, speed: float) -> bytes:
        data = bytearray()
        try:
            async with self._speech.with_streaming_response.create(
                input=text, model=self._model, voice=self._timbre, response_format="wav", speed=speed
            ) as response:
                async for part in response.iter_bytes():
                    data += part
                    if len(data) > _LARGEST:
                        raise VoiceFailure(
                            f"语音服务器的回应超过 {_LARGEST >> 20} MB / the speech server sent too much",
                            reason="implausible",
                        )
        except openai.APIStatusError as exc:
            raise VoiceFailure(
                f"语音服务器拒绝了请求：HTTP {exc.status_code} / the speech server refused", reason="refused"
            ) from exc
        except openai.APIError as exc:
            reason = "late" if isinstance(exc, openai.APITimeoutError) else "unreachable"
            raise VoiceFailure(
                f"语音服务器不可用：{type(exc).__name__} / the speech server cannot be reached", reason=reason
            ) from exc
        return bytes(data)

    def _finish(self, text: str, data: bytes) -> list[Speech]:
        return speeches(decode(data), self._phonemizer.phonemes(text))

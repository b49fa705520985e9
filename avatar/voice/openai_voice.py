"""Voices behind any OpenAI-compatible `/audio/speech`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from functools import partial

import openai

from avatar.errors import VoiceFailure
from avatar.voice.phoneme import Phonemizer
from avatar.voice.prosody import PROSODY
from avatar.voice.recording import decode, recorded, speeches, with_header
from avatar.voice.speech import Emotion, Speech
from avatar.voice.text.normalise import Normaliser

_LARGEST = 32 << 20
"""Bytes accepted for one clause."""
_PCM_RATE = 24_000
"""Hz of sound without a header (`audio/pcm`) whose type does not name a `rate`: what OpenAI sends."""


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
        self._timeout_s = timeout_s
        self._phonemizer = phonemizer
        self._normaliser = normaliser
        self._client = openai.AsyncOpenAI(
            base_url=base_url, api_key=api_key or "none", timeout=timeout_s, max_retries=0
        )
        self._speech = self._client.audio.speech  # the package loads this part late, half a second that no line waits

    def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`."""
        return recorded(self._normaliser.spoken(text), partial(self._record, speed=PROSODY[emotion].speed))

    async def aclose(self) -> None:
        """Close the connections to the server."""
        await self._client.close()

    async def _record(self, text: str, speed: float) -> list[Speech]:
        data, kind = await self._fetch(text, speed)
        return await asyncio.to_thread(self._finish, text, data, kind)

    async def _fetch(self, text: str, speed: float) -> tuple[bytes, str]:
        """Return the sound of `text` and its media type."""
        data = bytearray()
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._speech.with_streaming_response.create(
                    input=text, model=self._model, voice=self._timbre, response_format="wav", speed=speed
                ) as response,
            ):
                async for part in response.iter_bytes():
                    data += part
                    if len(data) > _LARGEST:
                        raise VoiceFailure(
                            f"语音服务器的回应超过 {_LARGEST >> 20} MB / the speech server sent too much",
                            reason="implausible",
                        )
                return bytes(data), response.headers.get("Content-Type", "")
        except VoiceFailure:
            raise
        except openai.APIStatusError as exc:
            raise VoiceFailure(
                f"语音服务器拒绝了请求：HTTP {exc.status_code} / the speech server refused", reason="refused"
            ) from exc
        except (TimeoutError, openai.APITimeoutError) as exc:
            raise VoiceFailure(
                f"语音服务器 {self._timeout_s:g} 秒内没有说完 / the speech server took too long", reason="late"
            ) from exc
        except openai.APIError as exc:
            raise VoiceFailure(
                f"语音服务器不可用：{type(exc).__name__} / the speech server cannot be reached", reason="unreachable"
            ) from exc
        except Exception as exc:
            # An answer that breaks off raises what the layer below calls it; to a line it is one thing.
            raise VoiceFailure(
                f"语音服务器的回应中断了：{type(exc).__name__} / the speech server broke off", reason="unfinished"
            ) from exc

    def _finish(self, text: str, data: bytes, kind: str) -> list[Speech]:
        if re.match(r"audio/pcm\b", kind, re.IGNORECASE) and not data.startswith(b"RIFF"):
            rate = re.search(r"rate=(\d{4,6})\b", kind)
            data = with_header(data, int(rate[1]) if rate else _PCM_RATE)
        return speeches(decode(data), self._phonemizer.phonemes(text))

"""A voice behind an OpenAI-compatible server, against a small real one on the loopback."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from avatar.errors import AvatarError, VoiceFailure
from avatar.voice.fallback_voice import FallbackVoice
from avatar.voice.loudness import loudness
from avatar.voice.openai_voice import OpenAIVoice
from avatar.voice.phoneme import Phonemizer
from avatar.voice.recording import decode, levelled, with_header
from avatar.voice.speech import Viseme
from avatar.voice.text.normalise import Normaliser
from avatar.voice.voice import create_voice
from tests.avatar.voices import ToneVoice, assert_whole, said


def wav(seconds: float, rate: int = 24_000) -> bytes:
    """A second of quiet, a humming, quiet again."""
    hum = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)
    sound = np.concatenate([np.zeros(rate // 4), hum, np.zeros(rate // 4)])
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return out.getvalue()


class Server:
    """Answers `/v1/audio/speech` (and `/v2/…`) as told and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self.answer: bytes | int = wav(1.0)
        self.kind = "audio/wav"
        self.breaks_after: int | None = None
        """Bytes after which the connection is cut."""
        self.url = ""

    async def speech(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        if isinstance(self.answer, int):
            return web.json_response({"error": {"message": "no"}}, status=self.answer)
        if self.breaks_after is None:
            return web.Response(body=self.answer, headers={"Content-Type": self.kind})
        response = web.StreamResponse(headers={"Content-Type": self.kind})
        await response.prepare(request)
        await response.write(self.answer[: self.breaks_after])
        assert request.transport is not None
        request.transport.close()
        return response


@pytest.fixture
async def server() -> AsyncGenerator[Server, None]:
    made = Server()
    app = web.Application()
    app.router.add_post("/{version}/audio/speech", made.speech)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}/v1"
    yield made
    await runner.cleanup()


@pytest.fixture
async def voice(server: Server, tmp_path: Path) -> AsyncGenerator[OpenAIVoice, None]:
    made = OpenAIVoice(
        "alloy",
        base_url=server.url,
        api_key="key",
        model="tts-1",
        phonemizer=Phonemizer(cache_dir=tmp_path),
        normaliser=Normaliser(),
    )
    yield made
    await made.aclose()


async def test_the_server_is_asked_for_the_spoken_form(server: Server, voice: OpenAIVoice) -> None:
    await said(voice, "只要¥199！")
    assert server.asked[0]["input"] == "只要一百九十九元！"
    assert (server.asked[0]["voice"], server.asked[0]["model"]) == ("alloy", "tts-1")


async def test_the_sound_comes_at_48_khz_with_a_mouth_that_is_open_in_the_hum(voice: OpenAIVoice) -> None:
    chunks = await said(voice, "大家好。")
    assert_whole(chunks)
    assert sum(len(chunk.pcm) for chunk in chunks) == pytest.approx(1.5 * 48_000, abs=200)
    spans = [span for chunk in chunks for span in chunk.visemes]
    assert spans[0].viseme is Viseme.REST
    assert spans[0].end == pytest.approx(12_000, abs=1_000)
    assert spans[-1].viseme is Viseme.REST
    assert spans[-1].start == pytest.approx(60_000, abs=1_000)
    assert {span.viseme for span in spans} >= {Viseme.A, Viseme.J}


@pytest.mark.parametrize("crest", [1, 8])
def test_a_recording_comes_at_the_same_loudness_however_high_its_peaks(crest: int) -> None:
    noise = np.random.default_rng(4).normal(0, 0.06, 96_000).astype(np.float32)
    noise[np.arange(96_000) % crest != 0] = 0
    made = levelled(noise)
    assert loudness(made, 48_000) == pytest.approx(-16, abs=0.5)
    assert np.abs(made).max() <= 0.892


@pytest.mark.parametrize("answer", [500, 401, b"", b"not audio at all", wav(0)])
async def test_a_bad_answer_is_an_error_of_one_line(server: Server, voice: OpenAIVoice, answer: bytes | int) -> None:
    server.answer = answer
    with pytest.raises(AvatarError) as caught:
        await said(voice, "你好。")
    assert "\n" not in str(caught.value)


async def test_nothing_to_say_asks_nobody(server: Server, voice: OpenAIVoice) -> None:
    with pytest.raises(AvatarError, match="没有可以念出来的文字"):
        await said(voice, "🎉🎉")
    assert server.asked == []


async def test_an_answer_that_breaks_off_is_a_failure_another_voice_can_mend(
    server: Server, voice: OpenAIVoice
) -> None:
    server.breaks_after = 20_000
    local = ToneVoice("local", level=2)
    speaking = FallbackVoice(voice, local, timeout_s=30, head_start_s=30)
    assert_whole(await said(speaking, "你好。"))
    assert local.asked == ["你好。"]
    assert speaking.figures.fallbacks == {(voice.name, "unfinished"): 1}


async def test_an_answer_that_never_ends_is_late(server: Server, voice: OpenAIVoice) -> None:
    server.breaks_after = None
    impatient = OpenAIVoice(
        "alloy",
        base_url=server.url,
        api_key="key",
        model="tts-1",
        phonemizer=Phonemizer(),
        normaliser=Normaliser(),
        timeout_s=0.0,
    )
    with pytest.raises(VoiceFailure) as caught:
        await said(impatient, "你好。")
    assert caught.value.reason == "late"
    await impatient.aclose()


@pytest.mark.parametrize(("kind", "rate"), [("audio/pcm", 24_000), ("audio/pcm;rate=16000", 16_000)])
async def test_sound_without_a_header_is_understood_by_its_type(
    server: Server, voice: OpenAIVoice, kind: str, rate: int
) -> None:
    server.kind, server.answer = kind, wav(1.0, rate)[44:]
    chunks = await said(voice, "大家好。")
    assert sum(len(chunk.pcm) for chunk in chunks) == pytest.approx(1.5 * 48_000, abs=200)


@pytest.mark.parametrize("rate", [1, 4_000_000])
def test_a_header_that_claims_an_impossible_rate_is_a_broken_file(rate: int) -> None:
    with pytest.raises(VoiceFailure) as caught:
        decode(with_header(wav(1.0)[44:], rate))
    assert caught.value.reason == "broken"


@pytest.mark.model
async def test_a_line_kept_from_one_server_is_not_played_for_another(
    server: Server, models_dir: Path, tmp_path: Path
) -> None:
    """Two servers may have different voices of one name."""
    other = server.url.replace("/v1", "/v2")
    for url, asked in ((server.url, 1), (server.url, 1), (other, 2)):
        voice = await asyncio.to_thread(
            create_voice, "openai:alloy", models_dir=models_dir, cache_dir=tmp_path, allow_cloud=True, base_url=url
        )
        await said(voice, "大家好。")
        await voice.aclose()
        assert len(server.asked) == asked

"""A cloud voice that fails in a running room: the local one speaks within about a second, and the metrics say why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import edge_tts
import pytest
from prometheus_client import CollectorRegistry

from avatar import Voice, VoiceFigures, create_voice
from avatar.models.catalogue import open_models
from avatar.voice.cached_voice import CachedVoice
from avatar.voice.edge_voice import EdgeVoice
from avatar.voice.fallback_voice import FIRST_SOUND_S, FallbackVoice
from avatar.voice.kokoro import KokoroVoice, create_kokoro
from avatar.voice.openai_voice import OpenAIVoice
from avatar.voice.phoneme import Phonemizer
from avatar.voice.text.normalise import Normaliser
from stream.program.program import LineEnded
from stream.telemetry.voice_metrics import VoiceCollector
from tests.avatar.voices import assert_whole, said
from tests.demo_server import demo_server
from tests.stream.fakes import FakeLine, ListDirector
from tests.stream.live import eventually, make_room
from tests.stream.speech_server import speech_server, wav

pytestmark = pytest.mark.model

LINE = "只要九十九元。"
CLOUD = "openai:tts-1:alloy"
LOCAL = "zf_xiaobei"


@pytest.fixture(scope="module")
def local(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KokoroVoice]:
    folder = tmp_path_factory.mktemp("words")
    made = create_kokoro(
        LOCAL, models=open_models(models_dir), normaliser=Normaliser(), phonemizer=Phonemizer(cache_dir=folder)
    )
    made.warm()
    yield made
    asyncio.run(made.aclose())


@pytest.fixture
def phonemizer(tmp_path: Path) -> Phonemizer:
    return Phonemizer(cache_dir=tmp_path)


def behind(cloud: Voice, local: Voice, figures: VoiceFigures, *, timeout_s: float = 30.0) -> FallbackVoice:
    """The cloud voice with the local one behind it, counted as the product does."""
    return FallbackVoice(
        CachedVoice(cloud, None, figures=figures),
        CachedVoice(local, None, figures=figures),
        figures=figures,
        timeout_s=timeout_s,
        rest_s=600,
    )


def server_voice(url: str, phonemizer: Phonemizer) -> OpenAIVoice:
    return OpenAIVoice("alloy", base_url=url, api_key="", model="tts-1", phonemizer=phonemizer, normaliser=Normaliser())


async def heard_in_a_room(voice: Voice) -> None:
    """Put a room on air whose host says one line with the voice, and wait until it was heard to its end."""
    room = make_room(voice=voice, director=ListDirector([FakeLine(LINE)]))
    events = room.events()
    await room.start()
    try:
        async with asyncio.timeout(120):
            async for event in events:
                if isinstance(event, LineEnded):
                    assert event.finished
                    break
        assert room.speaker.failures == 0
    finally:
        await room.stop()


def metric(figures: VoiceFigures, name: str, **labels: str) -> float:
    registry = CollectorRegistry()
    registry.register(VoiceCollector({"cloud": figures}))
    return registry.get_sample_value(f"zhanggui_voice_{name}", {"voice": "cloud", **labels}) or 0.0


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("slow", "late"),
        ("drips", "late"),
        ("dead", "unreachable"),
        ("refuses", "refused"),
        ("empty", "empty"),
        ("web page", "broken"),
        ("cut header", "broken"),
        ("silence", "empty"),
        ("a click", "implausible"),
        ("an hour", "implausible"),
    ],
)
async def test_a_server_that_fails_is_replaced_and_named(
    local: KokoroVoice, phonemizer: Phonemizer, mode: str, reason: str
) -> None:
    figures = VoiceFigures()
    async with speech_server(mode) as url:
        cloud = server_voice(url, phonemizer)
        voice = behind(cloud, local, figures, timeout_s=FIRST_SOUND_S if reason == "late" else 30)
        assert_whole(await said(voice, LINE))
        assert metric(figures, "fallbacks_total", engine=CLOUD, reason=reason) == 1
        if mode in ("slow", "dead", "web page"):
            await heard_in_a_room(voice)
            assert metric(figures, "fallbacks_total", engine=CLOUD, reason="resting") == 1
        await cloud.aclose()
    assert metric(figures, "spoken_seconds_total", engine=LOCAL) > 1
    assert metric(figures, "spoken_seconds_total", engine=CLOUD) == 0
    assert metric(figures, "resting") == 1


async def test_the_voice_that_stands_in_suits_the_host(models_dir: Path, tmp_path: Path) -> None:
    figures = VoiceFigures()
    async with speech_server("dead") as url:
        voice = await asyncio.to_thread(
            create_voice,
            "openai:alloy",
            models_dir=models_dir,
            cache_dir=tmp_path,
            allow_cloud=True,
            base_url=url,
            stand_in="zm_yunxi",
            figures=figures,
        )
        assert_whole(await said(voice, "好的。"))
        await voice.aclose()
    assert set(figures.spoken_s) == {"zm_yunxi"}


async def test_a_server_that_works_is_not_replaced(models_dir: Path, tmp_path: Path) -> None:
    figures = VoiceFigures()
    async with speech_server("works") as url:
        voice = await asyncio.to_thread(
            create_voice,
            "openai:alloy",
            models_dir=models_dir,
            cache_dir=tmp_path,
            allow_cloud=True,
            base_url=url,
            figures=figures,
        )
        assert isinstance(voice, FallbackVoice)
        voice._timeout_s = voice._head_start_s = 30.0  # a busy machine is no dead server
        await heard_in_a_room(voice)
        await heard_in_a_room(voice)
        await voice.aclose()
    assert not figures.fallbacks
    assert (metric(figures, "cache_hits_total"), metric(figures, "cache_misses_total")) == (1, 1)
    assert metric(figures, "spoken_seconds_total", engine=CLOUD) == pytest.approx(6.0, abs=0.1)
    assert metric(figures, "cache_bytes") > 2 * 3 * 48_000


class EdgeThatSends:
    """In place of the client of Microsoft's service, which no test may ask: sends what it is told."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self._messages = messages

    def __call__(self, *_: Any, **__: Any) -> EdgeThatSends:
        return self

    async def stream(self) -> AsyncIterator[dict[str, Any]]:
        for message in self._messages:
            yield message


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ((), "empty"),
        (({"type": "audio", "data": b""},), "empty"),
        (({"type": "WordBoundary", "text": "只", "offset": 0, "duration": 1_000_000},), "empty"),
        (({"type": "audio", "data": b"\xff\xf3\x00\x00" * 40},), "broken"),
        (({"type": "audio", "data": wav(3.0, level=0.0)},), "empty"),
    ],
)
async def test_an_empty_file_of_edge_reaches_nobody(
    local: KokoroVoice,
    phonemizer: Phonemizer,
    monkeypatch: pytest.MonkeyPatch,
    messages: tuple[dict[str, Any], ...],
    reason: str,
) -> None:
    monkeypatch.setattr(edge_tts, "Communicate", EdgeThatSends(*messages))
    figures = VoiceFigures()
    edge = EdgeVoice("zh-CN-XiaoxiaoNeural", phonemizer=phonemizer, normaliser=Normaliser())
    voice = behind(edge, local, figures)
    if messages:
        assert_whole(await said(voice, LINE))
    else:
        await heard_in_a_room(voice)
    assert figures.fallbacks == {(edge.name, reason): 1}
    assert metric(figures, "spoken_seconds_total", engine=LOCAL) > 1
    assert metric(figures, "spoken_seconds_total", engine=edge.name) == 0


@pytest.mark.slow
async def test_the_product_speaks_on_when_its_server_is_dead(models_dir: Path, tmp_path: Path) -> None:
    async with speech_server("dead") as url:
        environment = {
            "ZHANGGUI_VOICE": "openai:alloy",
            "ZHANGGUI_CLOUD_VOICE": "true",
            "ZHANGGUI_SPEECH_BASE_URL": url,
        }
        with demo_server(tmp_path, models_dir=models_dir, **environment) as server:

            def said_by(engine: str) -> float:
                return server.metric("zhanggui_voice_spoken_seconds_total", engine=engine)

            await eventually(lambda: said_by(LOCAL) > 3, within_s=120)
            assert server.metric("zhanggui_voice_fallbacks_total", reason="unreachable") >= 1
            assert server.metric("zhanggui_voice_resting") == 1
            assert said_by(CLOUD) == 0

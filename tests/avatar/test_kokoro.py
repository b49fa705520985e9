"""The embedded voice with its real model."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Generator
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray

from avatar.errors import AvatarError
from avatar.models import catalogue
from avatar.models.catalogue import open_models
from avatar.voice import kokoro
from avatar.voice.kokoro.model import KokoroModel, StopSwitch, SynthesisStopped, open_model
from avatar.voice.kokoro.voice import VOICES, KokoroVoice, create_kokoro
from avatar.voice.loudness import loudness
from avatar.voice.phoneme import Phonemizer
from avatar.voice.speech import SAMPLE_RATE, Speech, Viseme
from avatar.voice.text.normalise import Normaliser
from avatar.voice.voice import create_voice
from tests.avatar.voices import assert_whole, said

pytestmark = pytest.mark.model

TEXT = "这款保温杯只要一百九十九元，今天下单再送杯套。"


@pytest.fixture(scope="module")
def phonemizer(tmp_path_factory: pytest.TempPathFactory) -> Phonemizer:
    return Phonemizer(cache_dir=tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def voice(models_dir: Path, phonemizer: Phonemizer) -> Generator[KokoroVoice, None, None]:
    made = create_kokoro("zf_xiaobei", models=open_models(models_dir), normaliser=Normaliser(), phonemizer=phonemizer)
    yield made
    asyncio.run(made.aclose())


@pytest.fixture(scope="module")
def line(voice: KokoroVoice) -> list[Speech]:
    return asyncio.run(said(voice, TEXT))


@pytest.fixture(scope="module")
def model(models_dir: Path) -> KokoroModel:
    return open_model(open_models(models_dir))


@pytest.fixture(scope="module")
def style(models_dir: Path) -> NDArray[np.float32]:
    """The default voice's style table."""
    table = np.fromfile(models_dir / catalogue.MANDARIN / "zf_xiaobei.bin", np.float32)
    return table.reshape(-1, 256)


def sound(chunks: list[Speech]) -> NDArray[np.float32]:
    return np.concatenate([chunk.pcm for chunk in chunks]).astype(np.float32) / np.float32(32768)


def test_chunks_follow_each_other_without_a_gap(line: list[Speech]) -> None:
    assert_whole(line)
    assert len(line) > 2


def test_mouth_shapes_cover_the_line(line: list[Speech]) -> None:
    spans = [span for chunk in line for span in chunk.visemes]
    assert spans[0].start == 0
    assert all(a.end == b.start for a, b in itertools.pairwise(spans))
    assert spans[-1].end == line[-1].start + len(line[-1].pcm)
    assert spans[-1].viseme is Viseme.REST
    assert {Viseme.BMP, Viseme.A, Viseme.ZH, Viseme.I} <= {span.viseme for span in spans}


def test_the_mouth_rests_where_it_is_silent_and_opens_where_it_is_loud(line: list[Speech]) -> None:
    samples = sound(line)
    level: dict[bool, list[float]] = {True: [], False: []}
    for span in (span for chunk in line for span in chunk.visemes):
        part = samples[span.start : span.end]
        level[span.viseme is Viseme.REST].append(float(np.sqrt(np.mean(part**2))))
    assert max(level[True]) < 0.02
    assert np.median(level[False]) > 0.05


def test_a_line_is_as_loud_as_every_other(line: list[Speech]) -> None:
    samples = sound(line)
    assert loudness(samples, SAMPLE_RATE) == pytest.approx(-16, abs=1)
    assert np.abs(samples).max() <= 0.892


def test_front_and_back_are_the_uncut_model(
    model: KokoroModel, phonemizer: Phonemizer, style: NDArray[np.float32], models_dir: Path
) -> None:
    tokens = model.tokens([p.symbol for p in phonemizer.phonemes("你好")])
    frames = model.analyse(tokens, style)
    audio, _ = model.render(frames, 0, len(frames.energy), None, StopSwitch())
    session = onnxruntime.InferenceSession(models_dir / catalogue.KOKORO / "kokoro.onnx")
    feeds = {"tokens": np.array([tokens]), "style": frames.style, "speed": np.ones(1, np.float32)}
    assert np.allclose(session.run(None, feeds)[0].ravel(), audio, atol=1e-4)
    assert sum(frames.durations) == len(frames.energy)


async def test_a_running_window_stops_when_it_is_told(
    model: KokoroModel, phonemizer: Phonemizer, style: NDArray[np.float32]
) -> None:
    """A window that had run to its end would have returned its sound instead of raising."""
    frames = model.analyse(model.tokens([p.symbol for p in phonemizer.phonemes(TEXT)]), style)
    stop = StopSwitch()
    running = asyncio.get_running_loop().run_in_executor(None, model.render, frames, 0, len(frames.energy), None, stop)
    await asyncio.sleep(0.1)
    stop.throw()
    with pytest.raises(SynthesisStopped):
        await running


async def test_a_closed_line_leaves_the_voice_free_for_the_next(voice: KokoroVoice) -> None:
    speaking = voice.speak("这一句很长很长，还没有说完就被打断了，后面的话谁也听不到。")
    await anext(speaking)
    await speaking.aclose()
    assert_whole(await said(voice, "好的。"))


async def test_a_line_cancelled_while_it_renders_raises_and_frees_the_voice(voice: KokoroVoice) -> None:
    task = asyncio.ensure_future(said(voice, "这一句很长很长，还没有说完就被打断了。"))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert_whole(await said(voice, "好的。"))


@pytest.mark.parametrize("text", ["", "🎉🎉", "！！！", " \n "])
async def test_nothing_to_say_is_an_error_of_one_line(voice: KokoroVoice, text: str) -> None:
    with pytest.raises(AvatarError, match="没有可以念出来的文字"):
        await said(voice, text)


async def test_fifty_thousand_characters_begin_at_once_and_can_be_stopped(voice: KokoroVoice) -> None:
    speaking = voice.speak("今天直播间满300减50。" * 4_000)
    assert len((await anext(speaking)).pcm)
    await speaking.aclose()


def test_every_shipped_voice_has_its_table() -> None:
    tables = Path(kokoro.__file__).parent / "tables"
    assert {voice.name for voice in VOICES} == {path.stem for path in tables.glob("*.npz")}
    assert {"女", "男"} == {voice.gender for voice in VOICES}


@pytest.fixture
def without_mandarin(models_dir: Path, tmp_path: Path) -> Path:
    """A models folder in which npm never was."""
    open_model(open_models(models_dir))
    for source in models_dir.glob("kokoro*"):
        if source.name != catalogue.MANDARIN:
            (tmp_path / source.name).symlink_to(source)
    return tmp_path


async def test_without_the_mandarin_voices_a_japanese_one_stands_in_and_says_so(
    without_mandarin: Path, phonemizer: Phonemizer, caplog: pytest.LogCaptureFixture
) -> None:
    voice = create_kokoro(
        "zf_xiaobei", models=open_models(without_mandarin), normaliser=Normaliser(), phonemizer=phonemizer
    )
    assert voice.name == "jf_alpha"
    assert "口音" in caplog.text
    chunks = await said(voice, "你好。")
    assert_whole(chunks)
    assert loudness(sound(chunks), SAMPLE_RATE) == pytest.approx(-16, abs=1.5)
    await voice.aclose()
    await voice.aclose()
    with pytest.raises(AvatarError, match="已经关闭"):
        await said(voice, "你好。")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("kokoro:zf_nobody", "zf_xiaobei"),
        ("espeak", "kokoro"),
        ("edge", "CLOUD_VOICE"),
        ("openai:alloy", "CLOUD_VOICE"),
    ],
)
def test_a_voice_that_cannot_be_had_says_what_can(models_dir: Path, tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(AvatarError, match=told):
        create_voice(name, models_dir=models_dir, cache_dir=tmp_path)

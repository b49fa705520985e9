"""What must hold for every voice that is shipped, measured on its sound: seams, feelings, loudness."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.models import catalogue
from avatar.models.catalogue import open_models
from avatar.voice import kokoro
from avatar.voice.kokoro.model import KokoroModel, StopSwitch, open_model
from avatar.voice.kokoro.voice import VOICES, KokoroVoice, create_kokoro
from avatar.voice.kokoro.window import HOP, Seam, Statistics, spoken_range
from avatar.voice.loudness import loudness
from avatar.voice.phoneme import Phonemizer
from avatar.voice.prosody import PROSODY
from avatar.voice.speech import SAMPLE_RATE, Emotion
from avatar.voice.text.normalise import Normaliser
from tests.avatar.sound import fundamental, log_mel

pytestmark = [pytest.mark.model, pytest.mark.slow]

LINE = "这款杯子只要九十九元。"
SHORT = ("好的。", "没问题。", "请放心。", "对。", "好。", "来！", "哦？", "有库存，马上发货。", "十五天内可以退换。")


@pytest.fixture(scope="module")
def phonemizer(tmp_path_factory: pytest.TempPathFactory) -> Phonemizer:
    return Phonemizer(cache_dir=tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def model(models_dir: Path) -> KokoroModel:
    return open_model(open_models(models_dir))


@pytest.fixture(scope="module", params=[voice.name for voice in VOICES])
def voice(
    request: pytest.FixtureRequest, models_dir: Path, phonemizer: Phonemizer
) -> Generator[KokoroVoice, None, None]:
    models = open_models(models_dir)
    clock = itertools.count(0, 0.06).__next__  # a machine that is always as fast, whatever else it does
    made = create_kokoro(request.param, models=models, normaliser=Normaliser(), phonemizer=phonemizer, clock=clock)
    yield made
    asyncio.run(made.aclose())


async def sound(voice: KokoroVoice, text: str, emotion: Emotion = Emotion.NEUTRAL) -> NDArray[np.float32]:
    chunks = [chunk.pcm async for chunk in voice.speak(text, emotion=emotion)]
    return np.concatenate(chunks).astype(np.float32) / np.float32(32768)


def test_seams_are_as_near_to_the_unsplit_sentence_as_everything_else(
    voice: KokoroVoice, model: KokoroModel, phonemizer: Phonemizer, models_dir: Path
) -> None:
    """Log-mel distance to the unsplit model: small everywhere, no larger within 25 ms of a seam, and no click there."""
    style = np.fromfile(models_dir / catalogue.MANDARIN / f"{voice.name}.bin", np.float32).reshape(-1, 256)
    frames = model.analyse(model.tokens([p.symbol for p in phonemizer.phonemes(LINE)]), style)
    table = Path(kokoro.__file__).parent / "tables" / f"{voice.name}.npz"
    statistics = Statistics.load(table).predict(frames.f0, frames.energy)
    stop = StopSwitch()
    first, end = spoken_range(frames.energy)
    whole = model.render(frames, 0, len(frames.energy), None, stop)[0][first * HOP : end * HOP]
    seam, at, parts, seams = Seam(), first, [], []
    while at < end:
        size = min(24, end - at)
        audio, before, _ = model.window(frames, at, at + size, statistics, stop)
        parts.append(seam.join(audio, before, size, last=at + size == end))
        at += size
        seams.append((at - first) * HOP)
    joined = np.concatenate(parts)
    assert len(joined) == len(whole)
    distance = np.abs(log_mel(joined) - log_mel(whole)).mean(axis=1)
    near = np.unique(np.concatenate([np.arange(at // 240 - 2, at // 240 + 2) for at in seams[:-1]]))
    near = near[near < len(distance)]
    assert distance.mean() < 3.5
    assert distance[near].mean() < distance.mean() + 1
    steps = np.abs(np.diff(joined, 2))
    for at in seams[:-1]:  # a click is a step that nothing around it has
        around = np.concatenate([steps[max(0, at - 1_200) : at - 130], steps[at + 130 : at + 1_200]])
        assert steps[at - 130 : at + 130].max() <= max(1.5 * float(around.max()), 0.02)


async def test_feelings_are_heard_in_pace_pitch_and_pause(voice: KokoroVoice) -> None:
    """Measured on the sound, not taken from the table that asks for it."""
    said = {
        emotion: await sound(voice, LINE, emotion) for emotion in (Emotion.NEUTRAL, Emotion.EXCITEMENT, Emotion.APOLOGY)
    }
    calm, glad, sorry = (said[e] for e in (Emotion.NEUTRAL, Emotion.EXCITEMENT, Emotion.APOLOGY))
    pauses = [int((np.abs(pcm[::-1]) > 0.01).argmax()) for pcm in (glad, calm, sorry)]
    assert pauses == sorted(pauses) and pauses[0] < 0.88 * pauses[1] and pauses[2] > 1.12 * pauses[1]
    spoken = [len(pcm) - pause for pcm, pause in zip((glad, calm, sorry), pauses, strict=True)]
    assert spoken[0] < 0.98 * spoken[1] and spoken[2] > 1.02 * spoken[1]
    pitch = [fundamental(pcm) for pcm in (sorry, calm, glad)]
    assert pitch[0] < 0.995 * pitch[1] and pitch[2] > 1.02 * pitch[1]


async def test_every_line_is_as_loud_as_every_other_and_none_clips(voice: KokoroVoice) -> None:
    """Short lines too, though nobody knows their level before the first window is out.

    A single syllable lasts 0.3 s and is measured with the pause that belongs to its line, as everything is: 0.8 s or
    more, five blocks of BS.1770.
    """
    for text in (*SHORT, LINE):
        pcm = await sound(voice, text)
        assert loudness(pcm, SAMPLE_RATE) == pytest.approx(-16, abs=1), text
        assert np.abs(pcm).max() <= 0.892


@pytest.mark.parametrize("text", ["啊！", "哦？", "嗯。"])
async def test_a_line_of_one_vowel_is_heard(voice: KokoroVoice, text: str) -> None:
    """Two voices gave hardly a sound for so little text: -57 LUFS."""
    assert loudness(await sound(voice, text), SAMPLE_RATE) > -19


def test_each_feeling_has_a_delivery_of_its_own() -> None:
    assert all(one != other for one, other in itertools.combinations(PROSODY.values(), 2))

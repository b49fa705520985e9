"""Mouth shapes for sound that came without durations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from avatar.voice.align import WordBoundary, align
from avatar.voice.phoneme import Phonemizer
from avatar.voice.recording import speeches
from avatar.voice.speech import Viseme, VisemeSpan


@pytest.fixture(scope="module")
def phonemizer(tmp_path_factory: pytest.TempPathFactory) -> Phonemizer:
    return Phonemizer(cache_dir=tmp_path_factory.mktemp("words"))


def hum(*parts: tuple[float, float]) -> NDArray[np.float32]:
    """(seconds, level) stretches of a tone."""
    return np.concatenate([level * np.sin(np.arange(int(seconds * 48_000)) * 0.03) for seconds, level in parts]).astype(
        np.float32
    )


def assert_covers(spans: tuple[VisemeSpan, ...], samples: int) -> None:
    assert (spans[0].start, spans[-1].end) == (0, samples)
    assert all(a.end == b.start for a, b in itertools.pairwise(spans))


def test_a_pause_in_the_text_meets_the_pause_in_the_sound(phonemizer: Phonemizer) -> None:
    sound = hum((0.2, 0), (0.5, 0.3), (0.3, 0), (1.5, 0.3), (0.2, 0))
    spans = align(phonemizer.phonemes("爸爸，妈妈拿了一把大伞。"), sound)
    assert_covers(spans, len(sound))
    resting = [(span.start / 48_000, span.end / 48_000) for span in spans if span.viseme is Viseme.REST]
    assert resting == [
        pytest.approx((0, 0.2), abs=0.02),
        pytest.approx((0.7, 1.0), abs=0.02),
        pytest.approx((2.5, 2.7), abs=0.02),
    ]
    second = next(span for span in spans if span.start >= 0.99 * 48_000)
    assert second.viseme is Viseme.BMP


def test_word_boundaries_of_the_engine_are_believed(phonemizer: Phonemizer) -> None:
    sound = hum((2.0, 0.3))
    words = [WordBoundary("你好", 0, 24_000), WordBoundary("妈妈", 72_000, 96_000)]
    spans = align(phonemizer.phonemes("你好妈妈"), sound, words)
    assert next(span.start for span in spans if span.viseme is Viseme.BMP) == pytest.approx(72_000, abs=100)


def test_boundaries_that_do_not_fit_the_text_are_ignored(phonemizer: Phonemizer) -> None:
    sound = hum((1.0, 0.3))
    wrong = [WordBoundary("完全不同的词语", 0, 4_800)]
    phonemes = phonemizer.phonemes("你好")
    assert align(phonemes, sound, wrong) == align(phonemes, sound)


def test_silence_keeps_the_mouth_closed(phonemizer: Phonemizer) -> None:
    spans = align(phonemizer.phonemes("你好"), np.zeros(48_000, np.float32))
    assert {span.viseme for span in spans} == {Viseme.REST}


@given(
    text=st.text("爸妈你我，。！大小 ab", max_size=30),
    parts=st.lists(st.tuples(st.floats(0.01, 0.4), st.sampled_from([0.0, 0.002, 0.3])), min_size=1, max_size=8),
)
def test_any_sound_is_covered_without_holes(text: str, parts: list[tuple[float, float]]) -> None:
    sound = hum(*parts)
    spans = align(SHARED.phonemes(text), sound)
    assert_covers(spans, len(sound))


def test_a_recording_becomes_chunks_at_the_target_loudness(phonemizer: Phonemizer) -> None:
    chunks = speeches(hum((0.2, 0), (2.0, 0.02), (0.2, 0)), phonemizer.phonemes("大家好"))
    assert [chunk.start for chunk in chunks] == list(range(0, 5 * 24_000, 24_000))
    assert [chunk.last for chunk in chunks] == [False] * 4 + [True]
    assert np.abs(np.concatenate([chunk.pcm for chunk in chunks])).max() > 2_000


SHARED = Phonemizer()

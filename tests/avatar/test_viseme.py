"""Phonemes and durations to mouth shapes."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avatar.voice.phoneme import Phoneme
from avatar.voice.speech import Viseme, VisemeSpan
from avatar.voice.viseme import silenced, stresses, track

MA = [Phoneme("m", Viseme.BMP, 0), Phoneme("a", Viseme.A, 0), Phoneme("→", Viseme.A, 0)]
GAP = Phoneme(" ", Viseme.REST, -1)


def test_a_tone_lengthens_its_vowel() -> None:
    assert track(MA, [1_200, 3_600, 6_000], [0.5]) == (
        VisemeSpan(Viseme.BMP, 0, 1_200, 0.5),
        VisemeSpan(Viseme.A, 1_200, 6_000, 0.5),
    )


def test_equal_shapes_of_two_syllables_stay_apart() -> None:
    two = [*MA[1:2], Phoneme("a", Viseme.A, 1)]
    assert len(track(two, [2_400, 4_800], [0.2, 0.9])) == 2


def test_a_word_gap_belongs_to_the_sound_before_it() -> None:
    spans = track([*MA, GAP, Phoneme("i", Viseme.I, 1)], [1_200, 2_400, 3_600, 9_600, 12_000], [0.5, 0.5])
    assert [span.viseme for span in spans] == [Viseme.BMP, Viseme.A, Viseme.I]
    assert spans[1].end == 9_600


def test_a_phoneme_without_duration_has_no_span() -> None:
    assert [s.viseme for s in track(MA, [0, 2_400, 2_400], [0.5])] == [Viseme.A]


def test_silence_closes_the_mouth_wherever_it_falls() -> None:
    spans = (VisemeSpan(Viseme.A, 0, 10_000, 1.0), VisemeSpan(Viseme.I, 10_000, 20_000, 1.0))
    closed = silenced(spans, [(0, 2_000), (8_000, 12_000)], end=24_000)
    assert [(s.viseme, s.start, s.end) for s in closed] == [
        (Viseme.REST, 0, 2_000),
        (Viseme.A, 2_000, 8_000),
        (Viseme.REST, 8_000, 12_000),
        (Viseme.I, 12_000, 20_000),
        (Viseme.REST, 20_000, 24_000),
    ]


@given(
    st.lists(st.tuples(st.sampled_from(list(Viseme)), st.integers(1, 20_000)), min_size=1, max_size=12),
    st.lists(st.integers(0, 150_000), max_size=8),
    st.integers(0, 10_000),
)
def test_the_track_is_without_holes_whatever_is_silent(
    sounds: list[tuple[Viseme, int]], edges: list[int], offset: int
) -> None:
    at, spans = 0, []
    for viseme, length in sounds:
        spans.append(VisemeSpan(viseme, at, at + length))
        at += length
    points = sorted({min(edge, at) for edge in edges})
    silent = [(a, b) for a, b in zip(points[::2], points[1::2], strict=False) if b > a]
    made = silenced(spans, silent, end=at, offset=offset)
    assert all(a.end == b.start for a, b in itertools.pairwise(made))
    if made:
        assert (made[0].start, made[-1].end) == (offset, offset + at)


def test_the_loudest_syllable_is_stressed_most() -> None:
    two = [*MA, Phoneme("i", Viseme.I, 1)]
    energy = np.array([0, 1, 1, 5, 5], np.float32)
    weak, strong = stresses(two, [1, 1, 1, 2], energy)
    assert 0 <= weak < strong <= 1

"""Captions follow the voice clause by clause."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from avatar.video.subtitle import captions, clauses, to_srt
from avatar.voice.speech import SAMPLE_RATE, Viseme, VisemeSpan


def test_a_sentence_is_shown_clause_by_clause() -> None:
    assert clauses("能拆洗的沙发套，三十度以下机洗就可以，好。") == ["能拆洗的沙发套，", "三十度以下机洗就可以，好。"]


def test_a_caption_changes_where_the_voice_pauses() -> None:
    pause = VisemeSpan(Viseme.REST, 44_000, 56_000)
    visemes = [VisemeSpan(Viseme.A, 0, 44_000), pause, VisemeSpan(Viseme.I, 56_000, 96_000)]
    first, second = captions("外罩可以拆下来洗，三十度以下机洗。", visemes, 1000, 96_000)
    assert first.end == second.start == 1000 + 50_000
    assert (first.start, second.end) == (1000, 97_000)


def test_srt_counts_in_milliseconds() -> None:
    text = to_srt(captions("好。", [], 3_661 * SAMPLE_RATE + 24, SAMPLE_RATE))
    assert text == "1\n01:01:01,000 --> 01:01:02,000\n好。\n\n"


@given(st.text(alphabet="好看的，。！a1", min_size=1, max_size=80), st.integers(1, 500_000))
def test_captions_cover_the_sentence_without_gap_or_overlap(text: str, length: int) -> None:
    shown = captions(text, [], 0, length)
    assert shown[0].start == 0 and shown[-1].end == length
    assert all(a.end == b.start for a, b in itertools.pairwise(shown))
    assert [c for c in "".join(c.text for c in shown) if c.isalnum()] == [c for c in text if c.isalnum()]

"""Text is cut into sentences, also while it arrives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialogue.segmenter import Segmenter, clauses, finished, sentences, spoken

_TEXT = st.text(alphabet="你好价1.5元，。！？；…”」\n a", max_size=300)


@given(_TEXT, st.integers(1, 7))
def test_pieces_give_the_same_sentences_as_the_whole(text: str, size: int) -> None:
    segmenter = Segmenter()
    said: list[str] = []
    for start in range(0, len(text), size):
        said += segmenter.push(text[start : start + size])
    said += segmenter.flush()
    assert said == sentences(text)


@given(_TEXT)
def test_nothing_is_lost_but_space(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_closing_quote_stays_with_its_sentence() -> None:
    assert sentences("他说“好。”我走了。") == ["他说“好。”", "我走了。"]


def test_a_decimal_point_ends_no_sentence() -> None:
    assert sentences("厚1.2厘米。") == ["厚1.2厘米。"]


def test_a_sentence_without_an_end_is_broken_at_a_comma() -> None:
    parts = Segmenter(max_length=20).push("这是一句没有句号的话，" * 4)
    assert parts and all(len(part) <= 22 and part.endswith("，") for part in parts)


def test_marks_are_mended_for_the_ear() -> None:
    assert finished("很好") == "很好。"
    assert spoken("满99元包邮；") == "满99元包邮。"
    assert clauses("好，很好。嗯！") == ["好", "很好", "嗯"]

"""Passages end where sentences do, and nothing is dropped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.document import Block
from knowledge.intake.splitter import split_blocks, tidy

texts = st.text(alphabet="一二三四 。，；！？\n\tab.", max_size=900)


@given(st.lists(texts, max_size=5), st.integers(20, 400))
def test_nothing_is_dropped_and_nothing_is_too_long(held: list[str], limit: int) -> None:
    parts = list(split_blocks([Block(text, "标题", line=n) for n, text in enumerate(held, start=1)], limit=limit))
    assert all(0 < len(part.text) <= limit for part in parts)
    assert "".join("".join(part.text.split()) for part in parts) == "".join("".join(text.split()) for text in held)


def test_a_long_paragraph_is_cut_after_a_full_stop() -> None:
    sentence = "这是一句二十个字左右的话用来试一试切分。"
    parts = list(split_blocks([Block(sentence * 10)], limit=50))
    assert all(part.text.endswith("。") for part in parts)


def test_paragraphs_under_different_headings_stay_apart() -> None:
    parts = list(split_blocks([Block("退货七天。", "退货"), Block("保修两年。", "保修")], limit=400))
    assert [part.heading for part in parts] == ["退货", "保修"]


def test_spaces_are_folded_but_words_stay() -> None:
    assert tidy(" a　 b \r\n\r\n c ") == "a b\nc"

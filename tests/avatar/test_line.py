"""Captions break between words, and nothing of them is lost."""

import logging
from pathlib import Path

import jieba  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from avatar.scene.line import CLOSING, divide, divide_evenly, measure
from avatar.scene.plate import Layout, caption_lines
from avatar.video.script import split_sentences
from avatar.video.subtitle import clauses
from avatar.voice.text.word import word_ends

SENTENCES = (Path(__file__).parent.parent / "bench" / "selling_sentences.txt").read_text("utf-8").splitlines()
SHOP = Path(__file__).parent.parent.parent / "stream" / "demo" / "shop"


def _texts() -> list[str]:
    """More than a hundred sentences of a shop: its selling texts and the answers of the demo shop."""
    answers = (SHOP / "faq.csv").read_text("utf-8-sig").splitlines()[1:]
    return SENTENCES + split_sentences("\n".join(line.partition(",")[2] for line in answers))


def _torn(text: str, lines: list[str], words: jieba.Tokenizer) -> tuple[int, int]:
    """Return how many breaks there are and how many of them lie inside a word of the full dictionary."""
    ends, at = set(), 0
    for word in words.lcut(text, HMM=False):
        at += len(word)
        ends.add(at)
    at, torn = 0, 0
    for line in lines[:-1]:
        at = text.index(line, at) + len(line)
        torn += at not in ends and not text[at].isspace()
    return len(lines) - 1, torn


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720)])
def test_hardly_a_caption_breaks_inside_a_word(size: tuple[int, int]) -> None:
    jieba.setLogLevel(logging.WARNING)
    words, layout = jieba.Tokenizer(), Layout(*size)
    texts = _texts()
    assert len(texts) >= 100
    counted = [_torn(text, caption_lines(text, layout), words) for text in texts]
    breaks, torn = (sum(column) for column in zip(*counted, strict=True))
    assert breaks > 50
    assert torn <= 0.04 * breaks


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("今天给大家带来的是一款北欧风的实木餐桌", "北欧"),
        ("双人沙发的外套可以拆下来扔进洗衣机", "可以"),
        ("这款云朵单人沙发的沙发套是可以拆洗的", "沙发套"),
        ("下单的朋友都可以再领一张满300减50的优惠券", "300减"),
        ("适配苹果手机的充电器和iPhone16一起买更划算", "iPhone16"),
    ],
)
def test_a_word_stays_whole(text: str, word: str) -> None:
    for room in (7.0, 9.0, 11.0, 13.0):
        assert any(word in line for line in divide_evenly(text, room))


def test_words_are_told_apart_by_what_is_likelier() -> None:
    text = "下单可以领沙发"
    assert sorted(word_ends(text)) == [2, 4, 5]


def test_lines_are_about_equally_long() -> None:
    first, second = divide_evenly("木头用的是新西兰进口的松木没有味道", 13.0)
    assert abs(len(first) - len(second)) <= 3


def test_a_long_clause_is_shown_in_parts_instead_of_being_cut() -> None:
    text = "我们把所有的桌子椅子柜子沙发床垫书架都送到您家里并且当天安装好再把旧家具一起带走送去回收" * 2
    shown = clauses(text)
    assert "".join(shown) == text
    assert all(not line.endswith("…") for part in shown for line in caption_lines(part, Layout(720, 1280)))


def test_what_cannot_be_divided_is_told_so() -> None:
    assert divide("abc", [1, 1, 1], 1.0, most=2) is None
    assert divide_evenly("", 5.0) == []


@settings(deadline=None)
@example("。 。。", 3)
@given(st.text(alphabet="可以沙发的，。！a1 （）第", max_size=60), st.integers(3, 20))
def test_nothing_is_lost_and_no_line_is_too_long(text: str, room: int) -> None:
    lines = divide_evenly(text, room)
    assert "".join("".join(lines).split()) == "".join(text.split())
    if len(lines) > 1:
        assert all(sum(measure(line)) <= room for line in lines)
        assert not any(line[:1] and line[0] in CLOSING for line in lines[1:])

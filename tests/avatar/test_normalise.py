"""What a shop writes and what its host says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.voice.text.clause import clauses
from avatar.voice.text.normalise import Normaliser

CASES = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("normaliser_cases.tsv").read_text(encoding="utf-8").splitlines()
]


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


@pytest.mark.parametrize(("written", "spoken"), CASES, ids=[case[0] for case in CASES])
def test_written_is_said_as_the_table_tells(normaliser: Normaliser, written: str, spoken: str) -> None:
    assert normaliser.spoken(written) == spoken


@given(st.text(max_size=200) | st.text("0123456789.,-~:/¥%+×元折个件月日AaWk ", max_size=60))
def test_nothing_but_words_and_punctuation_is_left(text: str) -> None:
    spoken = Normaliser().spoken(text)
    assert re.fullmatch(r"[㐀-鿿A-Za-z' ，。！？；：、.]*", spoken), spoken


def test_the_merchants_own_words_come_first() -> None:
    normaliser = Normaliser({"SKU8": "八号样品", "SKU88": "发发样品"})
    assert normaliser.spoken("SKU88和SKU8") == "发发样品和八号样品"


def test_only_emoji_says_nothing(normaliser: Normaliser) -> None:
    assert normaliser.spoken("🎉🎉 👍🏻 ❤️") == ""


def test_a_text_of_fifty_thousand_characters_is_cut(normaliser: Normaliser) -> None:
    assert len(normaliser.spoken("今天满300减50，" * 5_000)) <= 10_000


@pytest.mark.parametrize("unit", ["9", "1,", "¥1-", "1×", "满1减", "A1", "2026-11-", "1.1."])
def test_a_text_meant_to_be_slow_is_read_all_the_same(normaliser: Normaliser, unit: str) -> None:
    """Ends at all: a rule that searches with the square of the length would meet the suite's timeout."""
    assert normaliser.spoken(unit * 2_000)


def test_a_clause_is_short_and_knows_its_mark() -> None:
    found = clauses(
        "大家好！这款沙发的坐垫是高密度海绵，坐久了也不会塌下去，欢迎到直播间里来看一看，喜欢的话就带回家。"
    )
    assert [clause.mark for clause in found] == ["!", ",", "."]
    assert all(len(clause.text) <= 29 for clause in found)


def test_numbers_are_not_cut_at_their_own_marks() -> None:
    parts = [
        c.text for c in clauses("原价1,299元的餐桌今天只要999元的特价，晚上20:30开始的活动里还有更多的好东西等着大家")
    ]
    assert any("1,299" in part for part in parts)
    assert any("20:30" in part for part in parts)


def test_text_without_punctuation_is_cut(normaliser: Normaliser) -> None:
    assert max(len(clause.text) for clause in clauses("好" * 5_000)) <= 56


@given(st.text("好吧a，。！？；、 \n", max_size=300))
def test_clauses_keep_every_character_that_is_spoken(text: str) -> None:
    letters = "".join(re.findall("[好吧a]", text))
    assert "".join(re.findall("[好吧a]", "".join(c.text for c in clauses(text)))) == letters

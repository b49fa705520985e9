"""Questions about the whole range are answered from typed facts."""

from __future__ import annotations

import pytest

from dialogue.answer.catalogue import Wish, answer, asked
from dialogue.answer.wording import Memory
from tests.dialogue.attack import ask, shop_engine
from tests.dialogue.shop import RECORDS, TODAY


def _said(question: str) -> str:
    return "".join(sentence.text for sentence in answer(question, RECORDS, Memory("t"), today=TODAY))


@pytest.mark.parametrize(
    ("question", "wish"),
    [
        ("你们有哪些商品", Wish.LIST),
        ("最便宜的是哪款", Wish.CHEAPEST),
        ("哪个最贵", Wish.DEAREST),
        ("500元以内有什么", Wish.BELOW),
        ("推荐一款放客厅的", Wish.SUITED),
    ],
)
def test_the_wish_is_understood(question: str, wish: Wish) -> None:
    found = asked(question)
    assert found and found.wish is wish


@pytest.mark.parametrize("question", ["云朵沙发多少钱", "包邮吗", "能退货吗", "有什么颜色"])
def test_other_questions_ask_nothing_of_the_range(question: str) -> None:
    assert _said(question) == ""


def test_the_cheapest_counts_the_price_that_holds_today() -> None:
    assert _said("最便宜的是哪款").index("纸月落地灯（459元）") < _said("最便宜的是哪款").index("胡桃木边几（469元）")


def test_a_budget_bounds_the_price() -> None:
    said = _said("500以内有什么")
    assert "纸月落地灯" in said and "胡桃木边几" in said and "沙发" not in said
    assert "元" not in _said("10元以内有什么").replace("这个价位", "")


def test_a_kind_narrows_the_range() -> None:
    assert "地毯" in _said("有哪些地毯") and "沙发" not in _said("有哪些地毯")


def test_a_scenario_finds_what_suits_it() -> None:
    assert "云朵单人沙发" in _said("推荐一款适合小户型的")


def test_nothing_is_said_of_an_empty_shelf() -> None:
    assert answer("有哪些商品", (), Memory("t")) == ()


async def test_the_engine_answers_about_its_shelf() -> None:
    engine = shop_engine(shelf=lambda merchant: RECORDS, names=None)
    said, decision = await ask(engine, "你们有哪些商品")
    assert decision == "answer" and "云朵单人沙发（1299元）" in said

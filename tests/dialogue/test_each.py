"""One thing asked of a whole kind."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dialogue.answer import each
from dialogue.answer.wording import Memory
from knowledge import Fact, Money, Record, Source

SOURCE = Source(file="goods.xlsx", line=2)
TODAY = date(2026, 6, 1)


def _record(number: int, name: str, kind: str, *, price: int, **facts: str) -> Record:
    money = Money(Decimal(price), "CNY")
    stated = [Fact(f"A{number}", name, "price", "价格", money, str(price), SOURCE)]
    stated += [Fact(f"A{number}", name, key, key, text, text, SOURCE) for key, text in facts.items()]
    return Record(id=f"A{number}", name=name, kind=kind, aliases=(), facts=tuple(stated))


SHELF = (
    _record(1, "晴川小桌", "桌具", price=199, colour="白、灰"),
    _record(2, "长汀大桌", "桌具", price=899, colour="胡桃木色"),
    _record(3, "听雨吊灯", "灯具", price=459),
    *(_record(number, f"第{number}号杯", "杯子", price=number) for number in range(10, 15)),
)


@pytest.mark.parametrize(
    "question", ["桌具多少钱", "桌子怎么卖呢？", "请问你们家桌子的价格是多少", "桌具", "桌子现在什么价"]
)
def test_each_of_the_few_it_may_mean_is_told_with_its_source(question: str) -> None:
    said = each.answer(question, SHELF, Memory(), version="v1", today=TODAY)
    assert "晴川小桌199元，长汀大桌899元" in said[0].text
    assert [citation.quote for citation in said[0].citations] == ["价格：199", "价格：899"]


@pytest.mark.parametrize(
    "question",
    [
        "杯子多少钱",
        "灯具多少钱",
        "长汀大桌多少钱",
        "桌子结实吗",
        "桌子和杯子多少钱",
        "椅子多少钱",
        "多少钱",
        "",
        "桌子什么材质",
    ],
)
def test_too_many_one_alone_something_else_or_what_is_not_stated_is_left_to_the_search(question: str) -> None:
    assert each.answer(question, SHELF, Memory(), today=TODAY) == ()


def test_the_kind_of_what_is_spoken_of_means_that_one() -> None:
    assert each.answer("桌子多少钱", SHELF, Memory(), current=SHELF[0], today=TODAY) == ()
    assert each.answer("桌子多少钱", SHELF, Memory(), current=SHELF[2], today=TODAY)


def test_colours_are_told_apart() -> None:
    (told, _) = each.answer("桌子都有哪些颜色呀", SHELF, Memory(), today=TODAY)
    assert "晴川小桌：白、灰；长汀大桌：胡桃木色" in told.text

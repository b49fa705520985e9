"""The rundown as an operator sees it, over a real director."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from dialogue import Comment, Director, Done, Event, LineKind, Rundown, Sentence
from stream.room.running_order import RunningOrder
from stream.shop.shelf import Product
from tests.dialogue.shop import RECORDS, TODAY

NOON = datetime(2026, 11, 23, 12, 0)
LAMP = Product("QM-LP01", "纸月落地灯", "359", "", "", "", 80, "/pictures/demo/lamp.jpg", "")


async def _answer(text: str) -> AsyncIterator[Event]:
    yield Sentence("能，三十度以下机洗。")
    yield Done("answer")


def _order() -> tuple[Director, RunningOrder]:
    director = Director(Rundown.from_records(RECORDS, today=TODAY), _answer)
    return director, RunningOrder(director, now=lambda: NOON)


async def test_lines_go_from_next_over_now_to_said() -> None:
    director, order = _order()
    lines = director.lines()
    pulled = [await anext(lines) for _ in range(6)]
    for line in pulled[:4]:
        order.started(line)
        order.ended(line)
    order.started(pulled[4])
    order.ended(pulled[5])  # dropped before anybody heard it: what is being said goes on
    view = order.to_json((), showing=None)
    assert [one["text"] for one in view["said"]] == [line.text for line in pulled[:4]]
    assert view["now"]["text"] == pulled[4].text and view["now"]["at_ms"] == NOON.timestamp() * 1000
    assert view["next"][0]["text"] == pulled[5].text
    order.ended(pulled[4])
    assert order.to_json((), showing=None)["now"] is None


async def test_an_answer_is_shown_with_its_question_and_the_script_waits_behind_it() -> None:
    director, order = _order()
    lines = director.lines()
    while (scripted := await anext(lines)).kind is not LineKind.SCRIPT:
        continue
    director.comment(Comment("c1", "小李", "能洗吗"))
    order.started(await anext(lines))
    view = order.to_json((), showing=None)
    assert (view["now"]["kind"], view["now"]["question"]) == ("answer", "能洗吗")
    assert view["next"][0]["text"] == scripted.text


async def test_products_stand_in_the_order_they_are_told_in_with_what_the_shelf_knows() -> None:
    _, order = _order()
    view = order.to_json((LAMP,), showing="QM-LP01")
    assert [one["sku"] for one in view["products"]] == ["QM-SF01", "QM-LP01", "QM-RG01"]
    assert view["products"][1] == {
        "sku": "QM-LP01",
        "name": "纸月落地灯",
        "price": "359",
        "stock": 80,
        "picture": LAMP.picture,
    }
    assert (view["lap"], view["product"]) == (1, "QM-LP01")

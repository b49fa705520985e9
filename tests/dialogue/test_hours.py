"""A time of day in a question against the shop's hours, and a weight against what a product bears."""

from __future__ import annotations

from datetime import date

import pytest

from dialogue.answer import hours, load
from dialogue.conversation import Conversation
from knowledge import Fact, Record, Source

SALON = "每天10:30到21:30，最后一位顾客20:00前到店。过年初一到初三休息。"
SHOWROOM = "有一间展厅，周二到周日10:00到20:00，周一休息。"
MARKET = "镇上有一个门市，早9点到晚6点，可以尝了再买。"
SATURDAY = date(2026, 11, 28)


def _memory() -> Conversation:
    return Conversation(id="c", merchant="m")


def test_hours_are_read_as_shops_write_them() -> None:
    assert hours.hours_of(SALON) == hours.Hours(630, 1290, 1200)
    assert hours.hours_of(SHOWROOM) == hours.Hours(600, 1200)
    assert hours.hours_of(MARKET) == hours.Hours(540, 1080)
    assert hours.hours_of("收货7天内可以退，3到6天到货。") is None


@pytest.mark.parametrize(
    ("question", "text", "says"),
    [
        ("我8点半下班过来还来得及吗", SALON, "20:00"),
        ("晚上七点过来来得及不", SALON, "19:00"),
        ("早上九点开门没", SALON, "10:30"),
        ("晚上10点还开着吗", SALON, "21:30"),
        ("早上八点门市有人吗", MARKET, "9:00"),
        ("周一下午3点展厅开着吗", SHOWROOM, "周一"),
        ("后天下午3点展厅开着吗", SHOWROOM, "周一"),
        ("下午3点去展厅还开着吗", SHOWROOM, "15:00"),
    ],
)
def test_a_time_is_told_against_the_hours(question: str, text: str, says: str) -> None:
    said = hours.verdict(question, text, _memory(), today=SATURDAY)
    assert said and says in said


def test_no_verdict_where_one_cannot_tell() -> None:
    assert hours.verdict("9点到店还给做吗", SALON, _memory(), today=SATURDAY) is None  # 9:00 or 21:00
    assert hours.verdict("下午3点去展厅还开着吗", SHOWROOM, _memory()) is None  # it may be a Monday
    assert not hours.asked("下午五点下单今天来得及发货吗")
    assert not hours.asked("想约周六下午两点做肩颈，来得及吗")
    assert not hours.asked("7天能到吗")


def _stool(load_text: str) -> Record:
    source = Source("a.csv")
    fact = Fact("S1", "圆墩", "load", "承重", None, load_text, source)
    return Record(id="S1", name="圆墩", kind="凳子", facts=(fact,))


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("圆墩能承受200斤的人坐吗", "200斤（100公斤）"),
        ("一百六十斤坐圆墩没问题吧", "一百六十斤（80公斤）"),
        ("圆墩坐上去180公斤会塌吗", "超"),
        ("体重350斤的能坐圆墩不", "超"),
    ],
)
def test_a_weight_is_told_against_the_load_in_the_shops_unit(question: str, says: str) -> None:
    said = load.answer(question, [_stool("150kg")], _memory())
    assert says in said[0].text
    assert "150kg" in said[0].text
    assert said[0].citations


def test_a_weight_that_is_bought_is_no_load() -> None:
    assert load.answer("买50斤圆墩包邮吗", [_stool("150kg")], _memory()) == ()
    assert load.answer("200斤的人能坐圆墩吗", [_stool("很结实")], _memory()) == ()
    assert load.answer("200斤的人能坐吗", [_stool("150kg")], _memory()) == ()

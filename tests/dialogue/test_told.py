"""What is answered from a part of the material; who a description means; who keeps the shop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialogue.answer import founding
from dialogue.answer.answerer import EmbeddedAnswerer
from dialogue.answer.description import described
from dialogue.answer.sort import of_other_sort
from dialogue.answer.told import beside, evidence_of
from dialogue.answer.wording import Memory
from knowledge import Decision, Evidence, Fact, Passage, PassageKind, Record, Source, Told
from tests.dialogue.shop import MERCHANT, RECORDS, VERSION

SOFA, LAMP = RECORDS[0], next(record for record in RECORDS if "灯" in record.name)
STORY = Passage(
    "s",
    "小满茶铺由一对夫妻在2016年开始。丈夫沈石学过木工。工坊有二十三位师傅。",
    PassageKind.TEXT,
    Source("story.md"),
    heading="来历",
)


def _told(record: Record, *, held: float, likeness: float, single: bool = False, name: str = "selling_points") -> Told:
    fact = Fact(record.id, record.name, name, "卖点", "甲；乙丙", "甲；乙丙", Source("products.xlsx"))
    return Told("乙丙", held, likeness, single, fact)


def _refused(question: str, *parts: Told) -> Evidence:
    return Evidence(question, MERCHANT, VERSION, Decision.REFUSE, 0.9, told=parts)


def test_a_part_that_holds_all_that_is_asked_answers() -> None:
    made = evidence_of(_refused("乙不乙", _told(SOFA, held=1.0, likeness=0.3)), "乙不乙", RECORDS)
    assert made is not None and made.decision is Decision.ANSWER and made.record == SOFA
    assert [fact.text for fact in made.facts] == ["乙丙"]


@pytest.mark.parametrize(
    ("held", "likeness", "single"), [(0.5, 0.4, False), (0.7, 0.2, False), (1.0, 0.1, False), (1.0, 0.3, True)]
)
def test_a_part_that_holds_some_of_it_by_accident_does_not(held: float, likeness: float, single: bool) -> None:
    part = _told(SOFA, held=held, likeness=likeness, single=single)
    assert evidence_of(_refused("乙不乙", part), "乙不乙", RECORDS) is None


def test_nothing_of_another_product_is_told_of_the_one_that_is_named() -> None:
    question = f"{LAMP.name}乙吗"
    assert evidence_of(_refused(question, _told(SOFA, held=1.0, likeness=0.9)), question, RECORDS) is None


def test_prices_and_stock_are_told_as_facts_only() -> None:
    part = _told(SOFA, held=1.0, likeness=0.9, name="price")
    assert evidence_of(_refused("乙不乙", part), "乙不乙", RECORDS) is None


def test_prose_gives_way_to_an_answered_question_of_the_same_matter() -> None:
    part = Told("工坊有二十三位师傅。", 1.0, 0.3, False, None, STORY)
    found = _refused("师傅多少位", part)
    near = Passage("n", "有。", PassageKind.FAQ, Source("faq.csv"), "有师傅吗")
    assert evidence_of(found, "师傅多少位", RECORDS) is not None
    assert evidence_of(replace(found, near=near), "师傅多少位", RECORDS) is None


def test_rather_than_another_wording_only_what_both_signs_say_of_the_named_is_told() -> None:
    question = f"{SOFA.name}乙不乙"
    for held, likeness, told in ((0.67, 0.64, True), (0.77, 0.58, False), (0.5, 0.9, False)):
        found = _refused(question, _told(SOFA, held=held, likeness=likeness))
        assert (evidence_of(found, question, RECORDS, surely=True) is not None) is told
    assert evidence_of(_refused("乙不乙", _told(SOFA, held=1.0, likeness=0.9)), "乙不乙", RECORDS, surely=True) is None


def test_the_nearest_sentence_is_one_that_holds_a_good_part() -> None:
    near = beside(_refused("师傅有证吗", Told("工坊有二十三位师傅。", 0.5, 0.4, False, None, STORY)), "师傅有证吗")
    assert near is not None and near.text == "工坊有二十三位师傅。"
    assert (
        beside(_refused("师傅有证吗", Told("工坊有二十三位师傅。", 0.5, 0.3, False, None, STORY)), "师傅有证吗") is None
    )


def test_the_nearest_sentence_is_said_to_be_that() -> None:
    found = replace(_refused("师傅有证吗"), near=replace(STORY, text="工坊有二十三位师傅。"))
    said = EmbeddedAnswerer().answer(found, Memory())
    assert "工坊有二十三位师傅。" in said[0].text and said[0].text != "工坊有二十三位师傅。"


def test_a_time_is_answered_by_one() -> None:
    assert of_other_sort("啥时候上课", "可以上阴瑜伽，不做倒立")
    assert of_other_sort("十次卡多久过期", "十次卡不能停")
    assert not of_other_sort("啥时候上课", "周二、周四19:00")
    assert not of_other_sort("能用多久", "不限时间用完为止")


def test_a_number_of_people_is_answered_by_one() -> None:
    assert of_other_sort("你们师傅多少个人", "老师傅手工拉坯")
    assert not of_other_sort("你们师傅多少个人", "有二十三位师傅")


STOOL = Record("A", "陶土圆墩", "凳子", ("换鞋凳", "墩"))
BAR = Record("B", "枝桠吧椅", "凳子", ("高脚凳",))


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("就那个圆的凳子多少钱", STOOL),
        ("墩多重", STOOL),
        ("高脚的凳子啥颜色", BAR),
        ("凳子多少钱", None),
        ("圆的桌子多少钱", None),
        ("多少钱", None),
    ],
)
def test_a_product_is_known_by_what_it_is_like(question: str, meant: Record | None) -> None:
    assert described(question, (STOOL, BAR)) == meant


@pytest.mark.parametrize("question", ["你们老板谁啊", "老板叫什么", "店开了多少年了", "开了几年了", "啥时候开的店"])
def test_the_shops_story_is_asked_in_many_words(question: str) -> None:
    assert founding.asked(question)


@pytest.mark.parametrize(
    "question", ["几点开门", "什么时候开始发货", "老板便宜点", "灯开多久会热", "什么时候做活动", "要做多久"]
)
def test_other_questions_do_not_ask_for_it(question: str) -> None:
    assert not founding.asked(question)


def test_the_story_tells_who_and_since_when() -> None:
    since, who = founding.told((STORY,), "开了几年了"), founding.told((STORY,), "老板是谁")
    assert since is not None and since.text == "小满茶铺由一对夫妻在2016年开始。"
    assert who is not None and who.text == "小满茶铺由一对夫妻在2016年开始。丈夫沈石学过木工。"
    assert founding.told((replace(STORY, text="工坊有二十三位师傅。"),), "老板是谁") is None

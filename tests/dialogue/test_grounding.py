"""A sentence leaves only when its claims stand in the evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from dialogue.safety.grounding import FaultKind, Grounding
from knowledge import Decision, Evidence, Passage, PassageKind, Source
from tests.dialogue.shop import FAQ, MERCHANT, RECORDS, TODAY, VERSION

SOFA, LAMP, TABLE, RUG = RECORDS
NAMES = tuple(record.name for record in RECORDS)
PASSAGES = tuple(
    Passage(f"f{i}", answer, PassageKind.FAQ, Source("faq.csv"), question)
    for i, (question, answer) in enumerate(FAQ[:2])
)
EVIDENCE = Evidence("云朵沙发怎么样", MERCHANT, VERSION, Decision.ANSWER, 0.9, PASSAGES, (), SOFA)


def _faults(sentence: str, evidence: Evidence = EVIDENCE, today: date = TODAY) -> set[FaultKind]:
    return {fault.kind for fault in Grounding(evidence, names=NAMES, today=today).check(sentence)}


@pytest.mark.parametrize(
    "sentence",
    [
        "云朵单人沙发现在活动价1299元，原价1699元。",
        "现在价格是一千二百九十九元。",
        "这款沙发宽82、深86、高78厘米，坐深54厘米。",
        "外套整套带拉链，30度以下可以机洗。",
        "坐垫5年内塌陷免费换芯。",
        "下单后48小时内发货，库存还有36件。",
        "收货7天内不影响二次销售就可以退。",
        "活动到2027年12月31日。",
        "抱歉，这个我不能给您打折，帮您问一下店里吧。",
        "还有什么想了解的吗？",
    ],
)
def test_what_stands_in_the_evidence_may_leave(sentence: str) -> None:
    assert _faults(sentence) == set()


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("云朵单人沙发现在只要999元。", FaultKind.NUMBER),
        ("三百块就能带走。", FaultKind.NUMBER),
        ("给您打八折。", FaultKind.NUMBER),
        ("收货30天内都可以退。", FaultKind.NUMBER),
        ("活动到2028年1月1日。", FaultKind.DATE),
        ("早上6:00开门。", FaultKind.DATE),
        ("客服电话13812345678。", FaultKind.PHONE),
        ("推荐您看看麦田地毯。", FaultKind.NAME),
        ("这是“北欧风情豪华沙发”。", FaultKind.NAME),
        ("和iPhone一样好用。", FaultKind.NAME),
        ("今天下单送您一个抱枕。", FaultKind.PROMISE),
        ("全场沙发随便挑。", FaultKind.PROMISE),
        ("整张沙发免费送给您。", FaultKind.PROMISE),
        ("原价1299元。", FaultKind.CONTRADICTION),
        ("活动价1699元。", FaultKind.CONTRADICTION),
        ("这款的外套不能机洗。", FaultKind.CONTRADICTION),
        ("云朵单人沙发的价格是1699元。", FaultKind.CONTRADICTION),
        ("它的设计灵感来自阿尔卑斯山下的羊群与牧人。", FaultKind.UNSUPPORTED),
        ("外套整套带拉链，坐垫回弹快，久坐不塌，灵感来自阿尔卑斯羊群。", FaultKind.UNSUPPORTED),
    ],
)
def test_what_does_not_stand_in_the_evidence_is_held_back(sentence: str, fault: FaultKind) -> None:
    assert fault in _faults(sentence)


def test_another_records_price_may_not_be_said_of_this_one() -> None:
    both = replace(EVIDENCE, facts=RUG.facts)
    assert FaultKind.OWNER in _faults("云朵单人沙发现在599元。", both)
    assert _faults("麦田地毯现在599元。", both) == set()


def test_a_promotion_that_is_over_supports_nothing() -> None:
    lamp = replace(EVIDENCE, record=LAMP, passages=())
    assert _faults("纸月落地灯卖459元。", lamp) == set()
    assert FaultKind.NUMBER in _faults("纸月落地灯卖359元。", lamp)
    assert FaultKind.CONTRADICTION in _faults("纸月落地灯现在还有活动价，价格是459元。", lamp)
    assert _faults("纸月落地灯卖359元。", lamp, today=date(2026, 5, 3)) == set()


def test_a_table_never_gets_a_warranty_it_does_not_have() -> None:
    table = replace(EVIDENCE, record=TABLE, passages=())
    assert FaultKind.NUMBER in _faults("胡桃木边几保修3年。", table)

"""The embedded answerer quotes; it presents a product only to those who ask for it."""

from __future__ import annotations

import pytest

from dialogue.answer.answerer import LIVE, EmbeddedAnswerer
from dialogue.answer.extract import compress
from dialogue.answer.wording import Memory
from knowledge import Decision, Evidence, Passage, PassageKind, Source
from tests.dialogue.shop import FAQ, MERCHANT, RECORDS, SHEET, TEXTS, TODAY, VERSION

SOFA = RECORDS[0]
ROW = Passage("r", "；".join(f"{f.title}：{f.text}" for f in SOFA.facts), PassageKind.RECORD, SHEET, None, SOFA.id)


def _said(question: str, *passages: Passage, decision: Decision = Decision.ANSWER, live: bool = False) -> str:
    evidence = Evidence(question, MERCHANT, VERSION, decision, 0.9, passages, (), SOFA)
    answerer = EmbeddedAnswerer()
    style = {"style": LIVE} if live else {}
    return "".join(s.text for s in answerer.answer(evidence, Memory("t"), today=TODAY, **style))


def test_a_product_is_presented_to_those_who_ask_for_it() -> None:
    said = _said("介绍一下云朵沙发", ROW)
    assert "机洗" in said and "羊羔绒" in said and "1299元" in said


def test_a_detail_is_quoted_alone() -> None:
    said = _said("云朵沙发久坐会塌吗", ROW)
    assert "久坐不塌" in said and "1299" not in said


def test_what_the_record_does_not_hold_is_not_answered_with_praise() -> None:
    said = _said("云朵沙发能防蚊吗", ROW)
    assert "资料" in said or "依据" in said
    assert "羊羔绒" not in said


def test_the_title_of_a_document_is_no_answer() -> None:
    title = Passage("t", "木器保养手册", PassageKind.TEXT, Source("care.pdf", page=1))
    told = Passage("p", "木器保养：每半年上一次木蜡油。", PassageKind.TEXT, Source("care.pdf", page=1))
    said = _said("木器怎么保养", title, told)
    assert "木蜡油" in said and "手册" not in said


def test_an_faq_is_shorter_aloud() -> None:
    answer = "第一句。第二句。第三句。第四句。第五句。"
    faq = Passage("f", answer, PassageKind.FAQ, Source("faq.csv"), "怎么退换货？")
    assert _said("怎么退换货", faq) == answer
    assert _said("怎么退换货", faq, live=True) == "第一句。第二句。第三句。"


def test_a_long_passage_is_cut_to_the_sentences_that_answer() -> None:
    assert compress(TEXTS[0], "周日仓库发货吗", limit=1) == ["每天16:00之前的订单当天交给仓库，周日仓库休息。"]
    assert compress("", "什么") == []


@pytest.mark.parametrize("row", ["| 沙发 | 免运费 |", "- 沙发免运费", "## 沙发免运费"])
def test_marks_of_a_document_are_not_spoken(row: str) -> None:
    assert not set("|#-") & set(compress(row, "沙发运费")[0])


def test_a_bargain_gets_the_price_and_no_promise() -> None:
    said = _said("再便宜点呗", decision=Decision.REFUSE)
    assert "1299元" in said and ("权限" in said or "改不了" in said or "做不了主" in said)


def test_a_question_nearly_word_for_word_in_the_faq_beats_a_fact() -> None:
    asked, answer = FAQ[0]
    faq = Passage("f", answer, PassageKind.FAQ, Source("faq.csv"), asked)
    evidence = Evidence("包邮吗", MERCHANT, VERSION, Decision.ANSWER, 0.9, (faq,), (SOFA.facts[0],), SOFA)
    assert "".join(s.text for s in EmbeddedAnswerer().answer(evidence, Memory("t"), today=TODAY)) == answer

"""The selling script: truthful, lawful, worded anew each lap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue import Rundown, ScriptLine
from dialogue.safety.claim import ClaimKind, claims
from dialogue.safety.compliance import LIVE_RULES, comply
from knowledge import Passage, PassageKind, Record, Source
from tests.dialogue.shop import FAQ, RECORDS, TODAY, record, yuan

FAQS = tuple(Passage(str(i), a, PassageKind.FAQ, Source("faq.csv"), q) for i, (q, a) in enumerate(FAQ))


def _laps(rundown: Rundown, laps: int) -> list[ScriptLine]:
    lines = rundown.opening()
    for lap in range(laps):
        for index in range(len(rundown.records)):
            lines += rundown.segment(index, lap)
        lines += rundown.interlude(lap + 1)
    return lines + rundown.closing()


def _shop() -> Rundown:
    return Rundown.from_records(RECORDS, shop="栖木家居", faqs=FAQS, today=TODAY)


def _numbers(text: str) -> set[str]:
    return {claim.value for claim in claims(text) if claim.kind is ClaimKind.NUMBER}


def test_the_ai_notice_comes_first() -> None:
    assert _shop().opening()[0].text.startswith("本直播间由 AI 数字人主播")


def test_no_figure_is_said_that_no_fact_holds() -> None:
    known: dict[str | None, set[str]] = {
        r.id: set().union(*(_numbers(f"{fact.title} {fact.text}") for fact in r.facts)) for r in RECORDS
    }
    known[None] = set().union(*(_numbers(answer + question) for question, answer in FAQ))
    for line in _laps(_shop(), 8):
        assert _numbers(line.text) <= known[line.record_id] | known[None], line


def test_every_line_is_lawful_and_short() -> None:
    facts = {r.id: "".join(f.title + f.text for f in r.facts) for r in RECORDS}
    for line in _laps(_shop(), 5):
        assert comply(line.text, evidence_text=facts.get(line.record_id or "", ""), rules=LIVE_RULES).broken == ()
        assert len(line.text) <= 70, line


def test_no_product_is_introduced_in_the_same_words_twice_in_a_row() -> None:
    rundown = _shop()
    hooks = [next(iter(rundown.segment(index, lap))).text for lap in range(6) for index in range(len(rundown.records))]
    bare = [hook.replace(r.name, "") for hook in hooks for r in rundown.records if r.name in hook]
    assert all(first != second for first, second in pairwise(bare))


def test_what_is_sold_out_is_not_sold() -> None:
    assert "胡桃木边几" not in {r.name for r in _shop().records}


def test_a_promotion_that_is_over_is_not_mentioned() -> None:
    lamp = " ".join(line.text for line in _laps(_shop(), 3) if line.record_id == "QM-LP01")
    assert "459元" in lamp and "359" not in lamp
    running = Rundown.from_records(RECORDS, today=date(2026, 5, 2))
    assert any("359元" in line.text for line in _laps(running, 1))


def test_unlawful_words_of_the_merchant_are_not_spoken() -> None:
    boastful = record("X", "安睡枕", price=yuan(99), selling_points="能治疗失眠；全网最低价；乳胶枕芯")
    said = " ".join(line.text for line in _laps(Rundown.from_records((boastful,), today=TODAY), 3))
    assert "治疗" not in said and "最低价" not in said and "乳胶枕芯" in said


def test_the_same_seed_gives_the_same_script() -> None:
    assert _laps(_shop(), 3) == _laps(_shop(), 3)


def test_a_catalogue_of_something_else_is_sold_too() -> None:
    hotel = replace(record("h1", "云栖酒店", address="西湖区云栖路1号", rating="4.6分"), kind="酒店")
    said = " ".join(line.text for line in _laps(Rundown.from_records((hotel,), today=TODAY), 2))
    assert "云栖路1号" in said and "酒店" in said


_FACT = st.text(alphabet="abc元折最好第一0123456789，。；|{}%\n 你", max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({"price": _FACT, "selling_points": _FACT, "材料 {x}": _FACT}), max_size=4))
def test_any_catalogue_gives_a_script(fields: list[dict[str, str]]) -> None:
    records: list[Record] = [record(f"r{i}", f"商品{i}", **facts) for i, facts in enumerate(fields)]
    for line in _laps(Rundown.from_records(records, today=TODAY), 2):
        assert line.text.strip()

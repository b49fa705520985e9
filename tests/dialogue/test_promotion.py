"""A promotion's price is said from its first day to its last, and on no other."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dialogue.answer.pricing import price_of
from dialogue.safety.compliance import ChannelRules
from dialogue.safety.gate import Gate
from dialogue.safety.promotion import ended
from knowledge import DateRange, Decision, Evidence, Record
from tests.dialogue.shop import MERCHANT, VERSION, record, yuan

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 11)
DAYS = [
    (date(2026, 10, 31), "1699元"),
    (FIRST, "1299元"),
    (LAST, "1299元"),
    (date(2026, 11, 12), "1699元"),
    (None, "1299元"),
]


def _sofa(**period: tuple[str, DateRange | date]) -> Record:
    return record("S1", "云朵沙发", price=yuan(1699), promotion_price=yuan(1299), **period)


WRITTEN = {
    "one column": _sofa(promotion_period=("11月1日至11日", DateRange(FIRST, LAST))),
    "two columns": _sofa(promotion_start=("11月1日", FIRST), promotion_end=("11月11日", LAST)),
    "with times": _sofa(promotion_period=("", DateRange(datetime(2026, 11, 1, 9), datetime(2026, 11, 11, 18)))),
}


@pytest.mark.parametrize(
    ("now", "price"),
    [
        (datetime(2026, 11, 1, 8, 59), "1699元"),
        (datetime(2026, 11, 1, 9), "1299元"),
        (datetime(2026, 11, 11, 18), "1299元"),
        (datetime(2026, 11, 11, 18, 1), "1699元"),
        (datetime(2026, 11, 11, 18, 1, tzinfo=UTC), "1699元"),
    ],
)
def test_a_period_with_times_is_held_to_the_minute(now: datetime, price: str) -> None:
    fact = price_of(WRITTEN["with times"], now)
    assert fact is not None and fact.text == price


def test_a_period_of_days_holds_through_its_last_evening() -> None:
    fact = price_of(WRITTEN["one column"], datetime(2026, 11, 11, 23, 59))
    assert fact is not None and fact.text == "1299元"


@pytest.mark.parametrize("sofa", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize(("today", "price"), DAYS)
def test_the_price_of_a_day(sofa: Record, today: date | None, price: str) -> None:
    fact = price_of(sofa, today)
    assert fact is not None and fact.text == price


@pytest.mark.parametrize(("today", "price"), DAYS)
def test_the_gate_hands_out_no_fact_of_a_promotion_that_does_not_run(today: date | None, price: str) -> None:
    sofa = WRITTEN["one column"]
    evidence = Evidence("云朵沙发多少钱", MERCHANT, VERSION, Decision.ANSWER, 0.9, (), sofa.facts, sofa)
    texts = {fact.text for fact in Gate(evidence, ChannelRules(), today=today).facts}
    assert ("1299元" in texts) == (price == "1299元") and "1699元" in texts


def test_a_promotion_that_states_no_period_runs() -> None:
    sofa = _sofa()
    assert not any(ended(fact, sofa.facts, FIRST) for fact in sofa.facts)


def test_the_period_of_one_product_ends_nothing_of_another() -> None:
    over = _sofa(promotion_period=("", DateRange(FIRST, LAST)))
    running = record("S2", "积木沙发", price=yuan(3299), promotion_price=yuan(2999))
    after = date(2026, 12, 1)
    assert ended(over.fact("promotion_price") or over.facts[0], (*over.facts, *running.facts), after)
    assert not ended(running.fact("promotion_price") or running.facts[0], (*over.facts, *running.facts), after)

"""Does a promotion run now? A price whose period is over may not be said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

from knowledge import DateRange, Fact


def is_promotion(fact: Fact) -> bool:
    """Whether the fact belongs to a promotion (its price, period or end)."""
    return fact.name.startswith("promotion") or "促销" in fact.title or "活动" in fact.title


_EVERYBODY = re.compile(r"促销|活动|优惠|特价|折|直播|秒杀|到手|券后|promo|sale|deal|special|discount", re.I)


def for_everybody(fact: Fact) -> bool:
    """Whether every customer pays this price; a 体验价 or 会员价 is called so, and never reckoned with."""
    return _EVERYBODY.search(fact.title) is not None


def period(facts: Iterable[Fact], record_id: str) -> DateRange | None:
    """The days of a record's promotion; None when the record states none."""
    span = _span(facts, record_id)
    return DateRange(_day(span.start), _day(span.end)) if span else None


def ended(fact: Fact, facts: Iterable[Fact], today: date | None) -> bool:
    """Whether this is a promotion's fact whose stated period does not hold `today`; without a period it runs.

    A `datetime` (the wall clock of the shop) is held to the minute where the period states times; a `date` is a day.
    """
    if today is None or not is_promotion(fact):
        return False
    span = _span(facts, fact.record_id)
    if span is None:
        return False
    return (span.start is not None and _before(today, span.start)) or (
        span.end is not None and _before(span.end, today)
    )


def _span(facts: Iterable[Fact], record_id: str) -> DateRange | None:
    start: date | None = None
    end: date | None = None
    for fact in facts:
        if fact.record_id != record_id or not is_promotion(fact):
            continue
        value = fact.value
        if isinstance(value, DateRange):
            return value
        if isinstance(value, date):
            if fact.name == "promotion_start":
                start = value
            else:
                end = value
    return DateRange(start, end) if start or end else None


def _before(one: date, other: date) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.replace(tzinfo=None) < other.replace(tzinfo=None)
    return _plain(one) < _plain(other)


def _plain(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _day(value: date | None) -> date | None:
    return None if value is None else _plain(value)

"""Does a promotion run today? A price whose period is over may not be said."""

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
    """The promotion's period of a record; None when the record states none."""
    start: date | None = None
    end: date | None = None
    found = False
    for fact in facts:
        if fact.record_id != record_id or not is_promotion(fact):
            continue
        value = fact.value
        if isinstance(value, DateRange):
            return DateRange(_day(value.start), _day(value.end))
        if isinstance(value, date):
            found = True
            if fact.name == "promotion_start":
                start = _day(value)
            else:
                end = _day(value)
    return DateRange(start, end) if found else None


def ended(fact: Fact, facts: Iterable[Fact], today: date | None) -> bool:
    """Whether this is a promotion's fact whose stated period does not hold `today`; without a period it runs."""
    if today is None or not is_promotion(fact):
        return False
    span = period(facts, fact.record_id)
    return span is not None and not _holds(span, today)


def _holds(span: DateRange, today: date) -> bool:
    start, end = _day(span.start), _day(span.end)
    return (start is None or start <= today) and (end is None or today <= end)


def _day(value: datetime | date | None) -> date | None:
    return value.date() if isinstance(value, datetime) else value

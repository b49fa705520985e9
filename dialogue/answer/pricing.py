"""The price a record has today, as typed and as said. Pure."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from dialogue.event import Citation
from dialogue.safety.promotion import ended, for_everybody
from knowledge import Fact, Money, Record


def price_of(record: Record, today: date | None) -> Fact | None:
    """The promotion's price while it runs, else the price; None when neither is an amount of money."""
    promotion = record.fact("promotion_price")
    price = record.fact("price")
    runs = promotion and isinstance(promotion.value, Money) and not ended(promotion, record.facts, today)
    if promotion and runs and (for_everybody(promotion) or price is None):
        return promotion
    return price if price and isinstance(price.value, Money) else None


def amount(fact: Fact) -> Decimal:
    """The amount of a price fact."""
    return fact.value.amount if isinstance(fact.value, Money) else Decimal(0)


def price_text(fact: Fact) -> str:
    """A price as it stands in the source, with 元 where it is a bare number."""
    text = fact.text.strip().rstrip("。；;")
    return f"{text}元" if re.fullmatch(r"[\d,.]+", text) else text


def yuan(value: Decimal) -> str:
    """An amount of money that was reckoned: `400元`, `12.5元`."""
    return f"{value.normalize():f}元" if value else "0元"


def cited(fact: Fact, version: str) -> Citation:
    """The citation of one fact."""
    source = fact.source
    return Citation(source.file, f"{fact.title}：{fact.text}", source.sheet, source.page, source.line, version)

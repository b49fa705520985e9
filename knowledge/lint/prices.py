"""Prices and promotions that disagree, are over, or are missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from knowledge.content import Content
from knowledge.evidence import Passage, PassageKind
from knowledge.lint.finding import Finding, Severity
from knowledge.record import DateRange, Fact, Money, Record
from knowledge.table.merging import folded_name
from knowledge.table.value import fold, parse_money

_ONE_VALUE = frozenset(
    "address list_price opening_hours phone price promotion_price rating shipping_fee spend stock ticket"
    " warranty".split()
)
_PRICED = re.compile(
    r"(?:价格?|售价|原价|现价|日常价|促销价?|活动价?|特价|到手价?|卖|只要|只需|仅需|仅售|单价|优惠价)[^，。！？；\d¥￥\n]{0,8}"
    r"(?P<amount>[¥￥]?\s*\d[\d,]*(?:\.\d+)?\s*(?:元|块钱?)?)"
)
_PRICE_WORD = re.compile(r"多少钱|价格|价钱|几块|售价|怎么卖")
_AMOUNT = re.compile(r"(?P<amount>[¥￥]\s*\d[\d,]*(?:\.\d+)?|\d[\d,]*(?:\.\d+)?\s*(?:元|块钱?))")


def conflicting_sources(content: Content) -> Iterator[Finding]:
    """Two files that state the same field of one record differently."""
    canonical = {record.id: record for record in content.records}
    stated: dict[tuple[str, str], list[Fact]] = {}
    for row in content.record_rows():
        record = content.record(row.record.id) or content.record(row.record.name)
        for fact in row.record.facts:
            if record is not None and record.id in canonical and fact.name in _ONE_VALUE:
                stated.setdefault((record.id, fact.name), []).append(fact)
    for (record_id, name), facts in stated.items():
        if len({fact.source.file for fact in facts}) < 2 or len({_comparable(fact) for fact in facts}) < 2:
            continue
        record = canonical[record_id]
        said = "；".join(f"{fact.source.file} 写 {fact.text}" for fact in facts)
        quoted = record.fact(name) or facts[-1]
        money = isinstance(facts[0].value, Money)
        yield Finding(
            Severity.ERROR if money else Severity.WARNING,
            "price-conflict" if money else "fact-conflict",
            f"{record.name}的{facts[0].title}几处不一样：{said}。现在会回答 {quoted.text}，请改成一致",
            str(facts[-1].source),
        )


def conflicting_texts(content: Content) -> Iterator[Finding]:
    """Answers and texts that state another price for a record than its own facts."""
    names = _names(content.records)
    for passage in content.passages:
        if passage.kind is PassageKind.RECORD:
            continue
        record = _only_record(passage, names, content)
        if record is None:
            continue
        amounts = [match["amount"] for match in _PRICED.finditer(passage.text)]
        if passage.question and _PRICE_WORD.search(passage.question):
            amounts += [match["amount"] for match in _AMOUNT.finditer(passage.text)]
        known = {fact.value.amount for fact in record.facts if isinstance(fact.value, Money)}
        known |= {Decimal(number.replace(",", "")) for fact in record.facts for number in _numbers(fact.text)}
        wrong = [
            amount.strip() for amount in amounts if (money := parse_money(fold(amount))) and money.amount not in known
        ]
        price = record.fact("price")
        if wrong and price is not None:
            said = "、".join(dict.fromkeys(wrong))
            text = f"这里说{record.name} {said}，商品表里的{price.title}是 {price.text}：请改成一致"
            yield Finding(Severity.ERROR, "price-conflict", text, str(passage.source))


def promotions(content: Content, *, today: date) -> Iterator[Finding]:
    """Promotions that are over, cost more than the price, or have no end."""
    for record in content.records:
        price, promotion, period = (record.fact(name) for name in ("price", "promotion_price", "promotion_period"))
        end_fact = record.fact("promotion_end")
        if period is None and end_fact is not None:
            period = end_fact
        end = _end(period)
        if period is not None and end is not None and end < today:
            text = f"{record.name}的促销已于 {end.isoformat()} 结束：请更新或删除促销价"
            yield Finding(Severity.WARNING, "promotion-expired", text, str(period.source))
        if promotion is None or not isinstance(promotion.value, Money):
            continue
        if price is not None and isinstance(price.value, Money) and promotion.value.amount >= price.value.amount:
            text = f"{record.name}的{promotion.title} {promotion.text} 不低于{price.title} {price.text}"
            yield Finding(Severity.ERROR, "promotion-not-lower", text, str(promotion.source))
        if period is None:
            text = f"{record.name}有{promotion.title}但没有写活动时间：到期后还会照着回答"
            yield Finding(Severity.HINT, "promotion-without-period", text, str(promotion.source))
        elif isinstance(period.value, str):
            text = f"{record.name}的活动时间“{period.text}”读不成日期：请写成 2026-11-01 至 2026-11-11"
            yield Finding(Severity.WARNING, "promotion-period-unclear", text, str(period.source))


def missing_prices(content: Content) -> Iterator[Finding]:
    """Records without a price in a catalogue where others of their kind have one."""
    kinds: dict[str, list[Record]] = {}
    for record in content.records:
        kinds.setdefault(record.kind, []).append(record)
    for records in kinds.values():
        without = [record for record in records if record.fact("price") is None]
        if without and len(without) < len(records):
            names = "、".join(record.name for record in without[:5]) + ("等" if len(without) > 5 else "")
            source = str(without[0].facts[0].source) if without[0].facts else ""
            yield Finding(Severity.HINT, "price-missing", f"{len(without)} 个商品没有价格：{names}", source)


def _comparable(fact: Fact) -> object:
    if isinstance(fact.value, Money):
        return fact.value.amount, fact.value.currency
    return folded_name(fact.text)


def _end(fact: Fact | None) -> date | None:
    if fact is None:
        return None
    value = fact.value.end if isinstance(fact.value, DateRange) else fact.value
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def _names(records: Sequence[Record]) -> dict[str, str]:
    """Folded name or alias → record id, for names that mean one record only."""
    owners: dict[str, set[str]] = {}
    for record in records:
        for name in (record.name, *record.aliases):
            if len(folded_name(name)) >= 2:
                owners.setdefault(folded_name(name), set()).add(record.id)
    return {name: next(iter(ids)) for name, ids in owners.items() if len(ids) == 1}


def _only_record(passage: Passage, names: dict[str, str], content: Content) -> Record | None:
    """The one record a passage is about, by its column or by being the only one it names."""
    if passage.record_id is not None:
        return content.record(passage.record_id)
    said = folded_name(f"{passage.question or ''}{passage.text}")
    found: set[str] = set()
    for length in sorted({len(name) for name in names}, reverse=True):
        for start in range(len(said) - length + 1):
            piece = said[start : start + length]
            if piece in names:
                found.add(names[piece])
    return content.record(next(iter(found))) if len(found) == 1 else None


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,]*(?:\.\d+)?", text)

"""What a careful colleague would ask about before a version is published. Pure over a `Content` and today's date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from knowledge.advertising import find_claims
from knowledge.content import Content
from knowledge.evidence import Decision, Evidence, Passage, PassageKind
from knowledge.merging import folded_name
from knowledge.record import DateRange, Fact, Money, Record
from knowledge.template import EXAMPLE
from knowledge.value import fold, parse_money


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """A customer would be told something wrong or forbidden."""
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    severity: Severity
    rule: str
    """Stable name: `price-conflict`, `promotion-expired`, `advertising-law` …"""
    text: str
    """What is wrong and how to mend it."""
    source: str
    """Where: file, sheet, page, line."""


EVERYDAY_QUESTIONS = (
    "什么时候发货？",
    "发什么快递？",
    "运费多少？",
    "可以退货吗？",
    "怎么换货？",
    "有质量问题怎么办？",
    "保修多久？",
    "可以开发票吗？",
    "怎么付款？",
    "有什么优惠？",
    "怎么联系人工客服？",
    "客服几点上班？",
    "你们店在哪里？",
    "是正品吗？",
    "可以定制吗？",
    "大概几天能到？",
)
"""What customers of most shops ask first; a shop's own list may be given instead."""

_ONE_VALUE = frozenset(
    "address list_price opening_hours phone price promotion_price rating shipping_fee spend stock ticket"
    " warranty".split()
)
_NUMERALS = {"1": "一", "2": "二", "3": "三", "8": "八", "9": "九", "17": "十七"}
_INTERNAL = re.compile(
    r"成本|进货价|进价|采购价|供货价|供应商|利润|毛利|佣金|内部|底价|cost|margin|supplier", re.IGNORECASE
)
_PRICED = re.compile(
    r"(?:价格?|售价|原价|现价|日常价|促销价?|活动价?|特价|到手价?|卖|只要|只需|仅需|仅售|单价|优惠价)[^，。！？；\d¥￥\n]{0,8}"
    r"(?P<amount>[¥￥]?\s*\d[\d,]*(?:\.\d+)?\s*(?:元|块钱?)?)"
)
_PRICE_WORD = re.compile(r"多少钱|价格|价钱|几块|售价|怎么卖")
_AMOUNT = re.compile(r"(?P<amount>[¥￥]\s*\d[\d,]*(?:\.\d+)?|\d[\d,]*(?:\.\d+)?\s*(?:元|块钱?))")
_QUOTED = re.compile(r"[「『“《【](?P<name>[^「」『』“”《》【】]{2,20})[」』”》】]")


def lint(content: Content, *, today: date) -> list[Finding]:
    """All findings of a version, the gravest first."""
    findings: list[Finding] = []
    for rule in (
        conflicting_sources,
        conflicting_texts,
        forbidden_claims,
        duplicate_questions,
        unknown_products,
        internal_columns,
        missing_prices,
        forgotten_examples,
        left_out,
    ):
        findings.extend(rule(content))
    findings.extend(promotions(content, today=today))
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))


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


def forbidden_claims(content: Content) -> Iterator[Finding]:
    """Claims that advertising law forbids, in answers, texts and facts; each sentence once."""
    seen: set[tuple[str, str]] = set()
    for passage in content.passages:
        if passage.kind is PassageKind.RECORD or (passage.record_id and passage.kind is PassageKind.TEXT):
            continue
        yield from _claims(passage.text, str(passage.source), seen)
    for record in content.records:
        for fact in record.facts:
            if isinstance(fact.value, str | tuple):
                yield from _claims(fact.text, str(fact.source), seen, owner=f"{record.name}的{fact.title}：")


def duplicate_questions(content: Content) -> Iterator[Finding]:
    """One question answered twice: differently is an error, alike is a hint."""
    asked: dict[tuple[str, str], list[Passage]] = {}
    for passage in content.faqs:
        asked.setdefault((_bare(passage.question or ""), passage.record_id or ""), []).append(passage)
    for passages in asked.values():
        if len(passages) < 2:
            continue
        places = "、".join(str(passage.source) for passage in passages)
        if len({folded_name(passage.text) for passage in passages}) > 1:
            text = f"“{passages[0].question}”有 {len(passages)} 个不同的答案（{places}）：只留一个"
            yield Finding(Severity.ERROR, "question-conflict", text, str(passages[-1].source))
        else:
            text = f"“{passages[0].question}”重复了 {len(passages)} 次（{places}）"
            yield Finding(Severity.HINT, "question-duplicate", text, str(passages[-1].source))


def unknown_products(content: Content) -> Iterator[Finding]:
    """Answers about a product, by its column, SKU or quoted name, that the catalogue does not have."""
    known = {record.id for record in content.records}
    if not known:
        return
    names = {folded_name(name) for record in content.records for name in (record.name, *record.aliases)}
    shapes = _code_shapes(content.records)
    endings = {name[-2:] for name in names if len(name) >= 4}
    pointed = content.pointing_nowhere()
    for passage in content.passages:
        if passage.kind is PassageKind.RECORD:
            continue
        said = f"{passage.question or ''}\n{passage.text}"
        if passage.id in pointed:
            text = f"这条内容写明属于某个商品，但商品表里没有它：{(passage.question or passage.text)[:30]}"
            yield Finding(Severity.WARNING, "unknown-product", text, str(passage.source))
        strangers = [code for shape in shapes for code in shape.findall(said) if code not in known]
        strangers += [
            match["name"]
            for match in _QUOTED.finditer(said)
            if folded_name(match["name"])[-2:] in endings and folded_name(match["name"]) not in names
        ]
        for stranger in dict.fromkeys(strangers):
            text = f"提到了“{stranger}”，商品表里没有这个商品：请改正，或者补上商品"
            yield Finding(Severity.WARNING, "unknown-product", text, str(passage.source))


def internal_columns(content: Content) -> Iterator[Finding]:
    """Columns that look like the merchant's own business: everything in the knowledge may be told to a customer."""
    seen: set[tuple[str, str]] = set()
    for record in content.records:
        for fact in record.facts:
            key = (fact.source.file, fact.title)
            if key not in seen and _INTERNAL.search(fact.title):
                seen.add(key)
                text = f"“{fact.title}”像是内部信息，收录后顾客问到就会回答：请删掉这一列"
                yield Finding(Severity.ERROR, "internal-column", text, str(fact.source))


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


def forgotten_examples(content: Content) -> Iterator[Finding]:
    """Example rows of the template that were left in."""
    for record in content.records:
        if EXAMPLE in record.name:
            text = f"“{record.name}”是模板里的示例行：请删掉"
            yield Finding(Severity.ERROR, "example-row", text, str(record.facts[0].source) if record.facts else "")
    for passage in content.faqs:
        if passage.question and EXAMPLE in passage.question:
            yield Finding(Severity.ERROR, "example-row", "模板里的示例问答还在：请删掉", str(passage.source))


def left_out(content: Content) -> Iterator[Finding]:
    """What could not be read of the files of this version."""
    for document in content.documents:
        for note in document.notes[:20]:
            yield Finding(Severity.HINT, "left-out", note, document.path)


def unanswered(questions: Iterable[str], search: Callable[[str], Evidence]) -> Iterator[Finding]:
    """Customer questions that nothing in the version can answer."""
    for question in questions:
        evidence = search(question)
        if evidence.decision is Decision.REFUSE:
            text = f"顾客常问“{question}”，知识库里找不到答案：请在问答表里加一条"
            yield Finding(Severity.WARNING, "unanswered-question", text, "")


def _claims(text: str, source: str, seen: set[tuple[str, str]], *, owner: str = "") -> Iterator[Finding]:
    for claim in find_claims(text):
        start, end = max(claim.start - 8, 0), claim.start + len(claim.text) + 8
        around = " ".join(text[start:end].split())
        if (claim.text, around) not in seen:
            seen.add((claim.text, around))
            article, _, item = claim.article.partition(".")
            law = f"《广告法》第{_NUMERALS[article]}条" + (f"第{_NUMERALS[item]}项" if item else "")
            said = f"{owner}“{claim.text}”是{claim.why}（{law}），请换一种说法：…{around}…"
            yield Finding(Severity.ERROR, "advertising-law", said, source)


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


def _bare(question: str) -> str:
    """A question without marks and closing particles: "包邮吗？" and "包邮么" are one."""
    return re.sub(r"\W", "", folded_name(question)).rstrip("吗呢啊呀吧么的了")


def _code_shapes(records: Sequence[Record]) -> list[re.Pattern[str]]:
    """Patterns of the SKUs in use ("QM-SF01" → QM-[A-Z]{2}\\d{2}); plain numbers are no shape."""
    shapes = set()
    for record in records:
        if record.fact("sku") is None or not re.search(r"[A-Za-z]", record.id) or not re.search(r"\d", record.id):
            continue
        prefix = re.match(r"[A-Za-z]+", record.id)
        if prefix is None:
            continue
        rest = re.sub(r"[A-Za-z]+", lambda m: f"[A-Za-z]{{{len(m[0])}}}", re.escape(record.id[prefix.end() :]))
        shapes.add(re.escape(prefix[0]) + re.sub(r"(?<!\{)\d+(?!\})", lambda m: rf"\d{{{len(m[0])}}}", rest))
    return [re.compile(rf"(?<![A-Za-z0-9]){shape}(?![A-Za-z0-9])") for shape in sorted(shapes)[:100]]

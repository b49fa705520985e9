"""The smaller one, the bigger one, the cheaper one: another product of the kind that is being talked about. Pure.

Sizes and prices are compared from the facts as they stand; what has neither is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from dialogue.answer import phrases
from dialogue.answer.naming import named
from dialogue.answer.pricing import amount, cited, price_of
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.numeral import folded
from knowledge import Fact, Record

_MORE = frozenset("大高长宽贵")
_OF_PRICE = frozenset(("便宜", "贵"))
_POINTS = re.compile(
    r"\W*(?:那|这|那么|要|想要|有|有没有|还有|来|换)?(?:一)?(?:个|款|张|把|盏|件|种|只)?(?:更|稍微|再|最)?"
    r"(?P<by>小|大|矮|高|短|长|窄|宽|便宜|贵)(?:一?点儿?|一?些|号)?(?:的)(?:那|这)?(?:个|款|张|把|盏|件|种|只)?(?P<rest>[^，,。]{0,14}?)\W*"
)
_EMPTY = re.compile(r"[呢吗么嘛呀啊有没吧也是要\W]*")
_WANTS = re.compile(
    r"有(?:没有)?(?:更|稍微|再)?(?:(?:小|大|矮|高|短|长|窄|宽)(?:一?点儿?|一?些|号)?的"
    r"|[0-9一二两三四五六七八九十.]+(?:米|m|cm|厘米|公分)[0-9一二两三四五六七八九半]?(?:高|宽|长)?的)"
)
_MEASURE = re.compile(r"(\d+(?:\.\d+)?(?:\s*[×xX*]\s*\D{0,4}\d+(?:\.\d+)?)*)\s*(mm|毫米|cm|厘米|公分|米|m)?", re.I)
_CENTIMETRES = {"mm": Decimal("0.1"), "毫米": Decimal("0.1"), "米": Decimal(100), "m": Decimal(100)}


def resolved(
    text: str,
    records: Sequence[Record],
    *,
    current: Record | None,
    previous: str = "",
    today: date | None = None,
) -> str:
    """The text with "那个小的" put by name; what was asked before is asked of it too where nothing else is.

    The kind is that of the `current` record, else that which the `previous` question named. The text itself where it
    points at no such variant.
    """
    plain = folded(text)
    points = _POINTS.fullmatch(plain)
    if not points or named(text, records):
        return text
    before = named(previous, records)
    if current is not None:
        others = [record for record in records if record.kind == current.kind and record.id != current.id]
        found = _next(current, others, points["by"], today)
    else:
        kinds = next((one.records for one in before if len(one.records) > 1), ())
        found = _outermost(kinds, points["by"], today)
    if found is None:
        return text
    rest = "" if _EMPTY.fullmatch(points["rest"]) else points["rest"]
    return f"{found.name}{rest or _bare(previous, [(one.start, one.end) for one in before])}"


def answer(
    question: str, records: Sequence[Record], memory: Remembers, *, current: Record | None = None, version: str = ""
) -> tuple[Sentence, ...]:
    """The reply to "地毯有大点的吗": the sizes of what is called so; empty when that is not asked or not known."""
    if not _WANTS.search(folded(question)):
        return ()
    names = named(question, records)
    meant = names[0].records if names else (current,) if current else ()
    sized = [(fact, size) for record in meant if (fact := _dimensions(record)) and (size := _size(record))]
    if not sized:
        return ()
    only = sized[0][0].record_id if len(sized) == 1 else None
    said = [
        Sentence(
            choose(memory, "variant/size", phrases.FACTS["dimensions"]).format(name=fact.record_name, text=_text(fact)),
            Emotion.NEUTRAL,
            (cited(fact, version),),
            only,
        )
        for fact, _ in sorted(sized, key=lambda pair: pair[1])[:3]
    ]
    if only:
        said.append(Sentence(choose(memory, "variant/only", phrases.ONLY_SIZE), Emotion.NEUTRAL, (), only))
    return tuple(said)


def _bare(previous: str, spans: Sequence[tuple[int, int]]) -> str:
    plain = folded(previous)
    for start, end in reversed(spans):
        plain = plain[:start] + plain[end:]
    return plain.strip(" ，,。！!～~你好")


def _value(record: Record, by: str, today: date | None) -> Decimal | None:
    if by in _OF_PRICE:
        price = price_of(record, today)
        return amount(price) if price else None
    return _size(record)


def _next(current: Record, others: Sequence[Record], by: str, today: date | None) -> Record | None:
    here = _value(current, by, today)
    if here is None:
        return None
    up = by in _MORE
    beyond = [(v, r) for r in others if (v := _value(r, by, today)) is not None and (v > here if up else v < here)]
    return min(beyond, key=lambda pair: abs(pair[0] - here))[1] if beyond else None


def _outermost(records: Sequence[Record], by: str, today: date | None) -> Record | None:
    valued = [(v, r) for r in records if (v := _value(r, by, today)) is not None]
    if len(valued) < 2:
        return None
    return (max if by in _MORE else min)(valued, key=lambda pair: pair[0])[1]


def _dimensions(record: Record) -> Fact | None:
    return record.fact("dimensions") or record.fact("size")


def _text(fact: Fact) -> str:
    return fact.text.strip().rstrip("。；;")


def _size(record: Record) -> Decimal | None:
    """The longest measure of a record in centimetres."""
    fact = _dimensions(record)
    if fact is None:
        return None
    found = []
    for match in _MEASURE.finditer(folded(fact.text)):
        scale = _CENTIMETRES.get((match[2] or "").lower(), Decimal(1))
        found += [Decimal(number) * scale for number in re.findall(r"\d+(?:\.\d+)?", match[1])]
    return max(found, default=None)

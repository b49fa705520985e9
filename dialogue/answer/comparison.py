"""Two products side by side: their prices and what difference it makes, their facts one by one. Pure.

Every figure is quoted from a typed fact; only the difference of two prices is reckoned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from dialogue.answer import phrases
from dialogue.answer.naming import named
from dialogue.answer.pricing import amount, cited, price_of, price_text, yuan
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Citation, Emotion, Sentence
from dialogue.safety.numeral import folded
from knowledge import Fact, Record

_COMPARED = re.compile(
    r"哪(?:个|款|张|把|盏|一)|谁更?|区别|不同|差别|差异|差多少|差几|相差|对比|比较|相比|怎么选|选哪|还是|贵多少|便宜多少|"
    r"比.{0,12}(?:贵|便宜|好|大|小|高|矮|重|轻|软|硬|结实|耐用)"
)
_OF_PRICE = re.compile(r"多少钱|差多少|差几|相差|价|贵|便宜|划算|省|元|块")
_BESIDE = re.compile(r"(?:和|跟|与|同|比|还是|、|或)")
_WHICH = re.compile(
    r"哪(?:个|款|种|一款|一个)(?!.*(?:卖|销|适合|推荐|有货)).{0,6}(?:好|舒服|划算|便宜|贵|大|小|结实|耐用|软|硬)\W*$|怎么选"
    r"|有(?:什么|啥)?(?:区别|不同|差别)|(?:用|选|买)哪(?:个|款|种)"
)
_PRONOUN = re.compile(r"这(?:个|款|张|把|盏)|它|那(?:个|款|张|把|盏)|前一?(?:个|款)")
_TELLING = ("dimensions", "size", "material", "load", "capacity", "scenario", "warranty", "colour")
_AT_MOST = 3


def answer(
    question: str,
    records: Sequence[Record],
    memory: Remembers,
    *,
    current: Record | None = None,
    version: str = "",
    today: date | None = None,
) -> tuple[Sentence, ...]:
    """The reply to "甲和乙哪个好", "甲比乙贵多少"; empty when the question compares no two things.

    A pronoun stands for the `current` record. Where only one of the two is on the shelf, that is said.
    """
    plain = folded(question)
    if not _COMPARED.search(plain):
        return ()
    names = named(question, records)
    pair = list(dict.fromkeys(one.records[0].id for one in names if len(one.records) == 1))
    known = {record.id: record for record in records}
    if not pair and len(names) == 1 and len(names[0].records) == 2 and _WHICH.search(plain):
        pair = [record.id for record in names[0].records]
    if len(pair) == 1 and current is not None and current.id not in pair and _PRONOUN.search(plain):
        pair.append(current.id)
    if len(pair) >= 2:
        return _compared(known[pair[0]], known[pair[1]], plain, memory, version, today)
    if len(pair) == 1 and _has_stranger(plain, names[0].start, names[0].end, records):
        record = known[pair[0]]
        text = choose(memory, "compare/stranger", phrases.STRANGER).format(name=record.name)
        said = [Sentence(text, Emotion.NEUTRAL, (), record.id)]
        price = price_of(record, today)
        if price:
            told = f"{record.name}现在的价格是{price_text(price)}。"
            said.append(Sentence(told, Emotion.NEUTRAL, (cited(price, version),), record.id))
        return tuple(said)
    return ()


def _compared(
    one: Record, two: Record, question: str, memory: Remembers, version: str, today: date | None
) -> tuple[Sentence, ...]:
    said = []
    prices = price_of(one, today), price_of(two, today)
    if prices[0] and prices[1]:
        said.append(_prices((one, prices[0]), (two, prices[1]), memory, version))
    if _OF_PRICE.search(question) and said:
        return tuple(said)
    asked = [fact for fact in one.facts if len(fact.title) >= 2 and fact.title in question]
    wanted = [fact.name for fact in asked if not fact.name.startswith("price")] or list(_TELLING)
    for name in wanted:
        first, second = one.fact(name), two.fact(name)
        if first is None or second is None or first.text == second.text:
            continue
        said.append(_beside(first, second, memory, version))
        if len(said) > _AT_MOST:
            break
    if said and not asked:
        said.append(Sentence(choose(memory, "compare/choice", phrases.CHOICE), Emotion.NEUTRAL))
    return tuple(said)


def _prices(one: tuple[Record, Fact], two: tuple[Record, Fact], memory: Remembers, version: str) -> Sentence:
    low, high = sorted((one, two), key=lambda pair: amount(pair[1]))
    gap = amount(high[1]) - amount(low[1])
    wordings = phrases.PRICE_GAP if gap else phrases.PRICE_SAME
    text = choose(memory, f"compare/price/{bool(gap)}", wordings).format(
        high=high[0].name,
        low=low[0].name,
        high_price=price_text(high[1]),
        low_price=price_text(low[1]),
        gap=yuan(gap),
    )
    return Sentence(text, Emotion.NEUTRAL, (cited(high[1], version), cited(low[1], version)))


def _beside(first: Fact, second: Fact, memory: Remembers, version: str) -> Sentence:
    text = choose(memory, "compare/fact", phrases.SIDE_BY_SIDE).format(
        title=first.title, one=first.record_name, first=_bare(first), two=second.record_name, second=_bare(second)
    )
    citations: tuple[Citation, ...] = (cited(first, version), cited(second, version))
    return Sentence(text, Emotion.NEUTRAL, citations)


def _bare(fact: Fact) -> str:
    return fact.text.strip().rstrip("。；;")


def _has_stranger(plain: str, start: int, end: int, records: Sequence[Record]) -> bool:
    """Whether the one known name is compared with what looks like a product that is not on the shelf."""
    ends = {word for record in records for word in (record.kind, record.kind[:1], record.name[-2:], record.name[-1:])}
    stop = r"(?=哪|谁|有|的?区别|差|相|怎|比|对比|[,，?？]|$)"
    after = re.match(rf"\s*{_BESIDE.pattern}([\u4e00-\u9fff]{{2,8}}?){stop}", plain[end:])
    before = re.search(rf"([\u4e00-\u9fff]{{2,8}}){_BESIDE.pattern}$", plain[:start])
    found = after or before
    word = found[1] if found else ""
    return any(end and word.endswith(end) for end in ends)

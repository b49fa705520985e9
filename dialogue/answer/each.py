"""One thing asked of a whole kind: "沙发多少钱", "灯有什么颜色", told of each of the few that it may mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from dialogue.answer import phrases
from dialogue.answer.pricing import cited, price_of, price_text
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.numeral import folded
from knowledge import Fact, Record

MOST = 4
"""Products told in one answer; of more, it is asked which one is meant."""
_FIELDS = {
    "price": (
        r"(?:都|大概|一般|现在|今天)*(?:是|卖|要|得)?(?:多少钱?|几块钱?|什么价[格位钱]?|啥价[格位]?|怎么卖|咋卖)",
        r"的?(?:价格|价位|价钱|售价)(?:是|都)?(?:多少)?",
    ),
    "colour": (
        r"都?有(?:什么|哪些|哪几种|几种|啥)颜?色",
        r"的?颜色(?:有哪些|有什么)?",
        r"都?是?(?:什么|啥)颜?色",
    ),
    "material": (
        r"都?是?用?(?:什么|啥)(?:材质|材料|料子|面料|木头|做)做?",
        r"的?(?:材质|材料)(?:是什么|是啥)?",
    ),
    "dimensions": (
        r"都?有?多[大长宽高](?:尺寸)?",
        r"的?(?:尺寸|规格|大小)(?:是|有)?(?:多少|多大|哪些)?",
        r"都?[有是]?(?:什么|啥|哪些)尺寸",
    ),
}
_ASKED = {name: re.compile(rf"(?:{'|'.join(patterns)})$") for name, patterns in _FIELDS.items()}
_COUNTS = {2: "两", 3: "三", 4: "四"}
_POLITE = re.compile(
    r"^(?:请问|那个?|想问下?|问一?下|你好|您好|亲|掌柜|老板|主播)*(?:你们?|您)?(?:家|店里?|这里?|这儿)?的?"
)
_TAIL = re.compile(r"[呢啊呀吖哦吗嘛的了\W]+$")


def answer(
    question: str,
    records: Sequence[Record],
    memory: Remembers,
    *,
    current: Record | None = None,
    version: str = "",
    today: date | None = None,
) -> tuple[Sentence, ...]:
    """What was asked, of each product of the kind; empty unless two to `MOST` are meant and all state it.

    A question about the kind of the `current` product is about that one, and is left to the search.
    """
    plain = _TAIL.sub("", re.sub(r"[\s，,、]", "", folded(question).lower()))
    for name, pattern in _ASKED.items():
        if asked := pattern.search(plain):
            return _of_each(name, plain[: asked.start()], records, memory, current, version, today)
    return _of_each("price", plain, records, memory, current, version, today)  # "沙发" alone


def _of_each(
    name: str,
    about: str,
    records: Sequence[Record],
    memory: Remembers,
    current: Record | None,
    version: str,
    today: date | None,
) -> tuple[Sentence, ...]:
    meant = _called(_POLITE.sub("", about).removesuffix("的"), records)
    if not 2 <= len(meant) <= MOST or current in meant:
        return ()
    facts = [fact for record in meant if (fact := _fact(record, name, today))]
    return _told(name, facts, memory, version) if len(facts) == len(meant) else ()


def _called(word: str, records: Sequence[Record]) -> tuple[Record, ...]:
    """The products of a kind, or whose names end, with the word."""
    for called in (word, word.removesuffix("子")):  # 桌子: what ends with 桌
        found = [record for record in records if called and _is_called(record, called)]
        if found:
            return tuple(found)
    return ()


def _is_called(record: Record, word: str) -> bool:
    return word == record.kind.lower() or any(name.lower().endswith(word) for name in (record.name, *record.aliases))


def _fact(record: Record, name: str, today: date | None) -> Fact | None:
    return price_of(record, today) if name == "price" else record.fact(name)


def _told(name: str, facts: Sequence[Fact], memory: Remembers, version: str) -> tuple[Sentence, ...]:
    if name == "price":
        items = "，".join(f"{fact.record_name}{price_text(fact)}" for fact in facts)
    else:
        items = "；".join(f"{fact.record_name}：{fact.text.strip().rstrip('。；;')}" for fact in facts)
    text = choose(memory, f"each/{name}", phrases.EACH[name]).format(count=_COUNTS[len(facts)], items=items)
    citations = tuple(cited(fact, version) for fact in facts)
    which = choose(memory, "each/which", phrases.EACH_WHICH)
    return (Sentence(text, Emotion.NEUTRAL, citations), Sentence(which, Emotion.NEUTRAL))

"""Goods that the shop does not sell: said plainly, with what comes near and where the material speaks of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from dialogue.answer import phrases
from dialogue.answer.catalogue import Wish, asked
from dialogue.answer.pricing import cited, price_of, price_text
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from knowledge import Fact, Record

MOST = 2
"""Mentions quoted, and products of a similar name told, in one answer."""
_GOODS = frozenset("床柜椅桌凳灯镜架钟锅碗盘杯壶瓶伞包鞋帽裙裤衣袜被枕毯帘垫画花茶酒米")
"""Goods whose name is one character, beside what the shop's own names end with; others are no goods ("有你吗")."""
_PROPERTY = re.compile(
    r"问题|影响|味|保障|区别|货$|票|券|折|活动|^人|人$|车位|电梯|毒|害|异|声音?|噪|年|天$|种$|号$|码$|色"
    r"|包邮|费$|店$|地方"
)
"""Ends of words that are no goods: "有异味吗" asks about a product."""
_HIDDEN = frozenset("name sku aliases category image link price promotion_price promotion_period stock".split())


def answer(
    question: str,
    records: Sequence[Record],
    passages: Sequence[str],
    memory: Remembers,
    *,
    version: str = "",
    today: date | None = None,
) -> tuple[Sentence, ...]:
    """The reply to "有坐垫吗" where no record is called so; empty when the question asks for no goods.

    A word that only stands in a fact is quoted from there; a word that a passage speaks of is left to the passage.
    """
    wanted = asked(question)
    if re.match(r"\W*(?:要是|如果|万一|假如|里面)", question):
        return ()
    if (
        wanted is None
        or wanted.wish is not Wish.HAVING
        or wanted.of_kind
        or not records
        or not _is_goods(wanted.word, records)
    ):
        return ()
    word = wanted.word
    kinds = list(dict.fromkeys(record.kind for record in records if record.kind))
    parts = [part for part in (word, *word.split("的")) if len(part) >= 2]
    if not kinds or any(part in text for text in passages for part in parts):
        return ()
    listed = choose(memory, "absent/kinds", phrases.KINDS).format(kinds="、".join(kinds[:8]))
    mentions = [found for record in records for found in _mentions(record, word)] if len(word) > 1 else []
    if mentions:
        items = "；".join(f"{fact.record_name}的{fact.title}“{clause}”" for fact, clause in mentions[:MOST])
        text = choose(memory, "absent/mentioned", phrases.NO_SUCH_NAME).format(word=word, items=items)
        cites = tuple(cited(fact, version) for fact, _ in mentions[:MOST])
        return (Sentence(text, Emotion.NEUTRAL, cites), Sentence(listed, Emotion.NEUTRAL))
    if any(part in f"{fact.title}{fact.text}" for record in records for fact in record.facts for part in parts):
        return ()
    near = _near(word, records)[:MOST]
    if not near:
        text = choose(memory, "range/not sold", phrases.NOT_SOLD).format(kinds="、".join(kinds[:8]))
        return (Sentence(text, Emotion.APOLOGY),)
    prices = [price_of(record, today) for record in near]
    items = "、".join(
        f"{record.name}（{price_text(price)}）" if price else record.name
        for record, price in zip(near, prices, strict=True)
    )
    cites = tuple(cited(price, version) for price in prices if price)
    text = choose(memory, "absent/near", phrases.NEAREST).format(items=items)
    absent = choose(memory, "absent", phrases.ABSENT)
    return (Sentence(absent, Emotion.APOLOGY), Sentence(text, Emotion.NEUTRAL, cites), Sentence(listed))


def _is_goods(word: str, records: Sequence[Record]) -> bool:
    if re.match(r"几|多少|这|那|不|没", word):
        return False
    if len(word) == 1:
        return word in _GOODS or any(name.endswith(word) for r in records for name in (r.name, r.kind, *r.aliases))
    return _PROPERTY.search(word) is None


def _mentions(record: Record, word: str) -> list[tuple[Fact, str]]:
    """The clauses of a record that speak of the word as of something that comes along or can be had."""
    found = []
    for fact in record.facts:
        for clause in re.split(r"[；;，,。\n]+", fact.text if fact.name not in _HIDDEN else ""):
            if word in clause:
                found.append((fact, clause.strip()))
    return found[:1]


def _near(word: str, records: Sequence[Record]) -> list[Record]:
    """Products whose name or other name shares two characters in a row with the word, or holds the one it is."""
    pairs = {word[i : i + 2] for i in range(len(word) - 1)} or {word}
    return [r for r in records if any(pair in name for name in (r.name, r.kind, *r.aliases) for pair in pairs)]

"""Which records of the shelf a text names, where, and how surely. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dialogue.safety.numeral import folded
from knowledge import Record

_BEFORE = frozenset(
    "的个张把套件盏台条和跟与或比买要款这那种是有加在用里上下看选问了只块两一二三俩几想来到对换退家你们我说"
    "袋盒箱罐包桶双副次杯提束枚瓶份组床座支做吃喝坐铺完接吗呢吧啊么嘛"
)
"""Characters that may stand before a short name without being a part of it."""


@dataclass(frozen=True, slots=True)
class Named:
    """One name in a folded text, from `start` to `end`: one record, or several that are called so ("沙发")."""

    records: tuple[Record, ...]
    word: str
    start: int
    end: int


def named(text: str, records: Sequence[Record]) -> tuple[Named, ...]:
    """The records that a text names, in its order; the longest name counts, a kind only where nothing else fits."""
    plain = folded(text).lower()
    words = _words(records)
    found: list[Named] = []
    for word in sorted(words, key=len, reverse=True):
        at = plain.find(word)
        while at >= 0:
            end = at + len(word)
            if (len(word) > 3 or _stands_free(plain, at)) and all(
                end <= other.start or other.end <= at for other in found
            ):
                found.append(Named(words[word], word, at, end))
            at = plain.find(word, end)
    return tuple(sorted(found, key=lambda one: one.start))


def one_named(text: str, records: Sequence[Record]) -> Record | None:
    """The first product that the text names and no other is called like."""
    return next((one.records[0] for one in named(text, records) if len(one.records) == 1), None)


def _stands_free(plain: str, at: int) -> bool:
    """False for the end of a longer name that nobody here has: 弧光餐桌 is not our 餐桌."""
    before = plain[max(0, at - 1) : at]
    return not ("\u4e00" <= before <= "\u9fff") or before in _BEFORE


def _words(records: Sequence[Record]) -> dict[str, tuple[Record, ...]]:
    words: dict[str, dict[str, Record]] = {}
    heads = Counter(record.name[:2] for record in records)
    for record in records:
        tails = [record.name[-length:] for length in (2, 3) if len(record.name) > length]
        if (
            len(record.name) > 3
            and heads[record.name[:2]] == 1
            and re.fullmatch(r"[\u4e00-\u9fff]{2}", record.name[:2])
        ):
            tails.append(record.name[:2])
        for word in (record.name, record.id, record.kind, *record.aliases, *tails):
            key = folded(word).lower().strip()
            if len(key) >= 2:
                words.setdefault(key, {})[record.id] = record
    return {word: tuple(held.values()) for word, held in words.items()}

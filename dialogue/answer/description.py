"""Which product is meant by what it is like and not by its name: "就那个圆的凳子多少钱". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.answer.nearness import weighty
from knowledge import Record

_LIKE = frozenset("category colour material dimensions size selling_points scenario audience".split())
"""Facts that say what a product is like."""
_MEASURES = re.compile(r"多[长大高宽重久](?:时间)?|多少|颜色|价[格钱位]|尺寸|大小|材质|规格|重量|时长")
"""What is asked of a product, and does not describe it."""

_HEAD = re.compile(r"的(?:[那这][个款张把盏件]?)?([\u4e00-\u9fff]{1,2})")
"""What is described: 凳子 in "圆的凳子"."""


def described(question: str, shelf: Sequence[Record]) -> Record | None:
    """The only product that has all that the question says of it, a word of its name or kind among it; else None.

    One character alone has to be a whole other name of the product.
    """
    plain = _MEASURES.sub(" ", question)
    signs = weighty(plain) - {"子"}
    heads = weighty("".join(_HEAD.findall(plain))) - {"子"}
    known = [(record, _called(record), _like(record)) for record in shelf]
    signs &= {sign for _, called, like in known for sign in f"{called}{like}"}
    if len(signs) < 2:
        found = [record for record in shelf if signs and signs <= set(record.aliases)]
    else:
        found = [
            record
            for record, called, like in known
            if signs <= set(f"{called}{like}") and signs & set(called) and heads <= set(called)
        ]
    return found[0] if len(found) == 1 else None


def _called(record: Record) -> str:
    return "|".join((record.name, record.kind, *record.aliases))


def _like(record: Record) -> str:
    return "|".join(fact.text for fact in record.facts if fact.name in _LIKE)

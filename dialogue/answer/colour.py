"""A colour of a whole kind: "沙发有黑色吗", "有没有粉色的凳子", told from each product's own colours. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.answer import phrases
from dialogue.answer.naming import named
from dialogue.answer.pricing import cited
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.numeral import folded
from knowledge import Fact, Record

MOST = 3
"""Products told in one answer."""
_ASKED = re.compile(
    r"有(?:没有)?[^，。？?]{0,6}?(?P<hue>[黑白红蓝绿黄灰粉紫棕米咖橙金银青褐杏])色?的?(?:[^，。]{0,6})(?:吗|么|没|不|[?？]|$)"
)
_HUE = re.compile(r"[黑白红蓝绿黄灰粉紫棕米咖橙金银青褐杏]色|[黑白红蓝绿黄灰粉紫棕咖橙金银]的")


def answer(
    question: str, records: Sequence[Record], memory: Remembers, *, current: Record | None = None, version: str = ""
) -> tuple[Sentence, ...]:
    """The reply for a kind of several products (`current` is not needed); empty where one product alone is meant."""
    plain = folded(question)
    asked = _ASKED.search(plain)
    names = named(question, records)
    if not asked or not _HUE.search(plain) or len(names) != 1 or len(names[0].records) < 2:
        return ()
    coloured = [fact for record in names[0].records if (fact := record.fact("colour"))]
    fitting = [fact for fact in coloured if asked["hue"] in fact.text]
    told = (fitting or coloured)[:MOST]
    if not told:
        return ()
    only = told[0].record_id if len(told) == 1 else None
    said = [_said(fact, memory, version, only) for fact in told]
    if not fitting:
        said.append(Sentence(choose(memory, "colour/none", phrases.NO_SUCH_COLOUR), Emotion.NEUTRAL))
    return tuple(said)


def _said(fact: Fact, memory: Remembers, version: str, only: str | None) -> Sentence:
    text = choose(memory, "fact/colour", phrases.FACTS["colour"]).format(
        name=fact.record_name, title=fact.title, text=fact.text.strip().rstrip("。；;")
    )
    return Sentence(text, Emotion.NEUTRAL, (cited(fact, version),), only)

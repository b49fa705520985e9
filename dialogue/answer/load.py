"""Whether a weight is borne: 200斤 against a load that a product's record gives in kilograms. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from dialogue.answer import phrases
from dialogue.answer.naming import named
from dialogue.answer.pricing import cited
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.numeral import chinese, folded
from knowledge import Fact, Record

_WEIGHT = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?|[一二两三四五六七八九十百千]+)\s*多?(?P<unit>公斤|千克|kg|斤)(?!重?[的]?(?:装|一?袋|一?包|一?箱))",
    re.I,
)
_KILOGRAMS = {"公斤": Decimal(1), "千克": Decimal(1), "kg": Decimal(1), "斤": Decimal("0.5")}
_BORNE = re.compile(r"承|载|压|坐|站|躺|睡|放|扛|撑|受|挂|堆|塌|垮|体重|胖|人")
_BOUGHT = re.compile(r"买|多少钱|来|要[0-9一二两三四五六七八九十]|包邮|运费")
_TITLE = re.compile(r"承重|载重|限重|承受|最大负荷")


def answer(
    question: str, records: Sequence[Record], memory: Remembers, *, current: Record | None = None, version: str = ""
) -> tuple[Sentence, ...]:
    """The reply to "200斤的人能坐吗"; empty where no weight is asked about or the one product has no load.

    Without a name it is the `current` record.
    """
    plain = folded(question).lower()
    weight = _WEIGHT.search(plain)
    if weight is None or not _BORNE.search(plain) or _BOUGHT.search(plain):
        return ()
    names = [one for one in named(question, records) if one.end <= weight.start() or one.start >= weight.end()]
    if names and len(names[0].records) > 1 and current not in names[0].records:
        return ()
    record = names[0].records[0] if names and len(names[0].records) == 1 else current
    load = next((fact for fact in record.facts if _is_load(fact)), None) if record else None
    limit = _kilograms(_WEIGHT.search(folded(load.text).lower())) if load else None
    asked = _kilograms(weight)
    if load is None or limit is None or asked is None:
        return ()
    said = weight[0] if weight["unit"] != "斤" else f"{weight[0]}（{asked.normalize():f}公斤）"
    fits = asked <= limit
    text = choose(memory, f"load/{fits}", phrases.BORNE if fits else phrases.NOT_BORNE).format(
        name=load.record_name, text=load.text.strip().rstrip("。；;"), weight=said
    )
    return (Sentence(text, Emotion.NEUTRAL, (cited(load, version),), load.record_id),)


def _is_load(fact: Fact) -> bool:
    return fact.name == "load" or _TITLE.search(fact.title) is not None


def _kilograms(weight: re.Match[str] | None) -> Decimal | None:
    if weight is None:
        return None
    number = weight["number"]
    value = Decimal(number) if number[0].isdigit() else chinese(number)
    return value * _KILOGRAMS[weight["unit"]] if value is not None else None

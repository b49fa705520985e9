"""Whether there is enough: a number of pieces against the typed stock. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.answer import phrases
from dialogue.answer.basket import counted
from dialogue.answer.naming import Named, named
from dialogue.answer.pricing import cited
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.numeral import folded
from knowledge import Fact, Record

MOST = 3
"""Products told in one answer."""
_ASKED = re.compile(
    r"有(?:没有)?(?:现)?货|现货|有(?:这么多)?(?:吗|么|嘛|没|不)|够(?:吗|么|不|货|卖)|库存|(?:能|可以)(?:买|拿|发|订|拍|供)(?:到|得到|出)?(?:吗|么|不)|拿得出|供得上|缺货"
)
_NOT = re.compile(r"优惠|便宜|打折|折扣|满减|送|赠|包邮|运费|企业价|批发")
_KINDS_OF_UNIT = {"张": "桌床毯", "把": "椅凳壶伞", "盏": "灯", "床": "被褥", "瓶": "酒水油露"}
"""What a measure word counts, by a character of the goods' names; words that count everything are not here."""


def answer(
    question: str, records: Sequence[Record], memory: Remembers, *, current: Record | None = None, version: str = ""
) -> tuple[Sentence, ...]:
    """The reply to "餐桌买一百张有货吗"; empty when no number of pieces is asked for or no stock is known.

    Without a name it is the `current` record, else what the measure word may count, else what there is enough of.
    """
    plain = folded(question).lower()
    if not _ASKED.search(plain) or _NOT.search(plain):
        return ()
    names = named(question, records)
    wanted = counted(plain, names, current)
    if wanted and (len(wanted) > 1 or wanted[0][1] > 1):
        told = [
            (record, pieces)
            for one, pieces in wanted
            for record in (one.records if isinstance(one, Named) else (one,))
            if _stock(record)
        ]
        return _told(told[:MOST], memory, version)
    amounts = counted(plain, (), _ANYTHING)
    if names or not amounts or amounts[0][1] < 2:
        return ()
    pieces = amounts[0][1]
    stocked = [record for record in records if _stock(record)]
    unit = re.search(rf"([{''.join(_KINDS_OF_UNIT)}])", plain)
    ends = tuple(_KINDS_OF_UNIT[unit[1]]) if unit else ()
    meant = [record for record in stocked if record.name.endswith(ends)]
    if 0 < len(meant) <= MOST:
        return _told([(record, pieces) for record in meant], memory, version)
    enough = [record for record in meant or stocked if _pieces(record) >= pieces]
    if not stocked:
        return ()
    if not enough:
        most = max(meant or stocked, key=_pieces)
        return _told([(most, pieces)], memory, version)
    shown = enough[: MOST + 1]
    items = "、".join(f"{record.name}（{_pieces(record)}件）" for record in shown) + ("等" if len(enough) > 4 else "")
    text = choose(memory, "stock/enough of", phrases.ENOUGH_OF).format(items=items, pieces=pieces)
    return (Sentence(text, Emotion.NEUTRAL, tuple(cited(f, version) for r in shown if (f := _stock(r)))),)


_ANYTHING = Record(id="", name="", kind="")


def _told(wanted: Sequence[tuple[Record, int]], memory: Remembers, version: str) -> tuple[Sentence, ...]:
    said = []
    only = wanted[0][0].id if len(wanted) == 1 else None
    short = False
    for record, pieces in wanted:
        stock = _stock(record)
        if stock is None:
            continue
        enough = _pieces(record) >= pieces
        short = short or not enough
        wordings = phrases.STOCK_ENOUGH if enough else phrases.STOCK_SHORT
        text = choose(memory, f"stock/{enough}", wordings).format(
            name=record.name, stock=stock.text.strip(), pieces=pieces
        )
        emotion = Emotion.NEUTRAL if enough else Emotion.APOLOGY
        said.append(Sentence(text, emotion, (cited(stock, version),), only))
    if short:
        said.append(Sentence(choose(memory, "stock/ask shop", phrases.STOCK_OFFER), Emotion.NEUTRAL, (), only))
    return tuple(said)


def _stock(record: Record) -> Fact | None:
    stock = record.fact("stock")
    return stock if stock and re.fullmatch(r"\d+", stock.text.strip()) else None


def _pieces(record: Record) -> int:
    stock = _stock(record)
    return int(stock.text) if stock else 0

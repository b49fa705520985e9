"""Several pieces at once: what three of these, or two of these and one of those, cost together. Pure.

Prices and stock are typed facts; only the sums are reckoned, in decimals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dialogue.answer import phrases
from dialogue.answer.naming import Named, named
from dialogue.answer.pricing import amount, cited, price_of, price_text, yuan
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.numeral import chinese, folded
from knowledge import Fact, Record

MOST = 9_999
"""Pieces of one product that are reckoned with."""
_TOTAL = re.compile(
    r"多少钱|多少(?:[?？]|$)|多钱|几块|几钱|一共|总共|合计|总价|共计|算一?下|怎么算|加起来|一起|(?:啥|什么)价|怎么卖|咋卖"
)
_SUM = re.compile(r"多少钱|一共|总共|合计|总价|共计")
_BARGAIN = re.compile(r"优惠|便宜|打折|折扣|满减|送")
_UNITS = "个|张|把|套|件|盏|台|条|只|块|瓶|份|组|床|座|棵|支|袋|盒|箱|罐|包|桶|提|双|副|束|盆|本|枚|饼|次|卷|杯"
_NUMBER = r"(?P<number>[0-9]{1,4}|[一二两俩三四五六七八九十百千]{1,5}|半打|一打)"
_COUNT = re.compile(rf"{_NUMBER}\s*(?:{_UNITS})")
_DOZENS = {"半打": 6, "一打": 12}


@dataclass(frozen=True, slots=True)
class _Item:
    record: Record
    pieces: int
    price: Fact


def answer(
    question: str,
    records: Sequence[Record],
    memory: Remembers,
    *,
    current: Record | None = None,
    version: str = "",
    today: date | None = None,
) -> tuple[Sentence, ...]:
    """The reply to "买三个多少钱", "两个甲加一个乙一共多少"; empty when the question counts nothing or asks no total.

    A count without a name is of the `current` record. A name that fits several records is asked back.
    """
    plain = folded(question).lower()
    if not _TOTAL.search(plain) or (_BARGAIN.search(plain) and not _SUM.search(plain)):
        return ()
    names = [one for one in named(question, records) if _is_bought(plain, one)]
    wanted = counted(plain, names, current)
    if not wanted or (len(wanted) == 1 and wanted[0][1] < 2):
        return ()
    vague = next((one for one, _ in wanted if isinstance(one, Named)), None)
    if vague is not None:
        choices = "、".join(record.name for record in vague.records[:4])
        text = choose(memory, "basket/which", phrases.BASKET_WHICH).format(word=vague.word, choices=choices)
        return (Sentence(text, Emotion.NEUTRAL),)
    items = [
        _Item(record, pieces, price)
        for record, pieces in wanted
        if isinstance(record, Record) and 0 < pieces <= MOST and (price := price_of(record, today))
    ]
    return _said(items, memory, version) if len(items) == len(wanted) else ()


def counted(plain: str, names: Sequence[Named], current: Record | None) -> list[tuple[Record | Named, int]]:
    """What a folded text wants and how many of each: a count stands before its name, or right behind it."""
    counts = [(match.start(), match.end(), _value(match["number"])) for match in _COUNT.finditer(plain)]
    counts = [count for count in counts if all(count[1] <= one.start or one.end <= count[0] for one in names)]
    free = list(counts)
    wanted: list[tuple[Record | Named, int]] = []
    for one in names:
        before = [count for count in free if count[1] <= one.start and one.start - count[1] <= 2]
        after = [c for c in free if c[0] >= one.end and re.fullmatch(r"[,，\s要买来]{0,4}", plain[one.end : c[0]])]
        count = before[-1] if before else after[0] if after else None
        if count is not None:
            free.remove(count)
        wanted.append((one.records[0] if len(one.records) == 1 else one, count[2] if count else 1))
    if not names and current is not None and len(free) == 1:
        wanted.append((current, free[0][2]))
    if len(wanted) == 1 and len(free) == 1 and wanted[0][1] == 1:
        wanted = [(wanted[0][0], free[0][2])]
    if len(wanted) > 1 and not counts and not re.search(r"一共|总共|合计|加起来|一起|总价|共计", plain):
        return []
    return wanted


def _is_bought(plain: str, one: Named) -> bool:
    """False for a name that is only a part of how another is called ("沙发旁边的灯")."""
    return not re.match(r"(?:旁|边上|上面|下面|配套|垫|套(?!装)|巾)", plain[one.end :])


def _said(items: Sequence[_Item], memory: Remembers, version: str) -> tuple[Sentence, ...]:
    total = sum((amount(item.price) * item.pieces for item in items), Decimal(0))
    parts = "，".join(_priced(item) for item in items)
    text = choose(memory, "basket/total", phrases.BASKET).format(items=parts, total=yuan(total))
    only = items[0].record.id if len(items) == 1 else None
    said = [Sentence(text, Emotion.NEUTRAL, tuple(cited(item.price, version) for item in items), only)]
    for item in items:
        stock = item.record.fact("stock")
        if stock and re.fullmatch(r"\d+", stock.text.strip()) and int(stock.text) < item.pieces:
            short = choose(memory, "basket/short", phrases.BASKET_SHORT).format(
                name=item.record.name, stock=stock.text.strip(), pieces=item.pieces
            )
            said.append(Sentence(short, Emotion.APOLOGY, (cited(stock, version),), item.record.id))
    return tuple(said)


def _priced(item: _Item) -> str:
    price = price_text(item.price)
    each = "每件" if item.pieces > 1 and "/" not in price else ""
    return f"{item.record.name}{item.pieces}件，{each}{price}"


def _value(number: str) -> int:
    if number in _DOZENS:
        return _DOZENS[number]
    value = Decimal(number) if number.isdigit() else chinese(number)
    return int(value) if value is not None else 0

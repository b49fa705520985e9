"""The order of a live broadcast: a truthful selling script out of typed facts, worded anew each lap. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from dialogue.answer.wording import Memory, choose
from dialogue.emotion import emotion_of
from dialogue.event import Emotion
from dialogue.live import script
from dialogue.safety.compliance import LIVE_RULES, comply
from dialogue.safety.promotion import ended, period
from dialogue.segmenter import clauses, finished, sentences, spoken
from knowledge import Fact, Passage, Record

MOST_RECORDS = 60
"""Records in one rundown; a bigger catalogue is sold from its first ones."""
LONGEST_LINE = 48
"""Characters of a line beyond which it is said in parts, so that a comment does not wait for long."""
_UNSAID = frozenset(
    "name sku aliases category price promotion_price promotion_period promotion_start promotion_end stock image link"
    " phone email wechat selling_points parking facilities metro".split()
)
_EMPTY = re.compile(r"^(?:不适用|无|没有|/|-|—|暂无|N/?A)?$", re.I)


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One sentence of the script."""

    text: str
    emotion: Emotion
    record_id: str | None = None
    part: str = ""
    """What it is for, see `Line.part`."""


class Rundown:
    """Writes laps. The same seed and lap give the same words; no wording comes twice in a row."""

    def __init__(
        self,
        records: Sequence[Record],
        *,
        shop: str = "本店",
        faqs: Sequence[Passage] = (),
        today: date | None = None,
        seed: int = 0,
    ) -> None:
        self._records = tuple(record for record in records if not _sold_out(record))[:MOST_RECORDS]
        self._shop = shop
        self._faqs = tuple(faq for faq in faqs if faq.question and len(faq.text) <= 120)
        self.today = today
        self._memory = Memory(f"rundown/{seed}")
        self._text = {record.id: _words(record) for record in self._records}

    @classmethod
    def from_records(
        cls,
        records: Sequence[Record],
        *,
        shop: str = "本店",
        faqs: Sequence[Passage] = (),
        today: date | None = None,
        seed: int = 0,
    ) -> Rundown:
        """A rundown over a merchant's records; what is sold out is left out. `today` silences ended promotions."""
        return cls(records, shop=shop, faqs=faqs, today=today, seed=seed)

    @property
    def records(self) -> tuple[Record, ...]:
        """The records that are sold, in order."""
        return self._records

    def opening(self) -> list[ScriptLine]:
        """What is said first: the AI notice, then the welcome."""
        notice = ScriptLine(script.NOTICE[0], Emotion.NEUTRAL, part="notice")
        self._memory.use_wording("notice", 0)
        return [notice, *self._lines("welcome", script.WELCOME, None, Emotion.JOY, shop=self._shop)]

    def closing(self) -> list[ScriptLine]:
        """What is said last."""
        return self._lines("closing", script.CLOSING, None, Emotion.JOY)

    def interlude(self, lap: int) -> list[ScriptLine]:
        """What is said between two laps: the notice again, for those who came later."""
        self._memory.turn = lap
        return [
            *self._lines("again", script.AGAIN, None, Emotion.JOY),
            *self._lines("notice", script.NOTICE, None, Emotion.NEUTRAL),
        ]

    def segment(self, index: int, lap: int) -> Iterator[ScriptLine]:
        """The lines about record `index` (of `records`) in lap `lap`."""
        record = self._records[index]
        self._memory.turn = lap * 1000 + index
        kind = record.kind if re.fullmatch(r"[\u4e00-\u9fff]{1,6}", record.kind) else "好物"
        yield from self._lines("hook", script.HOOKS, record, Emotion.JOY, name=record.name, kind=kind)
        yield from self._points(record)
        yield from self._details(record, lap)
        yield from self._price(record)
        yield from self._lines("action", script.ACTIONS, record, Emotion.NEUTRAL)
        if self._faqs and index % 3 == 2:
            yield from self._faq(self._faqs[(lap * 7 + index) % len(self._faqs)])

    def _points(self, record: Record) -> Iterator[ScriptLine]:
        fact = record.fact("selling_points")
        for point in re.split(r"[；;\n]+", fact.text) if fact else ():
            if point.strip():
                yield from self._lines("point", script.POINTS, record, Emotion.NEUTRAL, text=_bare(point))

    def _details(self, record: Record, lap: int) -> Iterator[ScriptLine]:
        known = [f for f in record.facts if f.name not in _UNSAID and not _EMPTY.match(f.text.strip())]
        known = [f for f in known if len(f.text) <= 80 and not ended(f, record.facts, self.today)]
        count = min(3, len(known))
        for step in range(count):
            fact = known[(lap * count + step) % len(known)]
            wordings = script.DETAILS.get(fact.name, script.ANY_DETAIL)
            slot = f"detail/{fact.name}"
            yield from self._lines(slot, wordings, record, None, title=fact.title, text=_bare(fact.text))

    def _price(self, record: Record) -> Iterator[ScriptLine]:
        price, promotion = record.fact("price"), record.fact("promotion_price")
        if promotion and ended(promotion, record.facts, self.today):
            promotion = None
        if price and promotion:
            words = {"price": _money(price), "promotion": _money(promotion)}
            yield from self._lines("promotion", script.PROMOTION, record, Emotion.EXCITEMENT, **words)
            span = period(record.facts, record.id)
            if span and span.end:
                until = f"{span.end.month}月{span.end.day}日"
                if self.today is None or span.end.year != self.today.year:
                    until = f"{span.end.year}年{until}"
                yield from self._lines("until", script.UNTIL, record, None, until=until)
        elif known := price or promotion:
            yield from self._lines("price", script.PRICE, record, None, name=record.name, price=_money(known))

    def _faq(self, faq: Passage) -> Iterator[ScriptLine]:
        question = finished(faq.question or "")
        yield from self._lines("question", script.QUESTIONS, None, None, source=faq.text, question=question)
        for part in sentences(faq.text)[:3]:
            yield from self._said(finished(part), faq.text, None, faq.record_id, "question")

    def _lines(
        self,
        slot: str,
        wordings: Sequence[str],
        record: Record | None,
        emotion: Emotion | None,
        *,
        source: str = "",
        **words: str,
    ) -> list[ScriptLine]:
        text = choose(self._memory, slot, wordings).format(**words)
        known = source or (self._text[record.id] if record else "")
        return list(self._said(text, known, emotion, record.id if record else None, slot.split("/")[0]))

    def _said(
        self, text: str, known: str, emotion: Emotion | None, record_id: str | None, purpose: str
    ) -> Iterator[ScriptLine]:
        lawful = comply(text, evidence_text=known, rules=LIVE_RULES).text
        for part in _parts(lawful) if lawful else ():
            yield ScriptLine(spoken(part), emotion or emotion_of(part), record_id, purpose)


def _parts(text: str) -> list[str]:
    """A long line as several, cut at its commas."""
    if len(text) <= LONGEST_LINE:
        return [text]
    parts: list[str] = []
    for clause in clauses(text):
        if parts and len(parts[-1]) + len(clause) < LONGEST_LINE:
            parts[-1] = f"{parts[-1]}，{clause}"
        else:
            parts.append(clause)
    return [finished(part) for part in parts]


def _sold_out(record: Record) -> bool:
    stock = record.fact("stock")
    return stock is not None and (stock.value == 0 or stock.text.strip() == "0")


def _words(record: Record) -> str:
    return "\n".join(f"{fact.title}{fact.text}" for fact in record.facts)


def _bare(text: str) -> str:
    return text.strip().rstrip("。；;，,!！")


def _money(fact: Fact) -> str:
    text = _bare(fact.text)
    return f"{text}元" if re.fullmatch(r"[\d,.]+", text) else text

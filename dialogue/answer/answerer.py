"""The embedded grounded answerer: natural Chinese out of typed facts, FAQ answers and passages; nothing is made up.

Pure: evidence in, sentences out. Every number it says is quoted from the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from dialogue.answer import hours, phrases
from dialogue.answer.colloquial import is_foreign, kin
from dialogue.answer.extract import compress, is_title
from dialogue.answer.nearness import beyond, foreign, nearest, overlap, pairs, same_question, weighty
from dialogue.answer.wording import Remembers, choose
from dialogue.emotion import emotion_of
from dialogue.event import Citation, Emotion, Sentence
from dialogue.safety.numeral import folded
from dialogue.safety.promotion import ended, for_everybody, period
from dialogue.segmenter import finished, sentences
from knowledge import Decision, Evidence, Fact, Passage, PassageKind, Record, Source

FACTS_AT_ONCE = 4
"""Facts quoted in one answer."""
_BARGAIN = re.compile(
    r"便宜|打折|折扣|优惠点|少点|讲价|砍(?:价|到|点|掉|一刀)|最低(?:价|多少)|再低|抹零|[少减降][0-9一二三四五六七八九十百]+(?!天|个|次|件|分钟|厘米)|[一二三四五六七八九0-9]折|议价|改价|降价吗|别人?家.{0,6}(?:才|只|便宜|卖)|隔壁.{0,6}(?:才|只|便宜|卖)|拼多多|底价|太贵|贵死|好贵|贵了|送(?:我|个|点)|赠品"
)
_PRICE = re.compile(r"多少钱|价格|价钱|卖多少|几块|怎么卖|什么价|售价|多少米")
_NOT_APPLICABLE = re.compile(r"^(?:不适用|无|没有|/|-|—|暂无|N/?A)$", re.I)
_UNASKED = frozenset("name sku aliases category price promotion_price promotion_period image link".split())
_GENERAL = frozenset(("scenario", "selling_points", "material", "audience", "description"))
"""Facts that a search finds for much that was not asked by their name."""
_SPANS = frozenset(("duration", "warranty"))
"""Facts that every "how long" finds, where another tells how long it lasts or runs."""
_LABELS = re.compile(r"^(?:别名|简称|别称|SKU|编号|货号|款号|类目|分类|图片|链接)[:：].*$", re.M | re.I)
"""Lines of a record that tell nothing to a customer."""
_MEASURED = frozenset(("dimensions", "size"))
_MEASURE_OF = re.compile(
    r"^(?!大概|大约|具体|整体|整个|一共|总|全|到底|究竟|实际|占地|差不多)(?P<part>[\u4e00-\u9fff]{1,3}?)多[长宽高厚深粗]$"
)
_ADVICE = re.compile(r"注意|须知|禁忌|护理后")
"""Titles of facts that are told for whatever is asked of them, though they may say nothing of it."""
_PRESENTATION = ("selling_points", "material", "dimensions", "size", "scenario")


@dataclass(frozen=True, slots=True)
class Style:
    """How much is said at once."""

    max_sentences: int = 6
    faq_sentences: int = 12
    """An FAQ answer is given as written up to this many sentences."""
    live: bool = False
    """Spoken in a live room: no buttons, no form to point at."""


CHAT = Style()
LIVE = Style(max_sentences=3, faq_sentences=3, live=True)


class EmbeddedAnswerer:
    """Answers from evidence alone, without a model."""

    def answer(
        self,
        evidence: Evidence,
        memory: Remembers,
        *,
        today: date | None = None,
        style: Style = CHAT,
    ) -> tuple[Sentence, ...]:
        """The reply to `evidence.question`: quoted, asked back, or honestly unknown. Never empty.

        `memory` keeps wordings from repeating; `today` silences promotions that are over.
        """
        match evidence.decision:
            case Decision.ASK:
                said = self._near(evidence, memory) if _offers_question(evidence) else []
                if not evidence.choices and _BARGAIN.search(evidence.question):
                    said = [_sentence(choose(memory, "bargain", phrases.BARGAIN))]
                said = said or [
                    _sentence(evidence.ask or choose(memory, "ask", phrases.ASK), record_id=_record_id(evidence))
                ]
            case Decision.REFUSE:
                said = self._beside(evidence, memory, today)
                said = said or self._near(evidence, memory) or self._unknown(evidence, memory, today, style)
            case Decision.ANSWER:
                said = self._known(evidence, memory, today, style)
                said = said or self._otherwise(evidence, memory, today) or self._unknown(evidence, memory, today, style)
        return tuple(said)

    def unavailable(self, memory: Remembers) -> Sentence:
        """The apology for knowledge that cannot be read now."""
        return _sentence(choose(memory, "unavailable", phrases.UNAVAILABLE))

    def _known(self, evidence: Evidence, memory: Remembers, today: date | None, style: Style) -> list[Sentence]:
        facts = [f for f in evidence.facts if not ended(f, _all_facts(evidence), today)]
        evidence = replace(evidence, passages=tuple(p for p in evidence.passages if not _only_names(p)))
        top = evidence.passages[0] if evidence.passages else None
        if top and not facts and top.kind is not PassageKind.RECORD and foreign(evidence.question, top):
            return []
        version = evidence.version
        bare = evidence.record is not None and not facts and not beyond(evidence.question, evidence.record)
        if bare and evidence.record and not (top and same_question(evidence.question, top)):
            return self._introduce(evidence.record, evidence, memory, today)[: style.max_sentences]
        same = top is not None and same_question(evidence.question, top)
        if not facts and not same and (told := self._otherwise(evidence, memory, today, beside=top)):
            return told
        if top and top.kind is PassageKind.FAQ and (not facts or same):
            return self._faq(top, evidence, memory, today, style)
        if facts:
            if {fact.name for fact in facts} <= _GENERAL | _SPANS and (
                said := self._otherwise(evidence, memory, today)
            ):
                return said
            said = self._facts(facts, evidence, memory, today)
            if _BARGAIN.search(evidence.question) and not _asked_price(evidence.question):
                said.insert(0, _sentence(choose(memory, "bargain", phrases.BARGAIN)))
            return said[: style.max_sentences]
        if evidence.record and (top is None or top.kind is PassageKind.RECORD):
            wanted = beyond(evidence.question, evidence.record)
            faqs = [passage for passage in evidence.passages if passage.kind is PassageKind.FAQ]
            faq = max(faqs, key=lambda passage: overlap(wanted, passage.question or ""), default=None)
            if faq and overlap(wanted, faq.question or "") >= self._asked_part(evidence.record, wanted, today)[0]:
                if pairs(wanted) & pairs(folded(faq.question or "")):
                    return self._faq(faq, evidence, memory, today, style)
            if said := self._asked_of(evidence.record, wanted, evidence, memory, today):
                return said
            # The record was found, but it is not what was asked for: something else may hold the answer.
            top = nearest(evidence)
            if top is not None and top.kind is PassageKind.FAQ:
                return self._faq(top, evidence, memory, today, style)
            if top is None or top.kind is PassageKind.RECORD:
                return []
        if top is None:
            return []
        own = next((p for p in evidence.told or () if p.fact and p.fact.record_id == top.record_id), None)
        if top.kind is PassageKind.RECORD and own and own.fact:
            return [self._fact(replace(own.fact, text=own.text), memory, version)]
        text = _LABELS.sub("", top.text) if top.kind is PassageKind.RECORD else top.text
        quotes = compress(text, evidence.question, limit=2 if style.live else 3)
        return [_cited(quote, top.source, version, top.record_id) for quote in quotes][: style.max_sentences]

    def _beside(self, evidence: Evidence, memory: Remembers, today: date | None) -> list[Sentence]:
        """The part of a fact that holds half of what was asked word for word, where the search was not sure enough."""
        record = evidence.record
        wanted = beyond(evidence.question, record) if record else ""
        if record is None or not wanted:
            return []
        near = max((len(pairs(wanted) & pairs(folded(part.text))) for part in _parts(record, today)), default=0)
        if near and 2 * near >= len(pairs(wanted)):
            return self._asked_of(record, wanted, evidence, memory, today)
        return self._otherwise(evidence, memory, today)

    def _near(self, evidence: Evidence, memory: Remembers) -> list[Sentence]:
        """The shop's answer to a question about the same matter, said to be that."""
        near = evidence.near
        if near is None or is_foreign(evidence.question) or _BARGAIN.search(evidence.question):
            return []
        if near.question:
            lead = choose(memory, "near", phrases.NEAR).format(question=near.question.rstrip("?？ "))
        else:
            lead = choose(memory, "near/said", phrases.NEAR_SAID)
        first, *rest = sentences(near.text)[: CHAT.max_sentences]
        citation = cited_near(near, evidence.version)
        said = [Sentence(lead + finished(first), Emotion.NEUTRAL, (citation,), near.record_id)]
        return [*said, *(Sentence(finished(part), Emotion.NEUTRAL, (citation,), near.record_id) for part in rest)]

    def _otherwise(
        self, evidence: Evidence, memory: Remembers, today: date | None, *, beside: Passage | None = None
    ) -> list[Sentence]:
        """The part of a fact that says in the shop's words what was asked in the customer's: 声音大吗, 没有滴答声.

        Nothing where the passage `beside` says it too.
        """
        told = kin(evidence.question)
        if told and beside and beside.kind is not PassageKind.RECORD and told.search(beside.text):
            return []
        parts = _parts(evidence.record, today) if told and evidence.record else []
        best = max(parts, key=lambda part: len(told.findall(part.text)) if told else 0, default=None)
        if told is None or best is None or not told.search(best.text):
            return []
        return [self._fact(best, memory, evidence.version)]

    def _unknown(self, evidence: Evidence, memory: Remembers, today: date | None, style: Style) -> list[Sentence]:
        if _BARGAIN.search(evidence.question):
            said = [_sentence(choose(memory, "bargain", phrases.BARGAIN))]
            if evidence.record:
                said += self._price(evidence.record, evidence, memory, today)
            return said
        if style.live:
            return [_sentence(choose(memory, "unknown", phrases.UNKNOWN_LIVE), emotion=Emotion.APOLOGY)]
        text = choose(memory, "unknown", phrases.UNKNOWN)
        return [_sentence(part, emotion=Emotion.APOLOGY) for part in sentences(text)]

    def _faq(
        self, passage: Passage, evidence: Evidence, memory: Remembers, today: date | None, style: Style
    ) -> list[Sentence]:
        parts = [finished(part) for part in sentences(passage.text)[: style.faq_sentences]]
        if reckoned := hours.verdict(evidence.question, passage.text, memory, today=today):
            parts.insert(0, reckoned)
        return [_cited(part, passage.source, evidence.version, passage.record_id) for part in parts]

    def _facts(
        self, facts: Sequence[Fact], evidence: Evidence, memory: Remembers, today: date | None
    ) -> list[Sentence]:
        said: list[Sentence] = []
        priced: set[str] = set()
        for fact in facts[:FACTS_AT_ONCE]:
            if fact.name == "price" or fact.name.startswith("promotion"):
                if fact.record_id in priced:
                    continue
                record = evidence.record if evidence.record and evidence.record.id == fact.record_id else None
                whole = self._price(record, evidence, memory, today) if record else []
                priced.add(fact.record_id)
                said += whole or [self._fact(fact, memory, evidence.version)]
            else:
                unsaid = _ADVICE.search(fact.title) and not _tells_of(fact, evidence)
                if unsaid or (fact.name in _MEASURED and _of_a_part(evidence, fact)):
                    said.append(_sentence(choose(memory, "not written", phrases.NOT_WRITTEN)))
                said.append(self._fact(fact, memory, evidence.version))
        return said

    def _price(self, record: Record, evidence: Evidence, memory: Remembers, today: date | None) -> list[Sentence]:
        price, promotion = record.fact("price"), record.fact("promotion_price")
        if promotion and ended(promotion, record.facts, today):
            promotion = None
        if price and promotion and price.text != promotion.text:
            everybody = for_everybody(promotion)
            slot, wordings = ("both_prices", phrases.BOTH_PRICES) if everybody else ("other_price", phrases.OTHER_PRICE)
            text = choose(memory, slot, wordings).format(
                name=record.name,
                price=_money(price),
                label=promotion.title,
                promotion=_money(promotion),
                until=_until(record) if everybody else _until(record).replace("活动到", "到"),
            )
            return [
                Sentence(
                    text,
                    Emotion.EXCITEMENT,
                    (_citation(promotion, evidence.version), _citation(price, evidence.version)),
                    record.id,
                )
            ]
        known = price or promotion
        return [self._fact(known, memory, evidence.version)] if known else []

    def _fact(self, fact: Fact, memory: Remembers, version: str) -> Sentence:
        text = fact.text.strip().rstrip("。；;")
        wordings = phrases.FACTS.get(fact.name, phrases.ANY_FACT)
        if _NOT_APPLICABLE.match(text):
            wordings = phrases.NOT_STATED
        elif fact.name == "selling_points" and fact.text != fact.value:
            wordings = phrases.PART
        elif fact.name == "stock" and re.fullmatch(r"\d+", text):
            wordings = phrases.STOCK if int(text) else phrases.NO_STOCK
        elif fact.name in ("price", "promotion_price"):
            text = _money(fact)
        filled = choose(memory, f"fact/{fact.name}", wordings).format(
            name=fact.record_name, title=fact.title, text=text
        )
        return Sentence(filled, emotion_of(filled), (_citation(fact, version),), fact.record_id)

    def _asked_of(
        self, record: Record, wanted: str, evidence: Evidence, memory: Remembers, today: date | None
    ) -> list[Sentence]:
        """The one fact of a record that holds the words asked for, cut down to the part that does."""
        score, found = self._asked_part(record, wanted, today)
        if evidence.told is not None and not any(part.fact for part in evidence.told):
            return []
        if found is None or score < max(0.4, 0.2 * len(wanted)):
            return []
        return [self._fact(found, memory, evidence.version)]

    def _asked_part(self, record: Record, wanted: str, today: date | None) -> tuple[float, Fact | None]:
        """The part of a record that shares most with the words asked for, and how much that is."""
        best: tuple[float, Fact | None] = (0.0, None)
        for part in _parts(record, today):
            score = overlap(wanted, part.text) + 0.2 * overlap(wanted, part.title)
            if score > best[0]:
                best = (score, part)
        return best

    def _introduce(self, record: Record, evidence: Evidence, memory: Remembers, today: date | None) -> list[Sentence]:
        said = [
            self._fact(fact, memory, evidence.version)
            for name in _PRESENTATION
            if (fact := record.fact(name)) and not _NOT_APPLICABLE.match(fact.text.strip())
        ][:2]
        said += self._price(record, evidence, memory, today)
        if said:
            return said
        plain = [f for f in record.facts if f.name not in ("name", "sku", "image", "aliases")][:3]
        return [self._fact(fact, memory, evidence.version) for fact in plain if not ended(fact, record.facts, today)]


def _only_names(passage: Passage) -> bool:
    """Whether a passage is nothing but the title of a document: it was found, and answers nothing."""
    return passage.kind is PassageKind.TEXT and is_title(passage.text.strip())


def _offers_question(evidence: Evidence) -> bool:
    """Whether it is asked back if another question was meant, and not which product."""
    return evidence.near is not None and evidence.near.question in evidence.choices


def cited_near(near: Passage, version: str) -> Citation:
    """The citation of an answer that is quoted as the nearest there is."""
    source = near.source
    return Citation(source.file, near.text, source.sheet, source.page, source.line, version)


def _tells_of(fact: Fact, evidence: Evidence) -> bool:
    """Whether advice speaks of what was asked, and not only of what to mind in general: 能喝酒吗, 七天不沾水."""
    wanted = beyond(evidence.question, evidence.record) if evidence.record else evidence.question
    about = re.search(
        r"[能可要得][以]?(?P<deed>[^，。？?]+)$", re.sub(r"[吗么不没呢吧\W]+$", "", folded(evidence.question))
    )
    if about is None or re.search(r"注意|禁忌|忌|怎么", wanted):
        return True
    deed = [char for char in about["deed"] if char not in "能可以要得做一下再就碰"]
    return not deed or any(char in fact.text for char in deed)


def _of_a_part(evidence: Evidence, fact: Fact) -> bool:
    """Whether a measure is asked of a part that the sizes say nothing of: "落地灯线多长"."""
    asked = _MEASURE_OF.search(beyond(evidence.question, evidence.record)) if evidence.record else None
    part = weighty(asked["part"]) if asked else set()
    return bool(part) and not part & set(fact.text)


def _parts(record: Record, today: date | None) -> list[Fact]:
    """What a record says of itself, cut where a shop puts one thing beside another; no prices, names or numbers."""
    return [
        replace(fact, text=part)
        for fact in record.facts
        if fact.name not in _UNASKED and not ended(fact, record.facts, today)
        for part in re.split(r"[；;\n]+", fact.text)
        if part.strip()
    ]


def _all_facts(evidence: Evidence) -> list[Fact]:
    return [*evidence.facts, *(evidence.record.facts if evidence.record else ())]


def _record_id(evidence: Evidence) -> str | None:
    return evidence.record.id if evidence.record else None


def _sentence(text: str, *, emotion: Emotion | None = None, record_id: str | None = None) -> Sentence:
    return Sentence(text, emotion or emotion_of(text), (), record_id)


def _cited(text: str, source: Source, version: str, record_id: str | None) -> Sentence:
    citation = Citation(source.file, text, source.sheet, source.page, source.line, version)
    return Sentence(text, emotion_of(text), (citation,), record_id)


def _citation(fact: Fact, version: str) -> Citation:
    source = fact.source
    return Citation(source.file, f"{fact.title}：{fact.text}", source.sheet, source.page, source.line, version)


def _money(fact: Fact) -> str:
    text = fact.text.strip().rstrip("。；;")
    return f"{text}元" if re.fullmatch(r"[\d,.]+", text) else text


def _until(record: Record) -> str:
    span = period(record.facts, record.id)
    if span is None or span.end is None:
        return ""
    return f"（活动到{span.end.year}年{span.end.month}月{span.end.day}日）"


def _asked_price(question: str) -> bool:
    return bool(_PRICE.search(question))

"""What sells best: only what the shop's own figures say; without any, no ranking is made up. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from dialogue.answer import phrases
from dialogue.answer.naming import named
from dialogue.answer.pricing import cited, price_of, price_text
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.claim import ClaimKind, claims
from dialogue.safety.numeral import folded
from knowledge import Evidence, Fact, PassageKind, Record

MOST = 3
"""Products named in one answer."""
_ASKED = re.compile(
    r"卖(?:得|的)?(?:最|比较|更)?(?:好|多|火|快)|(?:最|比较)(?:火|热门|热销|畅销|受欢迎|好卖|爆|热卖)|爆款|热销|畅销|热卖|招牌|销量|销冠"
    r"|(?:大家|别人|客户|买家|人家).{0,4}(?:买|选|拍)(?:得|的)?(?:哪|最|什么|啥)|买(?:得|的)(?:人)?(?:最|比较)?多|人气"
)
_TITLE = re.compile(r"销量|月销|已售|售出|卖出|销售量")
_TOLD = re.compile(r"销量|卖得|卖的最|爆款|热销|畅销|热卖|招牌|受欢迎|人气")


def answer(
    evidence: Evidence, shelf: Sequence[Record], memory: Remembers, *, today: date | None
) -> tuple[Sentence, ...]:
    """The reply to "哪款卖得最好"; empty when it is not asked, or a passage of the shop speaks of it."""
    question = folded(evidence.question)
    if not _ASKED.search(question) or not shelf:
        return ()
    if any(p.kind is not PassageKind.RECORD and _TOLD.search(f"{p.question or ''}{p.text}") for p in evidence.passages):
        return ()
    meant = next((one.records for one in named(question, shelf)), tuple(shelf))
    figures = [(fact, amount) for record in meant if (fact := _sales(record)) and (amount := _figure(fact)) is not None]
    if figures:
        top = sorted(figures, key=lambda pair: -pair[1])[:MOST]
        items = "、".join(f"{fact.record_name}{fact.title}{fact.text}" for fact, _ in top)
        text = choose(memory, "sales/known", phrases.SALES).format(items=items)
        return (Sentence(text, Emotion.NEUTRAL, tuple(cited(fact, evidence.version) for fact, _ in top)),)
    first = meant[:MOST]
    prices = [price_of(record, today) for record in first]
    items = "、".join(
        f"{record.name}（{price_text(price)}）" if price else record.name
        for record, price in zip(first, prices, strict=True)
    )
    return (
        Sentence(choose(memory, "sales/unknown", phrases.NO_SALES), Emotion.NEUTRAL),
        Sentence(
            choose(memory, "sales/instead", phrases.NO_SALES_BUT).format(items=items),
            Emotion.NEUTRAL,
            tuple(cited(price, evidence.version) for price in prices if price),
            first[0].id if len(first) == 1 else None,
        ),
    )


def _sales(record: Record) -> Fact | None:
    return next((fact for fact in record.facts if _TITLE.search(fact.title)), None)


def _figure(fact: Fact) -> Decimal | None:
    return next((Decimal(claim.value) for claim in claims(fact.text) if claim.kind is ClaimKind.NUMBER), None)

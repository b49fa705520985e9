"""How to order: what the shop wrote about it where it did, else the way every shop of a live room sells. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from dialogue.answer import phrases
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.numeral import folded
from knowledge import Evidence, PassageKind

_BUY = "下单|下订单|购买|买|拍|订购|订货"
_HOW = re.compile(
    rf"(?:怎么|如何|咋|怎样)(?:才能|能|去|来)?(?:{_BUY})(?!.{{0,3}}(?:划算|便宜|优惠|省|到|贵|多|错))"
    rf"|(?:哪|哪里|哪儿|哪边)(?:可以|能|才能)?(?:{_BUY})(?!的|到)|(?:{_BUY})(?:的)?(?:链接|方式|流程|入口|步骤|渠道)"
    r"|(?:链接|小黄车|购物车|购物袋)(?:呢|在哪|哪里|哪儿|在哪里|发我|发一下|发下|有吗|几号)|(?:上|求|发|给|要)(?:个|一下|下|我)?链接|几号链接"
    r"|从哪(?:里|儿)?下单"
)
_WANTS = re.compile(rf"\W*我?(?:就)?(?:想|要|想要|准备)(?:{_BUY})(?:了|一?个|一件|这个|这款|它|吧)*\W*")
_TOLD = re.compile(
    rf"(?:怎么|如何|哪里|哪儿|在哪)[^，。？?]{{0,3}}(?:{_BUY})|(?:{_BUY})(?:方式|流程|步骤|渠道|链接|入口)"
)


def asked(question: str) -> bool:
    """Whether somebody asks how or where to buy."""
    text = folded(question)
    return _HOW.search(text) is not None or _WANTS.fullmatch(text) is not None


def evidence_of(evidence: Evidence) -> Evidence | None:
    """The evidence with the shop's own words about ordering in front, or None where it has none."""
    if any(fact.name == "link" for fact in evidence.facts):
        return evidence
    told = [
        passage
        for passage in evidence.passages
        if passage.kind is not PassageKind.RECORD and _TOLD.search(f"{passage.question or ''} {passage.heading or ''}")
    ]
    if not told:
        return None
    rest = tuple(passage for passage in evidence.passages if passage is not told[0])
    return replace(evidence, passages=(told[0], *rest), facts=())


def answer(evidence: Evidence, memory: Remembers) -> tuple[Sentence, ...]:
    """The way to buy where the shop wrote none; empty when something else was asked or the shop did."""
    if not asked(evidence.question) or evidence_of(evidence):
        return ()
    return (Sentence(choose(memory, "order/how", phrases.HOW_TO_ORDER), Emotion.JOY, (), None),)

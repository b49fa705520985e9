"""Who keeps the shop, and since when: asked in many words, and told in one sentence of the shop's own story. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from dialogue.safety.numeral import folded
from dialogue.segmenter import sentences
from knowledge import Passage, PassageKind

QUESTIONS = ("品牌故事，我们是谁", "店主是谁，创始人介绍", "哪一年开始创办这家店")
"""How shops head their story."""
_KEEPER = r"老板娘?|店主|创始人|掌柜的|主理人|老板"
_WHO = re.compile(
    rf"(?:{_KEEPER})(?:是|叫|姓|贵姓)?(?:谁|什么|啥|哪位|哪里人|什么人|什么名|男的|女的)|谁(?:是|开|创|办|当).{{0,4}}(?:{_KEEPER}|的)"
    rf"|(?:{_KEEPER}).{{0,4}}(?:介绍|贵姓|叫|姓)"
)
_SINCE = re.compile(
    rf"(?:店|你们?家?|品牌|公司|工坊|厂|牌子|{_KEEPER}).{{0,4}}(?:开|做|干|成立|创办|创立|经营)了?(?:有|几|多久|多少)(?:年|时间|了)?"
    r"|(?:哪一?年|什么时候|啥时候|几几年|多会儿)(?:就|开始)?(?:开的|开始|开店|开张|成立|创办|创立|创建)"
    r"|^\W*(?:开|做|成立|创办|经营)了?(?:多少年|几年|多久)了|老店|(?:几|多少)年(?:的)?(?:历史|老?店)"
)
_NOT = re.compile(r"预?约|营业|发货|活动|开门|开始(?:发|送|卖|做|活动)|开票|下单|来做|到货")
_YEAR = re.compile(
    r"(?:19|20)[0-9]{2}年|[0-9一二三四五六七八九十百]+年.{0,6}老店|[0-9一二三四五六七八九十]+多?年(?:前|了|以来)?"
)
_BEGAN = re.compile(r"开(?:始|在|了|店|张|业|办|的)?|创[办立建]|成立|始于|起家|办起")
_KEPT = re.compile(rf"{_KEEPER}|创办|创立|夫妻|夫妇|兄弟|姐妹|父子|母女|一家人|的故事")


def asked(question: str) -> bool:
    """Whether it is asked who keeps or founded the shop, or since when there is one."""
    plain = folded(question)
    return not _NOT.search(plain) and (_WHO.search(plain) is not None or _SINCE.search(plain) is not None)


def told(passages: Iterable[Passage], question: str) -> Passage | None:
    """The sentence of the shop's prose that tells it, as a passage; None where none does."""
    since = _SINCE.search(folded(question)) is not None
    best: tuple[int, Passage] | None = None
    for passage in passages:
        if passage.kind is PassageKind.RECORD:
            continue
        parts = sentences(passage.text)
        for at, part in enumerate(parts):
            began = _YEAR.search(part) is not None and _BEGAN.search(part) is not None
            kept = _KEPT.search(part) is not None
            points = 2 * began + kept if since else began + 2 * kept
            if (began or (kept and not since)) and (best is None or points > best[0]):
                # Who it is often stands behind: "…由一对夫妻在2016年开始。丈夫沈青石…".
                whole = part if since else "".join(parts[at : at + 2])
                best = (points, replace(passage, text=whole, question=None, kind=PassageKind.TEXT))
    return best[1] if best else None

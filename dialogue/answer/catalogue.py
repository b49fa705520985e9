"""Questions about the shop's range instead of one product: what is there, the cheapest, what costs less than …. Pure.

Everything that is said is counted or compared from typed facts; names and prices are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from dialogue.answer.pricing import amount, cited, price_of, price_text
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.claim import ClaimKind, claims
from dialogue.safety.numeral import folded
from knowledge import Fact, Record

MOST = 5
"""Products named in one answer."""


class Wish(StrEnum):
    """What is asked of the range."""

    LIST = "list"
    CHEAPEST = "cheapest"
    DEAREST = "dearest"
    BELOW = "below"
    SUITED = "suited"
    HAVING = "having"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class RangeQuestion:
    """A question about the range."""

    wish: Wish
    limit: Decimal | None = None
    """With `BELOW`: the highest price."""
    word: str = ""
    """With `HAVING` and `SUITED`: what the goods should be called or be ("双人")."""
    of_kind: bool = False
    """Whether it only makes sense where the shop has the kind that is named ("有哪些沙发", not "有什么颜色")."""


_CHEAPEST = re.compile(r"(?:最便宜|价格最低|最实惠|价位最低)|(?<!给个)(?<!给我)(?<!给)(?<!历史)最低价的")
_DEAREST = re.compile(r"(?:最贵|价格最高|最高价)")
_BELOW = re.compile(r"以内|以下|之内|不到|不超过|低于|预算|(?:能|可以|够)买(?:点|到|些)?(?:什么|啥|哪|几)")
_LIST = re.compile(
    r"(?:有|卖|都有|一共有|还有)(?:哪些|什么|啥|哪几)(?:别的|其他)?(?:商品|产品|东西|款|款式|好货|好东西)"
    r"|(?:卖|经营)(?:什么|啥)(?:的|东西)?(?:[?？]|$)|商品(?:列表|清单)|(?:哪些|几款)(?:商品|产品|款)"
)
_LIST_KIND = re.compile(
    r"(?:有|卖)(?:哪些|什么|啥|哪几款|哪几种)"
    r"(?!推荐|颜色|尺寸|材质|规格|优惠|活动|区别|不同|好处|特点|功能|用|问题|保障|说法|讲究|要求)[\u4e00-\u9fff]{1,4}\W*$"
)
_HAVING = re.compile(
    r"(?:有没有|有无|卖不卖|(?:还|也|你们|店里|你家|^)卖(?!完|光|得|的|多|几|价|不|什么|啥|哪|断|给)|有(?!什么|啥|哪))(?:卖)?(?!.{0,4}(?:得|最|更|点|些|别的|其他|货|券|活动|优惠|赠|问题|影响|区别))([\u4e00-\u9fff]{1,6}?)(?:的|卖|这种|之类的?)*(?:吗|么|嘛|呢|呀|啊|不|没有?|[?？]|$)"
)
_HAVING_LAST = re.compile(
    r"^\W*(?:你们|店里|你家)?(?!你们|店里|你家|这里|那)([\u4e00-\u9fff]{1,6}?)(?<![货券票保还也都])(?:有卖?|卖)(?:的)?(?:吗|么|没有?|不)\W*$"
)
_FITS = re.compile(
    r"推荐|适合|(?:放|摆|送|买)(?:点|个|些)?(?:什么|啥|哪[个款种])(?:东西|礼物)?(?:好|合适|比较好|呢|$|\W)|(?:礼物|礼品).{0,4}(?:什么|啥|哪)"
)
_WITH_IT = re.compile(r"[买拍].{1,8}送(?:什么|啥|哪)")
"""Asks for what comes with a product, and for no present."""
_PICK = re.compile(
    r"(?:用|放|摆|配|买|选|装|铺|挂|送|睡|坐|喝|吃|做|穿|戴|涂|敷)(?:点|个|些|盏|张|块|条|把|一)*(?:什么|啥|哪[个款种盏张块条把])(?:样的|样)?"
    r"([\u4e00-\u9fff]{1,3}?)(?:比较|更|最)?(?:好看?|合适|舒服|适合|呢|[?？]|$)"
)
"""What to take for a place or a use: "卧室用什么灯"; the group is the goods."""
_WANTED = re.compile(
    r"\W*(?:请问|你们?家?|店里)?\W*(?:我|俺|咱们?)?(?:就|也|正|今天)?(?:想要|想|要|准备|打算|考虑|需要)(?:买|看看|看|来|添|挑|选|找|配|入手|换|了解|做)?"
    r"(?:一?下|一?[个张把盏条款件瓶盒套]|点|些)?(?P<goods>[\u4e00-\u9fff]{1,6}?)(?:的|呗|吧|呢|啊|呀|了)*\W*"
)
"""A wish and nothing else: "想看个沙发"; the group is the goods."""
_ANYTHING = re.compile(
    r"生日|礼物|礼品|送人|送礼|送|老婆|老公|妈妈|爸爸|爸妈|女朋友|男朋友|女友|男友|闺蜜|朋友|长辈|婆婆|老师|同事|乔迁|新房|新家|结婚|过年|中秋"
    r"|[好点些啥想给呢啊吧呀嘛不来都]|合适|比较|东西|商品|产品|家具|看看|介绍|随便|店"
)
_SUITED = re.compile(r"(?:推荐|适合|有没有适合|想买|挑|选)(?!.{0,6}(?:怎么|退|什么尺寸))")
_EMPTY_WORDS = re.compile(
    r"推荐|适合|有没有|想买|一款|一个|一下|哪些|哪款|哪个|什么|可以|帮我|给我|请|的|吗|呢|我|你们|店里|家里|放在|放|用|挑|选|有|买|[?？，。！]"
)

_WORDINGS: dict[Wish, tuple[str, ...]] = {
    Wish.LIST: ("店里现在有：{items}。", "目前在卖的有{items}。", "您可以看看{items}。"),
    Wish.CHEAPEST: ("按现在的价格，价格较低的是{items}。", "预算紧的话可以看{items}。", "价位低一些的是{items}。"),
    Wish.DEAREST: ("价格高一些的是{items}。", "按现在的价格，{items}排在前面。", "价位较高的是{items}。"),
    Wish.BELOW: ("这个价位里有{items}。", "按您的预算，可以看看{items}。", "符合预算的有{items}。"),
    Wish.HAVING: ("有的，您看看{items}。", "有，{items}。", "店里有{items}。"),
    Wish.ANY: ("可以先看看目录里的{items}。", "目录里排在前面的有{items}。", "您可以从{items}看起。"),
    Wish.SUITED: ("可以看看{items}。", "按资料里写的，{items}比较合适。", "您可以考虑{items}。"),
}
_NONE = ("这个价位暂时没有合适的商品。", "按您的预算，店里暂时没有对应的商品。", "店里目前没有这个价位的商品。")
_TELL = ("说说放在哪里、预算多少，我按资料帮您挑。", "告诉我用在哪里、预算多少，我再帮您细选。")
_MORE = ("想细看哪一款，告诉我名字就行。", "对哪款感兴趣，我再给您细说。", "您看中哪款，我接着介绍。")


def asked(question: str) -> RangeQuestion | None:
    """What a question asks of the range, or None."""
    text = folded(question)
    if _CHEAPEST.search(text):
        return RangeQuestion(Wish.CHEAPEST)
    if _DEAREST.search(text):
        return RangeQuestion(Wish.DEAREST)
    money = [Decimal(c.value) for c in claims(text) if c.kind is ClaimKind.NUMBER and c.unit in ("元", "")]
    if money and _BELOW.search(text):
        return RangeQuestion(Wish.BELOW, max(money))
    if _LIST.search(text):
        return RangeQuestion(Wish.LIST)
    if _LIST_KIND.search(text):
        return RangeQuestion(Wish.LIST, of_kind=True)
    if _FITS.search(text) and not _WITH_IT.search(text):
        return RangeQuestion(Wish.SUITED)
    if pick := _PICK.search(text):
        return RangeQuestion(Wish.SUITED, word=pick[1])
    having = _HAVING_LAST.search(text) or _HAVING.search(text)
    if having:
        return RangeQuestion(Wish.HAVING, word=having[1])
    if wanted := _WANTED.fullmatch(text):
        return RangeQuestion(Wish.HAVING, word=wanted["goods"], of_kind=True)
    return RangeQuestion(Wish.SUITED) if _SUITED.search(text) else None


def answer(
    question: str,
    records: Sequence[Record],
    memory: Remembers,
    *,
    version: str = "",
    today: date | None = None,
) -> tuple[Sentence, ...]:
    """The reply about the range, empty when the question asks nothing of it or the records do not answer it."""
    wanted = asked(question)
    if wanted is None or not records:
        return ()
    called = _called(wanted.word, records) if wanted.word else []
    shelf = called if wanted.word else _of_kind(question, records)
    if not shelf or (wanted.of_kind and len(shelf) == len(records)):
        return ()
    priced = [(price, record) for record in shelf if (price := price_of(record, today))]
    chosen: list[tuple[Fact | None, Record]]
    match wanted.wish:
        case Wish.CHEAPEST:
            chosen = [*sorted(priced, key=lambda pair: amount(pair[0]))[:2]]
        case Wish.DEAREST:
            chosen = [*sorted(priced, key=lambda pair: -amount(pair[0]))[:2]]
        case Wish.BELOW:
            limit = wanted.limit or Decimal(0)
            within = [pair for pair in priced if amount(pair[0]) <= limit]
            chosen = [*sorted(within, key=lambda pair: -amount(pair[0]))]
            if priced and not chosen:
                return (Sentence(choose(memory, "range/none", _NONE)),)
        case Wish.HAVING:
            chosen = [(price_of(record, today), record) for record in called]
        case Wish.LIST:
            chosen = [(price_of(record, today), record) for record in shelf]
        case Wish.SUITED:
            chosen = [(price_of(record, today), record) for record in _suited(question, shelf, len(records))]
    wish = wanted.wish
    if (
        not chosen
        and wish is Wish.SUITED
        and not re.search(r"\w", _ANYTHING.sub("", _EMPTY_WORDS.sub("", folded(question))))
    ):
        wish, chosen = Wish.ANY, [(price_of(record, today), record) for record in records[:3]]
    if not chosen:
        return ()
    return _said(wish, chosen, memory, version)


def _said(
    wish: Wish, chosen: Sequence[tuple[Fact | None, Record]], memory: Remembers, version: str
) -> tuple[Sentence, ...]:
    named = chosen[:MOST]
    items = "、".join(f"{record.name}（{price_text(price)}）" if price else record.name for price, record in named)
    items += "等" if len(chosen) > MOST else ""
    citations = tuple(cited(price, version) for price, _ in named if price)
    only = chosen[0][1].id if len(chosen) == 1 else None
    text = choose(memory, f"range/{wish}", _WORDINGS[wish]).format(items=items)
    first = Sentence(text, Emotion.NEUTRAL, citations, only)
    return (first, Sentence(choose(memory, "range/more", _TELL if wish is Wish.ANY else _MORE), Emotion.JOY, (), only))


def _of_kind(question: str, records: Sequence[Record]) -> Sequence[Record]:
    """The records of the kind that the question names ("沙发"), else all."""
    text = folded(question)

    def named(record: Record) -> bool:
        words = {record.kind, *(record.name[-length:] for length in (2, 3) if len(record.name) > length)}
        return any(len(word) >= 2 and word in text for word in words)

    return [record for record in records if named(record)] or _headed(text, records) or records


def _headed(text: str, records: Sequence[Record]) -> list[Record]:
    """The records whose name or kind is a thing that the text names with one character: "添个灯", "想要一张桌子"."""
    heads = {
        char
        for record in records
        for char in (record.name[-1:], *(alias[-1:] for alias in record.aliases))
        if re.search(
            rf"(?:[个盏张把条款件瓶盒套点些种只支]|什么|啥|买|喝|吃|的|小|大){re.escape(char)}子?(?:$|[\W的呢吗吧呀啊有])",
            text,
        )
    }
    return (
        [r for r in records if any(name.endswith(tuple(heads)) for name in (r.name, r.kind, *r.aliases))]
        if heads
        else []
    )


def _called(word: str, records: Sequence[Record]) -> list[Record]:
    """The records whose name, other name or kind holds the word; "抽屉的桌子": the tables that speak of drawers."""
    if len(word) == 1:
        return [r for r in records if word in r.kind or any(name.endswith(word) for name in (r.name, *r.aliases))]
    called = [r for r in records if any(word in name for name in (r.name, r.kind, *r.aliases))]
    bare = re.sub(r"^[小大]|子$", "", word)
    if not called and bare and bare != word:
        return _called(bare, records)
    quality, _, kind = word.partition("的")
    if called or not kind or len(quality) < 2:
        return called
    having = [r for r in records if any(quality in fact.text for fact in r.facts)]
    return [r for r in having if kind in r.name or kind in r.kind or kind[:1] in r.name + r.kind]


def _suited(question: str, shelf: Sequence[Record], total: int) -> list[Record]:
    wanted = _pairs(_EMPTY_WORDS.sub(" ", folded(question)))
    scored: list[tuple[int, Record]] = []
    for record in shelf:
        facts = [f for f in record.facts if f.name in ("scenario", "selling_points", "audience", "description")]
        scored.append((len(wanted & _pairs("，".join(f.text for f in facts))), record))
    best = max((score for score, _ in scored), default=0)
    if best:
        return [record for score, record in scored if score == best][:3]
    return list(shelf[:3]) if len(shelf) < total else []


def _pairs(text: str) -> set[str]:
    return {run[i : i + 2] for run in re.findall(r"[\u4e00-\u9fff]+", text) for i in range(len(run) - 1)}


Shelf = Callable[[str], Sequence[Record]]
"""The records of a merchant's live version."""

"""Where a parcel goes: places as customers name them, and the words by which shops speak of them. Pure.

"能寄香港吗" is answered by "港澳台暂时不发", "发到三亚几天" by what a shop says of all other regions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from knowledge import Passage, PassageKind


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a text names."""

    name: str
    words: tuple[str, ...]
    """How shops speak of it, the most particular first."""
    abroad: bool = False
    """Outside of where every shop sends: what is not said of it is not known."""


_FAR = ("偏远",)
_REGIONS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("香港|澳门|台湾|台北|九龙", ("港澳台", "港澳"), True),
    (
        "美国|加拿大|英国|法国|德国|意大利|日本|韩国|新加坡|马来西亚|泰国|越南|澳洲|澳大利亚|新西兰(?!羊毛|松木?|进口)|欧洲|国外|海外|境外",
        ("国外", "海外", "境外", "国际", "出口"),
        True,
    ),
    ("新疆|乌鲁木齐|喀什|伊犁|和田|阿克苏|库尔勒", ("新疆", *_FAR), False),
    ("西藏|拉萨|林芝|日喀则", ("西藏", *_FAR), False),
    ("青海|西宁|格尔木", ("青海", *_FAR), False),
    ("内蒙古?|呼和浩特|包头|鄂尔多斯|赤峰", ("内蒙", *_FAR), False),
    ("宁夏|银川", ("宁夏", *_FAR), False),
    ("甘肃|兰州", ("甘肃", *_FAR), False),
    ("海南|三亚|海口", ("海南", "海岛", *_FAR), False),
    ("上海|江苏|浙江|南京|苏州|无锡|常州|杭州|宁波|温州|绍兴|嘉兴|金华|南通", ("江浙沪", "长三角"), False),
    ("安徽|合肥|芜湖", ("江浙沪皖", "安徽", "长三角"), False),
    ("北京|天津|河北|石家庄|保定|唐山", ("京津冀", "华北"), False),
    ("广东|广州|深圳|东莞|佛山|珠海|惠州", ("珠三角", "华南"), False),
    ("黑龙江|吉林|辽宁|哈尔滨|长春|沈阳|大连|东北", ("东北", "东三省"), False),
    (
        "云南|昆明|贵州|贵阳|四川|成都|重庆|广西|南宁|湖南|长沙|湖北|武汉|河南|郑州|江西|南昌|福建|福州|厦门|山东|济南|青岛|山西|太原|陕西|西安",
        (),
        False,
    ),
    ("外地|乡下|农村|县城|镇上|村里", ("农村", "乡镇", *_FAR), False),
)
_PLACES = tuple((re.compile(names), words, abroad) for names, words, abroad in _REGIONS)
_SENDS = re.compile(
    r"发(?!票|[霉热现黄黑臭生])|寄|送(?!我|个|礼|的|什么)|邮|运费|快递|物流|配送|包邮|能到|[几多][天久].{0,3}到|到货|收到|到得了"
)
_TIME = re.compile(r"几天|多久|多长时间|什么时候|啥时候|何时|几号|哪天|快不快|几日")
_FEE = re.compile(r"运费|邮费|快递费|包邮|免邮|多少钱|要钱|收费|加钱|满多少")
_TELLS_TIME = re.compile(r"\d\s*(?:到|至|-|~)?\s*\d*\s*(?:天|日|小时)")
_TELLS_SENDING = re.compile(r"发|寄|送|运费|邮|快递|物流|到")
_TELLS_FEE = re.compile(r"运费|邮|免费|\d元")


def place_of(text: str) -> Place | None:
    """The place to which a text asks to send something, or None."""
    if not _SENDS.search(text):
        return None
    for names, words, abroad in _PLACES:
        if found := names.search(text):
            return Place(found[0], (found[0], *(word for word in words if word != found[0])), abroad)
    return None


def asks_arrival(text: str) -> bool:
    """Whether it is asked how long the way to a place takes, and not when the parcel leaves."""
    return _TIME.search(text) is not None


def questions(text: str, place: Place) -> tuple[str, ...]:
    """What to search for what the shop says about sending there."""
    if asks_arrival(text):
        return ("几天能到", "多久能收到", f"发到{place.name}要几天")
    return (f"能送到{place.name}吗", "包邮吗", f"{place.words[-1]}运费怎么算")


def told(passages: Iterable[Passage], text: str, place: Place) -> Passage | None:
    """The passage that says most of what is asked about the place; of a place abroad only one that speaks of it."""
    wanted = _TELLS_TIME if asks_arrival(text) else _TELLS_FEE if _FEE.search(text) else _TELLS_SENDING
    best: tuple[float, Passage] | None = None
    for passage in passages:
        whole = f"{passage.question or ''}{passage.text}"
        if passage.kind is PassageKind.RECORD or not wanted.search(passage.text) or not _TELLS_SENDING.search(whole):
            continue
        at = next((place.words.index(word) for word in place.words if word in whole), None)
        if at is None and (place.abroad or not _is_about_sending(passage)):
            continue
        score = (0.0 if at is None else 3.0 - 0.2 * at) + (1.0 if _is_about_sending(passage) else 0.0)
        if best is None or score > best[0]:
            best = (score, passage)
    return best[1] if best else None


def _is_about_sending(passage: Passage) -> bool:
    title = f"{passage.question or ''}{passage.heading or ''}"
    return re.search(r"发货|几天|多久|运费|邮|快递|物流|配送|送到|收到|寄", title) is not None and "退" not in title

"""The checkable claims of a text: numbers with units, dates, times of day, phones, codes and quoted names.

Pure and deterministic. The same reading is applied to a reply and to its evidence, so a claim is supported when the
evidence makes it too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from dialogue.safety.numeral import CHINESE, arabic, chinese, folded


class ClaimKind(StrEnum):
    """What a claim is about."""

    NUMBER = "number"
    DATE = "date"
    CLOCK = "clock"
    PHONE = "phone"
    CODE = "code"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable piece of a text."""

    kind: ClaimKind
    text: str
    """As it stands in the (folded) text."""
    value: str
    """Normalised, for comparing."""
    unit: str = ""
    """Canonical unit of a number; empty when none was written."""


UNITS: dict[str, str] = {
    **dict.fromkeys(("元", "块钱", "块", "圆", "人民币", "rmb", "RMB", "¥"), "元"),
    **dict.fromkeys(("折",), "折"),
    **dict.fromkeys(("%", "成"), "%"),
    **dict.fromkeys(("毫米", "mm", "MM"), "mm"),
    **dict.fromkeys(("厘米", "公分", "cm", "CM", "Cm"), "cm"),
    **dict.fromkeys(("米", "m"), "m"),
    **dict.fromkeys(("公里", "千米", "km"), "km"),
    **dict.fromkeys(("寸", "英寸"), "寸"),
    **dict.fromkeys(("公斤", "千克", "kg", "KG", "Kg"), "kg"),
    **dict.fromkeys(("斤",), "斤"),
    **dict.fromkeys(("克", "g"), "g"),
    **dict.fromkeys(("吨",), "t"),
    **dict.fromkeys(("毫升", "ml", "mL", "ML"), "ml"),
    **dict.fromkeys(("升", "L"), "l"),
    **dict.fromkeys(("平方米", "平米", "㎡", "平"), "㎡"),
    **dict.fromkeys(("秒钟", "秒"), "秒"),
    **dict.fromkeys(("分钟",), "分钟"),
    **dict.fromkeys(("个小时", "小时", "h"), "小时"),
    **dict.fromkeys(("个工作日", "工作日"), "工作日"),
    **dict.fromkeys(("天", "日"), "天"),
    **dict.fromkeys(("个星期", "星期", "周"), "周"),
    **dict.fromkeys(("个月",), "个月"),
    **dict.fromkeys(("周年", "年"), "年"),
    **dict.fromkeys(("度", "℃", "°C", "摄氏度"), "度"),
    **dict.fromkeys(("瓦", "W", "w"), "w"),
    **dict.fromkeys(("伏", "V", "v"), "v"),
    **dict.fromkeys(("毫安", "mAh", "mah"), "mah"),
    **dict.fromkeys(("K",), "k"),
    **dict.fromkeys(("支",), "支"),
    **dict.fromkeys(("倍",), "倍"),
    **dict.fromkeys(("岁",), "岁"),
    **dict.fromkeys(("期",), "期"),
    **dict.fromkeys(("分",), "分"),
    **dict.fromkeys(("星级", "星"), "星"),
    **dict.fromkeys(("层", "楼"), "层"),
    **dict.fromkeys(("人", "位", "名"), "人"),
    **dict.fromkeys(
        ("件", "个", "只", "套", "条", "张", "把", "瓶", "盒", "袋", "包", "双", "款", "台", "份", "片", "颗"), "件"
    ),
    **dict.fromkeys(("枚", "根", "组", "间", "盏", "种", "次", "单", "本", "抽", "卷", "档", "朵", "步", "单元"), "件"),
}
"""Written unit → canonical unit; counting words are one unit, since merchants mix them."""

_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_DATE = re.compile(
    r"(?:(?P<y>(?:19|20)\d\d)\s*(?:年|[-/.]))?\s*(?P<m>1[0-2]|0?[1-9])\s*(?:月|[-/.])\s*(?P<d>3[01]|[12]\d|0?[1-9])(?:\s*[日号])?(?![\d.])"
)
_DAY = re.compile(
    r"(?<!\d)(?P<d>3[01]|[12]\d|0?[1-9])\s*(?:号(?!楼|线|电池|色|院|门|码|店)|日(?!内|后|以内|之内|无|起|龄))"
)
_CLOCK = re.compile(
    r"(?<![\d.])(?P<h>2[0-4]|1\d|0?\d)\s*(?:[::](?P<min>[0-5]\d)|点(?:(?P<half>半)|(?P<min2>[0-5]?\d)分?)?(?:钟|整)?)(?!\d)"
)
_PHONE = re.compile(r"(?<![\d.])\+?\d[\d \-]{5,17}\d(?![\d.])")
_SPELLED = re.compile(r"[零〇○幺洞一二三四五六七八九](?:[\s\-·.]?[零〇○幺洞一二三四五六七八九]){5,}")
_NUMBER = re.compile(rf"(?P<cur>[¥$]\s*)?(?P<n>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>[万亿](?!能))?\s*(?P<u>{_UNIT})?")
_HAN = re.compile(rf"(?:百分之(?P<pct>[{CHINESE}]+))|(?<![\d.])(?P<n>[{CHINESE}]+)(?P<half>半)?(?P<u>{_UNIT})")
_CODE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9._@+-]*[A-Za-z0-9]|(?<![A-Za-z0-9])\d+[A-Za-z][A-Za-z0-9-]*")
_QUOTED = re.compile(r"[「『《【“\"]([^「」『』《》【】“”\"\n]{2,24})[」』》】”\"]")
_PLAIN_CODES = frozenset("ai app ok vip diy led cm mm kg km ml usb type-c wifi pdf nfc hi hello id sku".split())
_HAN_DIGITS = str.maketrans("零〇○幺洞一二三四五六七八九", "00010123456789")
_SMALL_TALK = frozenset("一两")
_SOFT_UNITS = frozenset({"件", "人", "分", "年", "天", "星", "倍", "平", "周"})


def number(value: Decimal) -> str:
    """The value without trailing zeros or exponent."""
    return format(value.normalize(), "f")


@lru_cache(maxsize=4096)
def claims(text: str) -> tuple[Claim, ...]:
    """All claims of a text, in reading order within each kind."""
    text = folded(text)
    found: list[Claim] = []
    text = _take(text, _SPELLED, _spelled, found)
    text = _take(text, _DATE, _date, found)
    text = _take(text, _PHONE, _phone, found)
    text = _take(text, _CLOCK, _clock, found)
    text = _take(text, _DAY, lambda m: Claim(ClaimKind.DATE, m[0], f"--{int(m['d']):02d}"), found)
    for match in _QUOTED.finditer(text):
        found.append(Claim(ClaimKind.NAME, match[1], match[1].replace(" ", "").lower()))
    for match in _CODE.finditer(text):
        code = match[0].lower()
        if code not in _PLAIN_CODES and not _measure(match[0]):
            found.append(Claim(ClaimKind.CODE, match[0], code))
    text = _CODE.sub(lambda m: m[0] if _measure(m[0]) else " " * len(m[0]), text)
    text = _take(text, _HAN, _han, found)
    _take(text, _NUMBER, _number, found)
    return tuple(found)


def _take(
    text: str, pattern: re.Pattern[str], read: Callable[[re.Match[str]], Claim | None], found: list[Claim]
) -> str:
    def replace(match: re.Match[str]) -> str:
        claim = read(match)
        if claim is None:
            return match[0]
        found.append(claim)
        return " " * len(match[0])

    return pattern.sub(replace, text)


def _measure(code: str) -> bool:
    digits = re.fullmatch(r"(\d+)([A-Za-z]+)", code)
    return bool(digits and digits[2] in UNITS)


def _spelled(match: re.Match[str]) -> Claim | None:
    digits = re.sub(r"\D", "", match[0].translate(_HAN_DIGITS))
    return Claim(ClaimKind.PHONE, match[0], digits) if len(digits) >= 6 else None


def _date(match: re.Match[str]) -> Claim | None:
    if not match["y"] and "月" not in match[0]:
        return None  # "3-5", "1.5": a range or a decimal, not a date
    year = match["y"] or ""
    return Claim(ClaimKind.DATE, match[0].strip(), f"{year}-{int(match['m']):02d}-{int(match['d']):02d}")


def _phone(match: re.Match[str]) -> Claim | None:
    digits = re.sub(r"\D", "", match[0])
    return Claim(ClaimKind.PHONE, match[0], digits) if 7 <= len(digits) <= 20 else None


def _clock(match: re.Match[str]) -> Claim | None:
    minutes = 30 if match["half"] else int(match["min"] or match["min2"] or 0)
    return Claim(ClaimKind.CLOCK, match[0], f"{int(match['h']) % 24:02d}:{minutes:02d}")


def _han(match: re.Match[str]) -> Claim | None:
    value = chinese(match["pct"] or match["n"])
    if value is None:
        return None
    unit = "%" if match["pct"] else UNITS[match["u"]]
    # "一款", "两位", "一天" are mostly ways of speaking, not claims.
    if match["n"] in _SMALL_TALK and unit in _SOFT_UNITS and not match["half"]:
        return None
    if match["half"]:
        value += Decimal("0.5")
    if unit == "%" and match["u"] == "成":
        value *= 10
    return Claim(ClaimKind.NUMBER, match[0], number(value), unit)


def _number(match: re.Match[str]) -> Claim | None:
    value = arabic(match["n"] + (match["scale"] or ""))
    if value is None:
        return None
    unit = "元" if match["cur"] else UNITS.get(match["u"] or "", "")
    if match["u"] == "成":
        value *= 10
    return Claim(ClaimKind.NUMBER, match[0].strip(), number(value), unit)

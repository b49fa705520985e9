"""Written numbers, Chinese and Arabic, as one comparable value."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}
_DIGITS |= {
    "〇": 0,
    "○": 0,
    "两": 2,
    "俩": 2,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
}
_DIGITS |= {"幺": 1, "洞": 0}
_SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}

CHINESE = "零〇○一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟点"
"""Characters a Chinese number is written with."""

_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u180e\ufe00-\ufe0f\u20e3]|[\U000e0000-\U000e007f]")


def folded(text: str) -> str:
    """The text as claims and rules compare it: compatibility forms folded (NFKC), invisible characters gone."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))


def chinese(text: str) -> Decimal | None:
    """The value of a Chinese number ("三百九十九", "一点五", "二零二六", "三千五"), or None when it is not one."""
    whole, _, fraction = text.partition("点")
    value = _whole(whole)
    if value is None:
        return None
    if not fraction:
        return None if text.endswith("点") else Decimal(value)
    if any(c not in _DIGITS for c in fraction):
        return None
    return Decimal(f"{value}.{''.join(str(_DIGITS[c]) for c in fraction)}")


def _whole(text: str) -> int | None:
    if not text:
        return None
    if all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = 0
    digit: int | None = None
    unit = 1
    for char in text:
        if char in _DIGITS:
            if digit is not None and digit != 0:
                return None
            digit = _DIGITS[char]
            unit = 10 if digit == 0 else unit
        elif char in _SMALL:
            section += (1 if digit is None or digit == 0 else digit) * _SMALL[char]
            digit, unit = None, _SMALL[char]
        elif char in _LARGE:
            total = (total + section + (digit or 0)) * _LARGE[char]
            section, digit, unit = 0, None, _LARGE[char]
        else:
            return None
    # "三千五" is 3,500: a last digit right after a unit stands one place below it.
    last = 0 if digit is None else digit * (unit // 10 if unit >= 100 else 1)
    return total + section + last


def arabic(text: str) -> Decimal | None:
    """The value of "1,299.00", "1.2万", or None."""
    scale = 1
    if text and text[-1] in "万亿千":
        scale = {"千": 1000, **_LARGE}[text[-1]]
        text = text[:-1]
    try:
        return Decimal(text.replace(",", "")) * scale
    except InvalidOperation:
        return None

"""Reading numbers aloud in Mandarin."""

from __future__ import annotations

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿", "万亿")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
LONGEST = 16
"""Digits a whole number may have to be read as a quantity; longer ones are read digit by digit."""


def digits(text: str, *, phone: bool = False) -> str:
    """Read digit by digit; `phone` says 幺 for one, as in telephone numbers. Other characters are dropped."""
    said = "".join(_DIGITS[int(c)] for c in text if c.isdecimal())
    return said.replace("一", "幺") if phone else said


def cardinal(text: str, *, counting: bool = False) -> str:
    """Read a decimal number such as `1299`, `99.90` or `1,000` as a quantity.

    With `counting` a plain two is 两, as before a measure word. Leading zeros (`007`) and numbers of more than
    16 digits are read digit by digit.
    """
    whole, point, fraction = text.replace(",", "").partition(".")
    if counting and whole == "2" and not point:
        return "两"
    if len(whole) > LONGEST or (len(whole) > 1 and whole[0] == "0"):
        said = digits(whole)
    else:
        said = _whole(int(whole or "0"))
    return said + ("点" + digits(fraction) if point and fraction else "")


def amount(text: str) -> str:
    """Read an amount of money or a measure: as `cardinal`, without decimals that are only zeros (`99.00`)."""
    whole, _, fraction = text.partition(".")
    return cardinal(whole if not fraction.strip("0") else text.rstrip("0"), counting=True)


def roman(text: str) -> int:
    """Return the value of a Roman numeral in capitals or small letters."""
    values = [_ROMAN[c] for c in text.upper()]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _whole(value: int) -> str:
    if value == 0:
        return "零"
    said, group, gap = "", 0, False
    while value:
        value, four = divmod(value, 10_000)
        if four:
            part = _four(four) + _GROUPS[group]
            said = part + ("零" if said and gap else "") + said
            gap = four < 1000
        else:
            gap = bool(said)
        group += 1
    if said.startswith("一十"):
        said = said[1:]
    return said.replace("二千", "两千", 1) if said.startswith("二千") else _leading_two(said)


def _leading_two(said: str) -> str:
    """A leading 二 before 万 or 亿 is 两."""
    return "两" + said[1:] if said[:2] in ("二万", "二亿") else said


def _four(value: int) -> str:
    """Read 1..9999."""
    said, zero = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit:
            said += ("零" if zero and said else "") + _DIGITS[digit] + _PLACES[place]
            zero = False
        else:
            zero = True
    return said

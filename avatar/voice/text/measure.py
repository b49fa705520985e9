"""Measures: shares, dimensions, ranges and quantities with a unit."""

from __future__ import annotations

import re
from re import Match

from avatar.voice.text.number import amount, cardinal
from avatar.voice.text.rule import COUNTED, NUMBER, TO, UNIT, Rules
from avatar.voice.text.unit import UNITS

RULES = Rules()


@RULES.rule(rf"({COUNTED}|元|块)\s?[×*]\s?(?=\d)")
def _times(m: Match[str]) -> str:
    return f"{m[1]}乘"


@RULES.rule(r"(?<=\d)V\s?~\s?(?=\d+\s?[Hh][Zz])")
def _alternating(_: Match[str]) -> str:
    return "V "


@RULES.rule(r"(?<=零下)\s?-\s?(?=\d)")
def _below_zero(_: Match[str]) -> str:
    return ""


@RULES.rule(rf"(?<=\d)\s?({COUNTED})\s?/\s?(?={COUNTED})")
def _for_each(m: Match[str]) -> str:
    return f"{m[1]}每"


@RULES.rule(rf"({NUMBER})\s?%?{TO}({NUMBER})\s?([%‰])")
def _percent_range(m: Match[str]) -> str:
    of = "百分之" if m[3] == "%" else "千分之"
    return f"{of}{_share(m[1])}到{of}{_share(m[2])}"


@RULES.rule(rf"([-+±]?)({NUMBER})\s?([%‰])")
def _percent(m: Match[str]) -> str:
    of = "百分之" if m[3] == "%" else "千分之"
    return f"{_signed(m[1])}{of}{_share(m[2])}"


@RULES.rule(
    rf"(?<![A-Za-z\d.])({NUMBER})\s?({UNIT})?((?:\s?[×xX*]\s?(?:{NUMBER})\s?(?:{UNIT})?(?![A-Za-z])){{1,3}})(?![A-Za-z])"
)
def _dimensions(m: Match[str]) -> str:
    parts = re.findall(rf"({NUMBER})\s?({UNIT})?", m[0])
    said = [_measured(number, unit) for number, unit in parts]
    if parts[-1] == ("2", "") and re.match(COUNTED, m.string[m.end() :]):
        said[-1] = "两"
    return "乘".join(said)


@RULES.rule(rf"(?<![A-Za-z\d.])(-?)({NUMBER})\s?(?:{UNIT})?{TO}(-?)({NUMBER})\s?({UNIT})(?![A-Za-z])")
def _measure_range(m: Match[str]) -> str:
    first, second = (_below(sign, m[5]) for sign in (m[1], m[3]))
    return f"{first}{amount(m[2])}到{second}{_measured(m[4], m[5])}"


@RULES.rule(rf"(?<![A-Za-z\d.])([-±+]?)({NUMBER})\s?({UNIT})(?![A-Za-z])(?:/(10+)?({UNIT}|[一-鿿])(?![A-Za-z]))?")
def _measure(m: Match[str]) -> str:
    number = cardinal(m[4], counting=True) if m[4] else ""
    per = f"每{number}{UNITS.get(m[5], m[5])}" if m[5] else ""
    return f"{_below(m[1], m[3])}{_measured(m[2], m[3])}{per}"


def _share(text: str) -> str:
    return "百" if text == "100" else cardinal(text)


def _signed(sign: str) -> str:
    return {"-": "负", "±": "正负", "+": "加"}.get(sign, "")


def _below(sign: str, unit: str) -> str:
    """The sign of a measure; temperatures are 零下."""
    return "零下" if sign == "-" and unit in ("℃", "°C", "度", "摄氏度") else _signed(sign)


def _measured(number: str, unit: str) -> str:
    said = UNITS.get(unit, "")
    counting = number == "2" and unit not in ("V", "A", "W", "GB", "TB", "G", "T", "K", "°C", "℃", "")
    value = number.rstrip("0").rstrip(".") if re.fullmatch(r"\d+\.0+", number) and said else number
    return cardinal(value, counting=counting) + said

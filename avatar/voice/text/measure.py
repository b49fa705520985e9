"""Measures: shares, dimensions, ranges and quantities with a unit."""

from __future__ import annotations

import re
from re import Match

from avatar.voice.text.number import amount, cardinal, digits
from avatar.voice.text.rule import COUNTED, NUMBER, TO, UNIT, Rules
from avatar.voice.text.unit import UNITS

RULES = Rules()


@RULES.rule(rf"({COUNTED}|元|块)\s?[×*]\s?(?=\d)")
def _times(m: Match[str]) -> str:
    return f"{m[1]}乘"


@RULES.rule(r"(?<=\d)V\s?~\s?(?=\d+\s?[Hh][Zz])")
def _alternating(_: Match[str]) -> str:
    return "V "


@RULES.rule(r"(?<=\d) +(?=\d)")
def _two_numbers(_: Match[str]) -> str:
    """M3 16GB: what a blank parts is not one number."""
    return "，"


@RULES.rule(rf"({NUMBER})\s?\^\s?(\d+)")
def _power(m: Match[str]) -> str:
    return f"{cardinal(m[1])}的{cardinal(m[2])}次方"


@RULES.rule(rf"(?<=\d)\s?\(({UNIT})\)")
def _unit_in_brackets(m: Match[str]) -> str:
    return m[1]


@RULES.rule(r"(?:(直径|半径)\s?)?[φΦ∅]\s?(?=\d)")
def _diameter(m: Match[str]) -> str:
    return m[1] or "直径"


@RULES.rule(rf"(?<!\d)(\d)米(\d{{1,2}})(?!\s?(?:{COUNTED}|{UNIT}|元|块)|[\d.])")
def _height(m: Match[str]) -> str:
    """1米75: what follows are tenths and hundredths."""
    return f"{cardinal(m[1], counting=True)}米{digits(m[2]) if m[2][-1] != '0' else digits(m[2][:-1])}"


@RULES.rule(r"(?<!\d)(\d{2,3})[sS](?=(?:高支|双股|精梳|新疆|埃及|匹马)?(?:长绒|棉|纯棉|全棉|天丝|贡缎|磨毛|纱))")
def _yarn(m: Match[str]) -> str:
    return f"{cardinal(m[1])}支"


@RULES.rule(r"(?<!\d)(\d{1,2})[dD](?=无理由|内发|发货|到货|质保)")
def _days_by_letter(m: Match[str]) -> str:
    return f"{cardinal(m[1], counting=True)}天"


@RULES.rule(r"(?<=\d[KkPp])(\d{2,3})(Hz|HZ|fps)|(?<![A-Za-z])([AD]C)\s?(\d+)V(?![A-Za-z])")
def _behind_letters(m: Match[str]) -> str:
    if m[3]:
        return f" {m[3]} {cardinal(m[4])}伏"
    return f" {cardinal(m[1])}{UNITS[m[2]]}"


@RULES.rule(r"(?<=零下)\s?-\s?(?=\d)")
def _below_zero(_: Match[str]) -> str:
    return ""


@RULES.rule(rf"(?<=\d)\s?({COUNTED})?\s?/\s?(?={COUNTED}|[日月米升克斤瓶盒]|公斤)")
def _for_each(m: Match[str]) -> str:
    return f"{m[1] or ''}每"


@RULES.rule(rf"({NUMBER})\s?%?{TO}({NUMBER})\s?([%‰])")
def _percent_range(m: Match[str]) -> str:
    of = "百分之" if m[3] == "%" else "千分之"
    return f"{of}{_share(m[1])}到{of}{_share(m[2])}"


@RULES.rule(rf"(?<![A-Za-z\d.])({NUMBER})\s?({UNIT})\+(?=[\s,。!、;)的]|$)")
def _measure_and_above(m: Match[str]) -> str:
    return f"{_measured(m[1], m[2])}以上"


@RULES.rule(r"(?<!\d)(0|5|10|15|20)W-?([2-6]0)(?![\d瓦WA-Za-z])")
def _oil(m: Match[str]) -> str:
    return f"{cardinal(m[1])} W {cardinal(m[2])}"


@RULES.rule(rf"({NUMBER})%\+(?!\s?\d)")
def _percent_and_above(m: Match[str]) -> str:
    return f"百分之{_share(m[1])}以上"


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


@RULES.rule(
    rf"(?<![A-Za-z\d.])(?<!\d-)([-±+]?)({NUMBER})\s?({UNIT})(?![A-Za-z])(?:/(10+)?({UNIT}|[一-鿿])(?![A-Za-z]))?"
)
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
    value = (
        number.rstrip("0").rstrip(".") if re.fullmatch(r"\d+\.0+", number) and said.strip() != "T" and said else number
    )
    return cardinal(value, counting=counting) + said

"""Counting: ratios, fractions, ranges, sums and plain numbers."""

from __future__ import annotations

from re import Match

from avatar.voice.text.number import LONGEST, cardinal, digits
from avatar.voice.text.rule import COUNTED, NUMBER, TO, Rules

RULES = Rules()


@RULES.rule(r"(?<![\d:.])(\d+(?:\.\d+)?)\s?[:：]\s?(\d+(?:\.\d+)?)(?:\s?[:：]\s?(\d+(?:\.\d+)?))?(?!\d)")
def _ratio(m: Match[str]) -> str:
    return "比".join(cardinal(part) for part in m.groups() if part)


@RULES.rule(r"(?<=比分|战绩)([:：是为\s]?)(\d{1,3})\s?[-—–]\s?(\d{1,3})(?!\d)")
def _score(m: Match[str]) -> str:
    return f"{m[1]}{cardinal(m[2])}比{cardinal(m[3])}"


@RULES.rule(r"(?<![\d.-])\d{1,3}(?:-\d{1,3}){2,}(?![\d.-])")
def _one_after_the_other(m: Match[str]) -> str:
    return "，".join(cardinal(part) for part in m[0].split("-"))


@RULES.rule(r"(?:^|(?<=[\s,。(为是到在]))-(\d{1,2})(?=[层楼])")
def _below_ground(m: Match[str]) -> str:
    return f"负{cardinal(m[1])}"


@RULES.rule(rf"({NUMBER})(?:岁\+|\+岁)(?!\s?\d)")
def _and_above(m: Match[str]) -> str:
    return f"{cardinal(m[1], counting=True)}岁以上"


@RULES.rule(r"(?<=第)(\d+)/(\d+)(?![\d/])")
def _either(m: Match[str]) -> str:
    return f"{cardinal(m[1])}、{cardinal(m[2])}"


@RULES.rule(r"(?<![\d/.])(\d+)/(\d+)(?![\d/])([岁码])?")
def _fraction(m: Match[str]) -> str:
    if m[3] or int(m[1]) > int(m[2]):
        return f"{cardinal(m[1])}、{cardinal(m[2])}{m[3] or ''}"
    return f"{cardinal(m[2])}分之{cardinal(m[1])}"


@RULES.rule(rf"(?<![\d.])({NUMBER}){TO}({NUMBER})\s?(多|来)?({COUNTED})")
def _count_range(m: Match[str]) -> str:
    return f"{cardinal(m[1], counting=True)}到{cardinal(m[2], counting=True)}{m[3] or ''}{m[4]}"


@RULES.rule(rf"(?<![\d.第])({NUMBER})\s?(\+)?\s?(多|来|几)?({COUNTED})(\+(?!\s?\d))?")
def _count(m: Match[str]) -> str:
    more = "多" if m[2] or m[5] else ""
    if m[5] and m[4] in "千万亿":
        return f"{cardinal(m[1], counting=True)}{m[4]}多"
    if more and "." not in m[1] and int(m[1].replace(",", "")) < 10:
        return f"{cardinal(m[1], counting=True)}{m[4]}以上"
    return f"{cardinal(m[1], counting=True)}{more}{m[3] or ''}{m[4]}"


@RULES.rule(rf"(?<![\d.])({NUMBER}){TO}({NUMBER})(?![\d-])")
def _range(m: Match[str]) -> str:
    falling = float(m[1].replace(",", "")) > float(m[2].replace(",", ""))
    return f"{cardinal(m[1])}{'减' if falling else '到'}{cardinal(m[2])}"


@RULES.rule(
    rf"({NUMBER})\s?\+(?=\s?(?:\d|[二三四五六七八九十两]|一[十百千万元块件]))|(?:(?<=系数)|(?<=指数))({NUMBER})\+|({NUMBER})\+"
)
def _plus(m: Match[str]) -> str:
    if sum := m[1] or m[2]:
        return f"{cardinal(sum)}加"
    return cardinal(m[3]) + ("多" if float(m[3].replace(",", "")) >= 20 else "加")


@RULES.rule(rf"(?:(?<=^)|(?<=[\s,，。（(为是到约]))-\s?({NUMBER})")
def _negative(m: Match[str]) -> str:
    return f"负{cardinal(m[1])}"


@RULES.rule(r"(?<![\d.])\d{9,}(?![\d.])")
def _long(m: Match[str]) -> str:
    return digits(m[0]) if len(m[0]) > LONGEST or m[0][-4:] != "0000" else cardinal(m[0])


@RULES.rule(r"\d+(?:\.\d+){2,}")
def _dotted(m: Match[str]) -> str:
    return "点".join(cardinal(part) for part in m[0].split("."))


@RULES.rule(NUMBER)
def _number(m: Match[str]) -> str:
    return cardinal(m[0])

"""Names of things with numbers in them: models, versions, protection classes."""

from __future__ import annotations

from re import Match

from avatar.voice.text.number import amount, cardinal, digits
from avatar.voice.text.rule import Rules

RULES = Rules()


@RULES.rule(r"(?<![A-Za-z])[vV](\d+(?:\.\d+)+)")
def _version(m: Match[str]) -> str:
    return " V " + "点".join(cardinal(part) for part in m[1].split("."))


@RULES.rule(r"(?<![A-Za-z])(?:NO|No|no)\.?\s?(\d+)")
def _rank(m: Match[str]) -> str:
    return f"第{cardinal(m[1])}"


@RULES.rule(r"(?<![A-Za-z])IP([X\d])([X\d])(?![\dA-Za-z])")
def _protection(m: Match[str]) -> str:
    return " I P " + "".join(f" {c} " if c == "X" else digits(c) for c in m[0][2:])


@RULES.rule(r"(?<!\d)(\d{3,4})([pPiI])(?![A-Za-z])")
def _resolution(m: Match[str]) -> str:
    return f"{digits(m[1])} {m[2].upper()} "


@RULES.rule(r"(?<![A-Za-z])([A-Za-z]{1,4})(\d{1,3})-(\d{3,6})(?![\d.]*\s?(?:元|块|折|%))")
def _processor(m: Match[str]) -> str:
    """i7-14700: a family and a number in it."""
    return f"{m[1]} {_model_number(m[2])}，{_model_number(m[3])} "


@RULES.rule(r"([A-Za-z])[-\s]?(\d+(?:\.\d+)*)(?![\d.]*\s?(?:元|块|折|%))")
def _model(m: Match[str]) -> str:
    return f"{m[1]} {_model_number(m[2])} "


@RULES.rule(r"(?<![\d.])(\d+(?:\.\d+)?)[wW](?![A-Za-z])(\+?)")
def _ten_thousand(m: Match[str]) -> str:
    return f"{amount(m[1])}万{'多' if m[2] else ''}"


@RULES.rule(r"(?<![\d.])(\d+(?:\.\d+)?)k(?![A-Za-z])(\+?)")
def _thousand(m: Match[str]) -> str:
    return f"{cardinal(str(round(float(m[1]) * 1000)))}{'多' if m[2] else ''}"


@RULES.rule(r"(?<![\d.])(\d+(?:\.\d+)?)(?=[A-Za-z])")
def _before_letters(m: Match[str]) -> str:
    return f"{_model_number(m[1]) if len(m[1]) > 3 else cardinal(m[1])} "


def _model_number(text: str) -> str:
    """In a model's name: short and round numbers are read as quantities, others digit by digit."""
    if "." in text:
        return "点".join(cardinal(part) for part in text.split("."))
    round_number = text.endswith("00") and text[0] != "0" and len(text) <= 4
    return cardinal(text) if len(text) <= 2 or round_number else digits(text)

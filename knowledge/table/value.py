"""Cells → typed values: money, whole numbers, periods, sizes, lists, flags. Pure; what does not fit stays text.

A value is typed only when the whole cell says exactly that: "199元" is money, "199元起" stays text, so that nobody
quotes a starting price as the price.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from knowledge.record import DateRange, Dimensions, Money, Value
from knowledge.table.column import ValueKind

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_CURRENCIES = {
    "¥": "CNY",
    "元": "CNY",
    "块": "CNY",
    "块钱": "CNY",
    "圆": "CNY",
    "rmb": "CNY",
    "cny": "CNY",
    "人民币": "CNY",
    "$": "USD",
    "us$": "USD",
    "usd": "USD",
    "美元": "USD",
    "hk$": "HKD",
    "hkd": "HKD",
    "港币": "HKD",
    "港元": "HKD",
    "€": "EUR",
    "eur": "EUR",
    "欧元": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "英镑": "GBP",
    "jpy": "JPY",
    "日元": "JPY",
}
_CURRENCY = "|".join(re.escape(mark) for mark in sorted(_CURRENCIES, key=len, reverse=True))
_MONEY = re.compile(
    rf"(?P<before>{_CURRENCY})?\s*(?P<amount>{_NUMBER})\s*(?P<myriad>万)?\s*(?P<after>{_CURRENCY})?"
    r"\s*(?:(?:/|每)\s*1?\s*(?P<per>[^\d\s/]{1,6}))?"
)
_TITLE_MONEY = re.compile(rf"(?P<currency>{_CURRENCY})?\s*(?:(?:/|每)\s*(?P<per>[^\d\s/]{{1,6}}))?")
_INTEGER = re.compile(
    r"(?P<number>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+))\s*(?P<unit>[个件台套只双瓶盒箱本份条张把间位人名支包袋款]?)"
)
_DECIMAL = re.compile(rf"[-+]?{_NUMBER}")
_DAY = re.compile(
    r"(?:(?P<year>(?:19|20)\d{2})\s*[-/.年]\s*)?(?P<month>1[0-2]|0?[1-9])\s*[-/.月]\s*(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)\s*[日号]?"
    r"(?:\s*t?\s*(?P<hour>2[0-3]|[01]?\d):(?P<minute>[0-5]\d)(?::[0-5]\d(?:\.\d+)?)?)?"
    r"|(?P<packed>(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)
_TILL = re.compile(r"\s*(?:至|到|~|-|–|—+)\s*")
_LAST_DAY = re.compile(r"\s*(?:至|到|~|-|–|—+)\s*(?P<day>3[01]|[12]\d|0?[1-9])\s*[日号]\s*")
_UNITS = (
    "mm|cm|dm|km|m|毫米|厘米|分米|千米|公里|米|英寸|寸|inch|in|ft|kg|mg|g|千克|公斤|斤|克|吨|t|lb|ml|l|毫升|升|oz|"
    "平方米|平米|㎡|m2|w|瓦|kw|v|mah|wh|gb|tb|mb|hz|k|lm|°c|℃|寸"
)
_SIZES = re.compile(
    rf"(?:[^\W\d]{{0,3}}?\s*{_NUMBER}\s*(?:{_UNITS})?\s*[x×*]\s*){{0,3}}[^\W\d]{{0,3}}?\s*{_NUMBER}\s*(?P<unit>{_UNITS})?"
)
_YES = frozenset({"是", "有", "支持", "可以", "可", "含", "yes", "y", "true", "√", "✓", "✔"})
_NO = frozenset({"否", "无", "没有", "不支持", "不可以", "不可", "不含", "no", "n", "false", "×", "✗", "✘"})
_SEPARATORS = (re.compile(r"[;；|\n]+"), re.compile(r"、+"), re.compile(r"[,，]+"), re.compile(r"\s*/\s*"))


def parse_value(text: str, kind: ValueKind, *, unit: str | None = None) -> Value:
    """The cell `text` as `kind`, or `text` itself where it does not fit. `unit` comes from the column's title."""
    plain = fold(text)
    value: Value | None
    if kind is ValueKind.MONEY:
        value = parse_money(plain, unit=unit)
    elif kind is ValueKind.INTEGER:
        value = parse_integer(plain)
    elif kind is ValueKind.NUMBER:
        value = Decimal(plain.replace(",", "")) if _DECIMAL.fullmatch(plain) else None
    elif kind is ValueKind.DATES:
        value = parse_dates(plain)
    elif kind is ValueKind.DIMENSIONS:
        value = parse_dimensions(plain, unit=unit)
    elif kind is ValueKind.LIST:
        value = split_list(text)
    elif kind is ValueKind.FLAG:
        value = parse_flag(plain)
    else:
        value = None
    return text if value is None else value


def fold(text: str) -> str:
    """Width and case folded, ends stripped: the form all patterns here are written for."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def parse_money(plain: str, *, unit: str | None = None) -> Money | None:
    """Exactly one amount, with or without currency and "/晚"; None for ranges and starting prices."""
    match = _MONEY.fullmatch(plain)
    if match is None:
        return None
    titled = _TITLE_MONEY.fullmatch(fold(unit)) if unit else None
    mark = match["before"] or match["after"] or (titled["currency"] if titled else None)
    amount = Decimal(match["amount"].replace(",", ""))
    return Money(
        amount * 10_000 if match["myriad"] else amount,
        _CURRENCIES[mark] if mark else "CNY",
        match["per"] or (titled["per"] if titled else None),
    )


def parse_integer(plain: str) -> int | None:
    """A whole number of at most 15 digits, thousands separated or not; None for anything else."""
    match = _INTEGER.fullmatch(plain)
    return int(match["number"].replace(",", "")) if match and len(match["number"]) <= 15 else None


def parse_flag(plain: str) -> bool | None:
    """Yes or no as people write it (有, 是, √, yes …); None for anything else."""
    if plain in _YES:
        return True
    return False if plain in _NO else None


def split_list(text: str) -> tuple[str, ...] | None:
    """The parts between the strongest separator that occurs (； then 、 then ， then /); None for an empty text."""
    for separator in _SEPARATORS:
        parts = tuple(part.strip() for part in separator.split(text) if part.strip())
        if len(parts) > 1:
            return parts
    return (text.strip(),) if text.strip() else None


def parse_dimensions(plain: str, *, unit: str | None = None) -> Dimensions | None:
    """One size or up to four joined by ×, all in one unit ("宽82×深86×高78cm")."""
    match = _SIZES.fullmatch(plain)
    if match is None:
        return None
    units = set(re.findall(rf"(?<=[\d ])(?:{_UNITS})(?![a-z])", plain))
    if len(units) > 1:
        return None
    sizes = tuple(Decimal(number.replace(",", "")) for number in re.findall(_NUMBER, plain))
    return Dimensions(sizes, match["unit"] or (fold(unit) if unit else None))


def parse_dates(plain: str) -> DateRange | date | datetime | None:
    """One day, one moment or one period; None where a year is missing or anything else stands beside it."""
    days = list(_DAY.finditer(plain))
    if not days or len(days) > 2:
        return None
    first = _day(days[0], year=None)
    if first is None:
        return None
    before, between_start = plain[: days[0].start()].strip(), days[0].end()
    if len(days) == 2:
        second = _day(days[1], year=first.year)
        joined = _TILL.fullmatch(plain[between_start : days[1].start()])
        if second is None or not joined or before or plain[days[1].end() :].strip(" 止"):
            return None
        return DateRange(first, second)
    after = plain[between_start:]
    if before in ("即日起至", "截至", "截止", "截止到", "至", "到", "~") and after.strip(" 止前") == "":
        return DateRange(None, first)
    if before:
        return None
    if after.strip() in ("起", "开始", "起至今", "至今", "之后", "至", "~", "-"):
        return DateRange(first, None)
    same_month = _LAST_DAY.fullmatch(after)
    if same_month:
        try:
            return DateRange(first, date(first.year, first.month, int(same_month["day"])))
        except ValueError:
            return None
    return first if not after.strip() else None


def _day(match: re.Match[str], *, year: int | None) -> date | datetime | None:
    try:
        if match["packed"]:
            packed = match["packed"]
            return date(int(packed[:4]), int(packed[4:6]), int(packed[6:]))
        at = int(match["year"]) if match["year"] else year
        if at is None:
            return None
        day = date(at, int(match["month"]), int(match["day"]))
        if match["hour"] is None:
            return day
        return datetime(day.year, day.month, day.day, int(match["hour"]), int(match["minute"]))
    except ValueError:
        return None


def infer_kind(cells: Sequence[str]) -> ValueKind:
    """The kind that every non-empty cell of an unrecognised column fits; text where there is none.

    Numbers are only typed where nothing is lost by it: codes with leading zeros or more than twelve digits stay text.
    """
    plain = [fold(cell) for cell in cells if cell.strip()]
    if not plain:
        return ValueKind.TEXT
    if all(parse_flag(cell) is not None for cell in plain):
        return ValueKind.FLAG
    if all(re.fullmatch(r"-?(?:0|[1-9]\d{0,11})", cell) for cell in plain):
        return ValueKind.INTEGER
    if all(re.fullmatch(r"-?(?:0|[1-9]\d{0,11})(?:\.\d+)?", cell) for cell in plain):
        return ValueKind.NUMBER
    if all(parse_dates(cell) is not None for cell in plain):
        return ValueKind.DATES
    if all((money := _MONEY.fullmatch(cell)) and (money["before"] or money["after"]) for cell in plain):
        return ValueKind.MONEY
    if all((sizes := _SIZES.fullmatch(cell)) and sizes["unit"] for cell in plain):
        return ValueKind.DIMENSIONS
    if sum("、" in cell for cell in plain) * 2 > len(plain) and max(map(len, plain)) <= 400:
        return ValueKind.LIST
    return ValueKind.TEXT

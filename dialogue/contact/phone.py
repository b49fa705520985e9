"""Telephone numbers in folded text, however they are broken up.

Digits (also 一三八, 幺, 洞) are read as groups with gaps between them. A number is a group, or neighbouring groups in a
usual pattern (3-4-4 …), that the numbering plan knows and that does not belong to a longer run: so the inside of an
order or card number is never taken for a telephone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dialogue.contact.context import is_meant, is_other
from dialogue.contact.fold import CHINESE_DIGITS
from dialogue.contact.kind import ContactKind
from dialogue.contact.number import foreign, is_landline, is_mobile

_SPOKEN = "".join(CHINESE_DIGITS)
_HUNDRED = r"一百[三四五六七八九]十[一二三四五六七八九]?(?=[\s,、\-.])"
_GROUP = re.compile(rf"{_HUNDRED}|[0-9]+|[{_SPOKEN}]+")
_WORD_BEFORE = re.compile(r"[a-z_][a-z0-9_]*$")
_CODE_AFTER = re.compile(r"[a-z](?:[a-z_]*[0-9_]|(?![a-z]))")
_LABEL_WORDS = frozenset(
    "tel phone mobile mob cell cellphone telephone call number num contact sms is at me or and ok thx thanks pls plz "
    "v vx wx w weixin wechat whatsapp wa q qq t m dh sj sjh dianhua shouji haoma lianxi".split()
)
"""Words of letters that may touch a number; any other makes it a code."""
_GAP = re.compile(
    r"(?:[\s\-.·_—–―‐−/\\(),、~•|。+*:;=心\[\]【】「」<>《》\"'嗯额呃啊哦哈]|然后是?|再(?:来)?|接着是?|(?:前|后|中|最后|末|结)[面边间尾]?(?:[几三四七八]位)?是?"
    r"|尾号是?|(?:开头|打头)的?|横?杠|空格?|点){0,4}"
)
_LOOK_ALIKE = re.compile(rf"(?<![a-z0-9])[0-9oli{_SPOKEN}](?:[\s\-.]?[0-9oli{_SPOKEN}])+(?![a-z0-9])")
_AS_DIGIT = str.maketrans("oli", "011")
_SOFT = re.compile(r"[\s\-.·_—–―()~•|]*|.*[一-鿿].*")
_PATTERNS = frozenset(
    tuple(map(int, pattern.split("-")))
    for pattern in (
        "11 3-4-4 3-8 7-4 4-4-3 3-3-5 4-3-4 3-5-3 1-1-1-1-1-1-1-1-1-1-1 3-4-2-2 3-2-2-2-2 5-6 6-5 4-7 3-2-2-4 "
        "3-4-1-3 1-2-4-4 1-10 2-9 8-3 3-1-3-4 3-1-1-1-1-4 3-3-3-2"
    ).split()
)
"""How people group the 11 digits of a mobile number."""
_DENSE = frozenset({(11,), (3, 4, 4)})
_EXTENSION = re.compile(r"[\s,(]*(?:转接?|轉|ext\.?|#|-|分机号?|内线|再?[拨按]|[:\s]){1,4}\s*([0-9]{1,6})(?![0-9])")
_AREA = re.compile(
    r"区号(?:是|为|[:\s])*(0[0-9]{2,3})[\s,、]*(?:座机|电话|号码|本机|固话)*(?:号码?)?(?:是|为|[:\s])*([0-9]{7,8})(?![0-9])"
    r"|(?<![0-9])([0-9]{7,8})[\s,、(]*区号(?:是|为|[:\s])*(0[0-9]{2,3})(?![0-9])"
)
_FOREIGN = re.compile(r"(?:\+\s?|(?<![0-9])00(?!86)(?=[1-9][0-9]{0,2}[\s\-]))[1-9][0-9\s\-().]{6,20}[0-9]")


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number in folded text."""

    kind: ContactKind
    value: str
    start: int
    end: int
    announced: bool


@dataclass(frozen=True, slots=True)
class _Group:
    digits: str
    start: int
    end: int
    spoken: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """Numbers that hold, and whether something was nearly one."""

    numbers: tuple[Number, ...]
    broken: bool


def scan(text: str) -> Scan:
    """Finds mobile, landline and foreign numbers in folded `text`."""
    text = _repair(text)
    numbers = [*_foreign(text), *_with_area(text)]
    broken = False
    for run in _runs(text):
        if any(number.start < run[-1].end and run[0].start < number.end for number in numbers):
            continue
        found = list(_numbers(text, run))
        numbers += found
        broken = broken or (not found and _is_nearly(text, run))
    return Scan(tuple(sorted(numbers, key=lambda number: number.start)), broken)


def spoken_digits(text: str) -> str:
    """The digits of a text of digits, Chinese ones read as digits, anything else left out."""
    return "".join(
        CHINESE_DIGITS.get(char, char) for char in text if (char.isascii() and char.isdigit()) or char in CHINESE_DIGITS
    )


def _repair(text: str) -> str:
    """Reads o and l between digits as 0 and 1; the length stays."""
    return _LOOK_ALIKE.sub(
        lambda match: match[0].translate(_AS_DIGIT) if _is_mostly_digits(match[0]) else match[0], text
    )


def _is_mostly_digits(text: str) -> bool:
    return len(spoken_digits(text)) >= 6 and sum(char.isalnum() for char in text) >= 10


def _runs(text: str) -> Iterator[list[_Group]]:
    """Groups of digits with nothing but gaps between them."""
    run: list[_Group] = []
    for match in _GROUP.finditer(text):
        spoken = match[0][0] in CHINESE_DIGITS
        digits = _hundred(match[0]) if "百" in match[0] else spoken_digits(match[0])
        group = _Group(digits, match.start(), match.end(), spoken)
        if run and not _GAP.fullmatch(text, run[-1].end, group.start):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def _hundred(text: str) -> str:
    """The digits of 一百三十九, as some read out the first three of their number."""
    return f"1{CHINESE_DIGITS[text[2]]}{CHINESE_DIGITS[text[4]] if len(text) > 4 else 0}"


def _numbers(text: str, run: list[_Group]) -> Iterator[Number]:
    first = 0
    while first < len(run):
        taken = _longest(text, run, first)
        if taken is None:
            first += 1
            continue
        number, last = taken
        yield number
        first = last + 1


def _longest(text: str, run: list[_Group], first: int) -> tuple[Number, int] | None:
    """The best number that starts with group `first`, and its last group."""
    for last in range(first, min(len(run), first + 15)):
        digits = "".join(group.digits for group in run[first : last + 1])
        if len(digits) > 15:
            return None
        if len(digits) >= 10:
            number = _judge(text, run, first, last, digits)
            if number is not None:
                return number, last
    return None


def _judge(text: str, run: list[_Group], first: int, last: int, digits: str) -> Number | None:
    start, end = run[first].start, run[last].end
    sizes = [len(group.digits) for group in run[first : last + 1]]
    prefix = _country(text, start, digits) or (2 if run[first].digits == "86" and len(digits) in (12, 13) else 0)
    if prefix:
        digits, sizes = digits[prefix:], _drop(sizes, prefix)
    if is_mobile(digits):
        kind = ContactKind.PHONE
    elif not prefix and is_landline(digits):
        kind = ContactKind.LANDLINE
    elif prefix and is_landline("0" + digits):
        kind, digits = ContactKind.LANDLINE, "0" + digits
    else:
        return None
    word = _WORD_BEFORE.search(text, max(0, start - 24), start)
    if (word is not None and word[0].strip("_") not in _LABEL_WORDS) or _CODE_AFTER.match(text, end):
        return None
    announced = is_meant(text, start)
    if is_other(text, start, end) or not _stands_apart(text, run, first, last, tuple(sizes), announced, kind):
        return None
    if kind == ContactKind.LANDLINE:
        extension = _EXTENSION.match(text, end)
        if extension:
            digits, end = f"{digits}-{extension[1]}", extension.end()
    return Number(kind, digits, start, end, announced)


def _stands_apart(
    text: str, run: list[_Group], first: int, last: int, sizes: tuple[int, ...], announced: bool, kind: ContactKind
) -> bool:
    """True when the groups are not a piece of a longer number and are grouped as people group telephone numbers."""
    gaps = {text[run[i].end : run[i + 1].start].strip(" ") for i in range(first, last)}
    if kind == ContactKind.LANDLINE:
        usual = sizes[0] in (2, 3, 4, 7, 8) or len(sizes) == 1 or set(sizes) == {1}
    else:
        scripts = {group.spoken for group in run[first : last + 1]}
        usual = sizes in _PATTERNS or (len(scripts) == 2 and not any(gaps))
        if not announced and len(sizes) > 1 and sizes not in _DENSE:
            # 1399,1599,199 and 1800 2000 220 are prices and measures that happen to be eleven digits.
            usual = usual and not all(group.digits[-1] in "09" for group in run[first : last + 1])
            usual = usual and (sizes != (3, 3, 3, 2) or scripts == {True})
        if any(set("*=:;") & set(gap) for gap in gaps):
            usual = announced and (sizes == (3, 4, 4) or set(sizes) == {1})
        alone = len(text.strip()) <= run[last].end - run[first].start + 1
        if not usual and alone and len(sizes) <= 5 and sizes[0] >= 3 and gaps <= {"", "-", "."}:
            # A message of nothing but eleven digits is a telephone, however grouped, unless they look like prices.
            usual = not all(group.digits[-1] in "09" for group in run[first : last + 1])
        if ("," in gaps or "." in gaps) and scripts != {True}:
            usual = usual and sizes != (11,) and not all(size == 3 for size in sizes[1:-1] or (0,))
    if not usual and not (announced and all(_SOFT.fullmatch(gap) for gap in gaps)):
        return False
    if sizes in _DENSE and kind == ContactKind.PHONE:
        return True
    for near, far in ((first - 1, first), (last, last + 1)):
        if near >= 0 and far < len(run) and not (kind == ContactKind.LANDLINE and near == last and _extends(run, last)):
            gap = text[run[near].end : run[far].start]
            if gap.strip(" ") in gaps and len(gap) < 3 and not (gap == "" and run[near].spoken != run[far].spoken):
                return False
    return True


def _extends(run: list[_Group], last: int) -> bool:
    """True when what follows the number is its extension."""
    return last + 2 == len(run) and len(run[-1].digits) <= 6


def _country(text: str, start: int, digits: str) -> int:
    """How many leading digits are the country code 86."""
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) in (9, 10, 11):
            if len(digits) - len(prefix) == 11 or text[max(0, start - 1) : start] == "+":
                return len(prefix)
    return 0


def _drop(sizes: list[int], count: int) -> list[int]:
    sizes = list(sizes)
    while count and sizes:
        taken = min(count, sizes[0])
        sizes[0] -= taken
        count -= taken
        if sizes[0] == 0:
            sizes.pop(0)
    return sizes


def _foreign(text: str) -> Iterator[Number]:
    for match in _FOREIGN.finditer(text):
        value = foreign(match[0] if match[0][0] == "+" else f"+{match[0][2:]}")
        if value is not None and not is_other(text, *match.span()):
            yield Number(ContactKind.PHONE, value, match.start(), match.end(), is_meant(text, match.start()))


def _with_area(text: str) -> Iterator[Number]:
    """区号0731，号码84417725."""
    for match in _AREA.finditer(text):
        area, number = (match[1], match[2]) if match[1] else (match[4], match[3])
        if is_landline(area + number):
            start = match.start(1) if match[1] else match.start(3)
            yield Number(ContactKind.LANDLINE, area + number, start, match.end(), True)


def _is_nearly(text: str, run: list[_Group]) -> bool:
    """True for announced digits with one too few or too many, or in a segment nobody has."""
    digits = "".join(group.digits for group in run)
    start, end = run[0].start, run[-1].end
    if is_other(text, start, end) or text[end : end + 1] == "*":
        return False
    alone = len(text.strip()) - (end - start) <= 4
    looks = digits[:1] == "1" and digits[1:2] >= "3" and len(digits) in (9, 10, 11, 12)
    return (looks and (alone or is_meant(text, start))) or (
        len(digits) in (7, 8) and is_meant(text, start) and "座机" in text
    )

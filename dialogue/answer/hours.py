"""Whether one comes in time: a time of day in a question against the hours that the shop wrote. Pure.

"8点半下班过来还来得及吗" beside "10:30到21:30，最后一位顾客20:00前到店" is reckoned, not searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dialogue.answer import phrases
from dialogue.answer.nearness import pairs
from dialogue.answer.wording import Remembers, choose
from dialogue.safety.numeral import chinese, folded
from knowledge import Passage, PassageKind

QUESTIONS = ("几点营业", "有实体店吗")
"""How shops head their hours."""
_NUMBER = r"[0-9]{1,2}|[一二两三四五六七八九十]{1,3}"
_CLOCK = (
    rf"(?P<part>凌晨|清早|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|早|晚)?\s*"
    rf"(?P<hour>{_NUMBER})[:点](?P<half>半|一刻)?(?P<minute>[0-5]?[0-9](?![0-9]))?(?:分|钟)?"
)
_TIME = re.compile(_CLOCK)
_SPAN = re.compile(rf"{_CLOCK}\s*(?:到|至|-|~|—)+\s*{_CLOCK.replace('P<', 'P<to_')}")
_LAST = re.compile(rf"最[后晚迟][^，。；,;0-9]{{0,10}}?{_CLOCK}\s*(?:前|之前|以前)?")
_COMES = re.compile(
    r"来得及|赶得[上及]|还(?:能|给|可以)?(?:做|进|接|去|来|逛|开)|开(?:不开|着|了|到)|开门|关门|打烊|营业|有人|去(?:店|展厅|门店|门市|看)|到店|过[去来]"
)
_SENDING = re.compile(r"发货|发出|发得|寄|送|快递|下单|付款|客服|电话|预?约|退|出库")
_STAFF = re.compile(r"客服|电话|回电|在线|发货|仓库|订单")
_DAY = "(?:周|星期|礼拜)(?P<days>[一二三四五六日天、和及]{1,7})"
_NAMED_DAY = re.compile(_DAY)
_RESTS = re.compile(rf"(?:每)?{_DAY}(?:店)?(?:休息|不营业|不开|闭店|闭馆|公休|关门)")
_WEEK = "一二三四五六日"
_LATER = {"明天": 1, "明晚": 1, "明早": 1, "后天": 2, "大后天": 3}
_LATE = re.compile(r"下班|晚|夜|傍晚")
_AFTERNOON = frozenset(("下午", "傍晚", "晚上", "夜里", "晚"))
_MORNING = frozenset(("凌晨", "清早", "早上", "早晨", "上午", "早"))
_NOON = 12 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """When a shop is open, in minutes after midnight."""

    opens: int
    closes: int
    last: int | None = None
    """Until when one has to have come, where the shop says so."""


def asked(question: str) -> bool:
    """Whether a question asks if the shop is open, or still lets one in, at a time of day that it names."""
    plain = folded(question)
    return bool(_COMES.search(plain)) and not _SENDING.search(plain) and _TIME.search(plain) is not None


def told(passages: Iterable[Passage], question: str) -> Passage | None:
    """The passage that tells the shop's hours, the likest to the question first; None where none does."""
    found = [p for p in passages if p.kind is not PassageKind.RECORD and hours_of(p.text)]
    found = [p for p in found if not _STAFF.search(f"{p.question or ''}")]
    wanted = pairs(folded(question))
    return max(found, key=lambda p: len(wanted & pairs(f"{p.question or ''}{p.text}")), default=None)


def hours_of(text: str) -> Hours | None:
    """The opening hours in a text; None where it has none."""
    plain = folded(text)
    span = _SPAN.search(plain)
    if span is None:
        return None
    opens = _minutes(span["hour"], span["half"], span["minute"], span["part"])
    closes = _minutes(span["to_hour"], span["to_half"], span["to_minute"], span["to_part"])
    last = _LAST.search(plain)
    until = _minutes(last["hour"], last["half"], last["minute"], last["part"]) if last else None
    if opens is None or closes is None or opens >= closes:
        return None
    return Hours(opens, closes, until if until is not None and opens < until <= closes else None)


def verdict(question: str, text: str, memory: Remembers, *, today: date | None = None) -> str | None:
    """The sentence that says whether the time in the question is in time; None where one cannot tell.

    "9点" that may be morning or evening is told only where both come to the same. `today` tells the day of the week
    that is meant where none is named; without it a shop that rests one day is never said to be open.
    """
    hours = hours_of(text)
    if hours is None or not asked(question):
        return None
    rests = _rests(text)
    day = _weekday(folded(question), today)
    if rests and day is None:
        return None
    if day is not None and day in rests:
        return choose(memory, "hours/rests", phrases.RESTS).format(day=f"周{_WEEK[day]}")
    outcomes = [(at, _outcome(at, hours)) for at in _readings(folded(question))]
    if not outcomes or len({outcome for _, outcome in outcomes}) > 1:
        return None
    at, outcome = outcomes[0]
    limit = {"early": hours.opens, "late": hours.last, "closed": hours.closes}.get(outcome)
    wordings = phrases.IN_TIME[outcome]
    return choose(memory, f"hours/{outcome}", wordings).format(at=_clock(at), limit=_clock(limit or hours.closes))


def _outcome(at: int, hours: Hours) -> str:
    if at < hours.opens:
        return "early"
    if at >= hours.closes:
        return "closed"
    return "late" if hours.last is not None and at > hours.last else "open"


def _rests(text: str) -> frozenset[int]:
    """The days of the week, Monday 0, on which the shop rests."""
    days = "".join(found["days"] for found in _RESTS.finditer(folded(text)))
    return frozenset(_WEEK.index("日" if day == "天" else day) for day in days if day in f"{_WEEK}天")


def _weekday(plain: str, today: date | None) -> int | None:
    named = _NAMED_DAY.search(plain)
    if named:
        first = named["days"][0].replace("天", "日")
        return _WEEK.index(first) if first in _WEEK else None
    if today is None:
        return None
    ahead = max((days for word, days in _LATER.items() if word in plain), default=0)
    return (today.weekday() + ahead) % 7


def _readings(plain: str) -> Sequence[int]:
    """The minutes after midnight that the first time in a text may be."""
    found = _TIME.search(plain)
    if found is None:
        return ()
    part = found["part"]
    if part is None and _LATE.search(plain):
        part = "晚上"
    at = _minutes(found["hour"], found["half"], found["minute"], part)
    if at is None:
        return ()
    return (at,) if part or at >= _NOON else (at, at + _NOON)


def _minutes(hour: str, half: str | None, minute: str | None, part: str | None) -> int | None:
    written = int(hour) if hour.isdigit() else chinese(hour)
    if written is None or written > 24:
        return None
    at = int(written) * 60 + (30 if half == "半" else 15 if half else int(minute or 0))
    if part in _AFTERNOON and at < _NOON:
        at += _NOON
    if part == "中午" and at < 4 * 60:
        at += _NOON
    return at


def _clock(at: int) -> str:
    return f"{at // 60}:{at % 60:02d}"

"""Dates, times, years and generations."""

from __future__ import annotations

import re
from re import Match

from avatar.voice.text.number import cardinal, digits
from avatar.voice.text.rule import COUNTED, TO, UNIT, Rules

RULES = Rules()

_NO_DAY = rf"\s?(?:{UNIT}|{COUNTED}|元|块|折|万|倍|之|左右|区间|的)"
"""After a range of decimals: they are no days."""
_HOUR = "早|晚|上午|下午|中午|凌晨"


@RULES.rule(
    r"(?<=\d)(点半?|月份?|日|号|码|度|楼|层|岁|周|季|年|期|级|档|寸|斤|克|米|折)\s*[-~—–至]+\s*"
    rf"(?=(?:{_HOUR}|次日|当晚|第二天|周[一二三四五六日])?\s?\d)"
)
def _until(m: Match[str]) -> str:
    return f"{m[1]}到"


@RULES.rule(rf"(?<![\d:.])([01]?\d|2[0-4]){TO}([01]?\d|2[0-4])点(?!\d)")
def _hours(m: Match[str]) -> str:
    return f"{_hour(m[1])}到{_hour(m[2])}点"


@RULES.rule(rf"(?<![\d.-])(0?[1-9]|1[0-2]){TO}(0?[1-9]|1[0-2])月(?!\d)")
def _months(m: Match[str]) -> str:
    return f"{cardinal(str(int(m[1])))}到{cardinal(str(int(m[2])))}月"


_MONTH_DAY = r"(0?[1-9]|1[0-2])\.([1-9]|0[1-9]|[12]\d|3[01])"


@RULES.rule(rf"(?<![\d.¥￥$分比约]){_MONTH_DAY}日?{TO}{_MONTH_DAY}日?(?![\dA-Za-z.%℃°])(?=(.{{0,2}}))")
def _days_by_dots(m: Match[str]) -> str:
    """9.1-9.5 without a unit are days of a sale."""
    if re.match(_NO_DAY, m[5]):
        return m[0]
    first, last = (f"{cardinal(str(int(m[at])))}月{cardinal(str(int(m[at + 1])))}日" for at in (1, 3))
    return f"{first}到{last}"


@RULES.rule(rf"(?<![\d.¥￥$]){_MONTH_DAY}\s+(?=[012]?\d:[0-5]\d)")
def _day_with_time(m: Match[str]) -> str:
    return f"{cardinal(str(int(m[1])))}月{cardinal(str(int(m[2])))}日"


@RULES.rule(r"(?<![\d./-])(2\d)([/.-])(0?[1-9]|1[0-2])\2(0?[1-9]|[12]\d|3[01])(?![\d./-])(?!\s?[元块cm厘米期个号款码])")
def _short_date(m: Match[str]) -> str:
    return f"{digits(m[1])}年{cardinal(str(int(m[3])))}月{cardinal(str(int(m[4])))}日"


@RULES.rule(r"(?<!\d)((?:19|20)\d0)s(?![A-Za-z])")
def _decade_in_english(m: Match[str]) -> str:
    return f"{digits(m[1])}年代"


@RULES.rule(r"(?<!\d)((?:19|20)\d{2})年?第?Q([1-4])(?!\d)")
def _quarter(m: Match[str]) -> str:
    return f"{digits(m[1])}年第{cardinal(m[2])}季度"


@RULES.rule(r"(?<!\d)((?:19|20)\d{2})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
def _date(m: Match[str]) -> str:
    return f"{digits(m[1])}年{cardinal(str(int(m[3])))}月{cardinal(str(int(m[4])))}日"


@RULES.rule(r"(?<=[近达约满超保用了过第长])(\d{2})年")
def _span(m: Match[str]) -> str:
    return f"{cardinal(m[1])}年"


@RULES.rule(r"(?<!\d)(\d{4}|\d{2})年(?=\d{1,2}月|[春夏秋冬底初末款度上下新双]|$|[，。！？,!? ])")
def _year(m: Match[str]) -> str:
    return f"{digits(m[1])}年"


@RULES.rule(r"(?<!\d)((?:19|20)\d{2})年")
def _full_year(m: Match[str]) -> str:
    return f"{digits(m[1])}年"


@RULES.rule(r"(?<!\d)((?:19|20)\d{2})年?" + TO + r"((?:19|20)\d{2})(?=年|款|届|赛季|学年|新款|[春夏秋冬])")
def _years(m: Match[str]) -> str:
    return f"{digits(m[1])}到{digits(m[2])}"


@RULES.rule(r"(?<!\d)((?:19|20)\d{2})(?=款|届|版|春|夏|秋|冬|新款)")
def _vintage(m: Match[str]) -> str:
    return digits(m[1])


@RULES.rule(r"(?<!\d)(\d{1,2})月(\d{1,2})(日|号)?" + TO + r"(?:(\d{1,2})月)?(\d{1,2})(日|号)")
def _days(m: Match[str]) -> str:
    month = f"{cardinal(m[4])}月" if m[4] else ""
    return f"{cardinal(m[1])}月{cardinal(m[2])}{m[3] or ''}到{month}{cardinal(m[5])}{m[6]}"


@RULES.rule(r"(?<!\d)(0?[1-9]|1[0-2])月(?:(0?[1-9]|[12]\d|3[01])(日|号))?")
def _month(m: Match[str]) -> str:
    day = f"{cardinal(str(int(m[2])))}{m[3]}" if m[2] else ""
    return f"{cardinal(str(int(m[1])))}月{day}"


_LEFT = "(?:(?<=倒计时)|(?<=还剩)|(?<=剩余)|(?<=仅剩)|(?<=只剩))"


@RULES.rule(_LEFT + r"([:：\s]*)(?:(\d{1,2}):)?(\d{1,2}):([0-5]\d)(?![\d:])")
def _countdown(m: Match[str]) -> str:
    hours, minutes, seconds = int(m[2] or 0), int(m[3]), int(m[4])
    said = f"{cardinal(str(hours), counting=True)}小时" if hours else ""
    said += f"{cardinal(str(minutes), counting=True)}分" if minutes else ""
    return m[1] + said + (f"{cardinal(str(seconds))}秒" if seconds else "" if said else "零秒")


_SCALED = "的?(?:比例|车模|模型|手办|仿真|性价比)|兑水|稀释|复刻|还原"


@RULES.rule(
    rf"(?<![\d:])(\d{{1,2}}):(\d{{1,3}})(?=\s?(?:{_SCALED}))|(?:(?<=比例)|(?<=稀释)|(?<=兑水))(\d+):(\d+)(?![\d:])"
)
def _scale(m: Match[str]) -> str:
    """A ratio that looks like a time of day."""
    return f"{cardinal(m[1] or m[3])}比{cardinal(m[2] or m[4])}"


@RULES.rule(r"(?<![A-Za-z])([aApP])[mM]\s?(?=([012]?\d):[0-5]\d)")
def _half_day_before(m: Match[str]) -> str:
    return _half(m[1], int(m[2]))


@RULES.rule(r"(?<![\d:.])([01]?\d)(:[0-5]\d)?\s?([aApP])(?:[mM](?![A-Za-z])|\.[mM]\.)")
def _half_day(m: Match[str]) -> str:
    hour = int(m[1])
    return f"{_half(m[3], hour)}{hour}{m[2] or '点'}" if 0 < hour < 13 else m[0]


def _half(letter: str, hour: int) -> str:
    """The half of the day as it is said in Chinese; a clock of 24 hours needs none."""
    if hour > 12:
        return ""
    return "上午" if letter in "aA" else "下午" if hour in (12, 1, 2, 3, 4, 5) else "晚上"


@RULES.rule(r"(周|星期|礼拜)([1-7一二三四五六日天])\s*[-~—–]+\s*(?=周|星期|礼拜)")
def _weekdays(m: Match[str]) -> str:
    return f"{m[1]}{cardinal(m[2]) if m[2].isdecimal() else m[2]}到"


@RULES.rule(
    rf"(?<![\d/.])(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])(?=日|号|{_HOUR}|[周起截当]|开[抢播始售]|发货)(日|号)?"
)
def _slashed_day(m: Match[str]) -> str:
    return f"{cardinal(str(int(m[1])))}月{cardinal(str(int(m[2])))}{m[3] or '日'}"


_NO_DAYS = rf"\s?(?:{UNIT}|{COUNTED}|[码号款星A-Z]|满分|好评)"


@RULES.rule(
    r"((?:[今明后昨]天|截[至止]|于|日期)[:是到为\s]?)?(?<![\d/.])(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])"
    rf"(?![\d/.]|{_NO_DAYS})"
)
def _no_fraction(m: Match[str]) -> str:
    """12/12 is no share, nor are 11/28 and what stands after "today is"."""
    month, day = int(m[2]), int(m[3])
    if not m[1] and month < day and (month == 1 or day < 13):
        return m[0]
    return f"{m[1] or ''}{cardinal(str(month))}月{cardinal(str(day))}日"


@RULES.rule(
    r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d)|分)?(?!\.?\d|:)("
    + TO
    + r"(?=[012]?\d:[0-5]\d|[一二三四五六七八九十]+月|上午|下午|晚上))?"
)
def _time(m: Match[str]) -> str:
    exact = m[3] in (None, "00")
    minute = "" if m[2] == "00" and exact else f"{cardinal(m[2])}分"
    second = "" if exact else f"{cardinal(m[3])}秒"
    return f"{_hour(m[1])}点{minute}{second}{'到' if m[4] else ''}"


@RULES.rule(r"(?<![\d.])([01]?\d|2[0-4])点(?=半|整|钟|前|后|准时|开播|开始|见|到|[^\d]|$)")
def _oclock(m: Match[str]) -> str:
    return f"{_hour(m[1])}点"


@RULES.rule(r"(?<!\d)(\d)0(?=年代)")
def _decade(m: Match[str]) -> str:
    return cardinal(m[1] + "0")


@RULES.rule(r"(?<!\d)(\d0|\d5)(?=[、/和](?:\d[05]后|后))")
def _generations(m: Match[str]) -> str:
    return digits(m[1])


@RULES.rule(r"(?<!\d)(\d0|\d5)后(?=[一-鿿]|$|[、，。！？,!?])(?!天)")
def _generation(m: Match[str]) -> str:
    return f"{digits(m[1])}后"


def _hour(text: str) -> str:
    return cardinal(str(int(text)), counting=True)

"""Numbers that are names: telephone, order, hotline, standard; and addresses of the net."""

from __future__ import annotations

import re
from re import Match

from avatar.voice.text.number import cardinal, digits
from avatar.voice.text.rule import Rules

_NUMBERED = "|".join(
    "单号 订单 编号 号码 验证码 电话 手机 手机号 微信 微信号 QQ 邮编 密码 尾号 热线 账号 房间号 货号 型号 款号 "
    "券码 口令 ID 工号 批号 学号 卡号".split()
)
_HOTLINES = "10086|10010|10000|12315|12306|12345|12318|95588|95533|95599|95555|110|119|120|122|114"

RULES = Rules()


@RULES.rule(r"(?i)(?<![A-Za-z])wi-?fi(?![A-Za-z])")
def _wifi(_: Match[str]) -> str:
    return "WiFi"


@RULES.rule(r"https?://\S+|www\.[\w./-]+")
def _link(_: Match[str]) -> str:
    return "网页链接"


@RULES.rule(r"([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)")
def _mail(m: Match[str]) -> str:
    return f"{_spelled(m[1])}艾特{_spelled(m[2])}"


@RULES.rule(r"(?<![\d.])(?:\+?86[-\s]?)?(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?![\d.])")
def _mobile(m: Match[str]) -> str:
    return "，".join(digits(part, phone=True) for part in m.groups())


@RULES.rule(r"(?<!\d)([48]00)[-\s]?(\d{3})[-\s]?(\d{4})(?!\d)")
def _service(m: Match[str]) -> str:
    return "，".join(digits(part, phone=True) for part in m.groups())


@RULES.rule(r"(?<!\d)(0\d{2,3})[-\s](\d{7,8})(?!\d)")
def _landline(m: Match[str]) -> str:
    return "，".join(digits(part, phone=True) for part in m.groups())


@RULES.rule(rf"({_NUMBERED})(号?[:：是为\s]{{0,3}})([A-Za-z]*)-?(\d{{3,}})(?![\d.]*[元块%折年月日个件])")
def _numbered(m: Match[str]) -> str:
    return f"{m[1]}{m[2]}{_apart(m[3])}{digits(m[4], phone=m[1] in ('电话', '手机', '手机号', '热线', '尾号'))}"


@RULES.rule(rf"(?<![\d.])({_HOTLINES})(?=热线|客服|电话|投诉|平台|急救|报警)|(?<=打|拨)({_HOTLINES})(?![\d.元])")
def _hotline(m: Match[str]) -> str:
    return digits(m[0], phone=True)


@RULES.rule(r"(?<![A-Za-z])(GB|QB|ISO)(?:/(T|Z))?\s?(\d+)(?:\.(\d+))?[-—](\d{4})(?!\d)")
def _standard(m: Match[str]) -> str:
    part = f"点{digits(m[4])}" if m[4] else ""
    return f"{_apart(m[1] + (m[2] or ''))} {digits(m[3])}{part}，{digits(m[5])}年"


@RULES.rule(r"(?<!\d)(1[4-9]\d)/(\d{2,3})([ABCY])(?![A-Za-z])")
def _clothing_size(m: Match[str]) -> str:
    return f"{digits(m[1])}，{digits(m[2])} {m[3]} "


@RULES.rule(r"(?<!\d)(1060|3003|5052|6061|6063|6082|7075)(?=铝|航空)")
def _alloy(m: Match[str]) -> str:
    return digits(m[1])


@RULES.rule(r"(?m)^\s*(\d{1,2})\s?[.)、](?!\d)")
def _list_item(m: Match[str]) -> str:
    return f"{cardinal(m[1])}，"


def _apart(letters: str) -> str:
    return " ".join(letters)


def _spelled(text: str) -> str:
    """An address part as it is spelled: letters and digits one by one, dots as 点."""
    said = ""
    for c in text:
        said += digits(c) if c.isdecimal() else "点" if c == "." else f" {c} " if c.isalpha() and len(text) < 4 else c
    return re.sub(r"[-_+]", "杠", said)

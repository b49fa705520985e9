"""WeChat ids, QQ numbers and e-mail addresses in folded text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialogue.contact.context import is_other
from dialogue.contact.fold import CHINESE_DIGITS
from dialogue.contact.kind import ContactKind
from dialogue.contact.number import is_mobile
from dialogue.contact.phone import Number, spoken_digits

_SPOKEN = "".join(CHINESE_DIGITS)
_WECHAT = (
    r"(?:[微薇威维徽巍葳徾][\s.]?(?:信|心|芯|xin|x)|卫星(?=号|:)|绿泡泡|(?<![a-z0-9])v[\s.\-]?(?:信|心)|"
    r"(?<![a-z0-9])[vw][\s.\-]?x(?![a-z])|(?<![a-z0-9])[vw]x(?=(?!id)[a-z]+[-_]?[0-9])|"
    r"(?<![a-z0-9])wei[\s]?(?:xin|信)|(?<![a-z0-9])we\s?chat|"
    r"(?:加|\+|[我的]|换|留|扫)\s?(?:个|下|一下)?\s?(?:我|俺)?(?:的)?\s?"
    r""
    r"(?:[薇微威](?![\u4e00-\u9fff])|v(?![a-z])(?![\u4e00-\u9fff](?<![吧呗哈号吗])))|"
    r"(?<![a-z0-9\u4e00-\u9fff])[薇微v](?=\s?[:=])|(?<![a-z0-9\u4e00-\u9fff])[薇微威](?=\s?[a-z][a-z_-]*[0-9]))"
)
_QQ = (
    r"(?:(?<![a-z0-9])q[\s.\-]?q(?![a-z])|扣扣|叩叩|球球|秋秋|企鹅|(?<![a-z0-9])q(?=\s?号|\s?[:=])|"
    r"(?:加|\+|我的?)\s?q(?![a-z]))"
)
_JOIN = (
    r"(?:[\s:=,\-—~>→(（\[【“\"'’”、。.!]|号码|号|账号|帐号|id|是|为|就是|叫|搜索?|加|我|的|这个|[吗呗嘛呀呢]|\?|"
    r"一下|下|添加|吧|哈|哦|啊|可以|直接|备用|也|👉|⬇)"
)
_ID = r"[a-z](?:[-_a-z0-9]|下划线|下横线){5,}|[a-z](?:\s[-_a-z0-9]){5,19}"
_DIGITS = rf"[0-9{_SPOKEN}](?:[\s.\-]?[0-9{_SPOKEN}]){{4,11}}"

_WECHAT_ID = re.compile(rf"({_WECHAT})({_JOIN}{{0,8}}?)({_ID}|{_DIGITS})(?![a-z0-9_@-])")
_WECHAT_AFTER = re.compile(
    rf"(?<![a-z0-9_@.-])({_ID})[\s,(（]*(?:这个?|就)?(?:是|为)?(?:我|本人|俺)?(?:的|个人)?({_WECHAT})(?:号|号码|id)?(?!\s*(?:支付|pay|转账|群))"
)
_QQ_ID = re.compile(rf"({_QQ})({_JOIN}{{0,8}}?)({_DIGITS})(?![a-z0-9_@]|\s?@)")
_QQ_AFTER = re.compile(
    rf"(?<![0-9a-z_])([1-9][0-9]{{4,10}})[\s,(（]*(?:这个?|就)?(?:是|为)?(?:我|本人)(?:的)?(?:{_QQ})"
)
_SAME = re.compile(
    rf"(?:{_WECHAT}|{_QQ})(?:号)?(?:和|跟|与)?(?:也|都|就)?(?:是)?\s?(?:同号?|一样|同步|同手机|同电话|同上|相同|一个号|就?是(?:这个|手机|电话)|是同一个|这个号)"
    rf"|{_WECHAT}(?:和|跟|与)(?:手机|电话)(?:号码?)?(?:都|是|同)|{_WECHAT}.{{0,4}}搜(?:我)?(?:的)?(?:手机|电话)"
    rf"|(?:手机|电话)(?:号)?\s?[/、&+]\s?{_WECHAT}|{_WECHAT}\s?[/、&+]\s?(?:手机|电话)|v\s?同|同\s?{_WECHAT}|(?:手机|电话|号码?)(?:号)?(?:就|也|都)?是?(?:我)?(?:的)?{_WECHAT}|(?:也|就|都)是(?:我)?(?:的)?{_WECHAT}"
    rf"|(?:{_WECHAT})(?:和|跟)?(?:手机|电话)(?:号)?(?:是)?(?:同|一)|(?:手机|电话)(?:号)?(?:和|跟|加|/|、|\+)?{_WECHAT}(?:同|都|一)|{_WECHAT}(?:电话|手机)(?:都|同)"
)
_AT = r"\s*(?:@|艾特|圈a|[(\[]at[)\]]|\s+at\s+)\s*"
_DOT = r"\s*(?:\.|。|点|[(\[]dot[)\]]|\s+dot\s+)\s*"
_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+-])([a-z0-9](?:[a-z0-9._%+-]|下划线){{0,63}}?){_AT}([a-z0-9-]{{1,63}}(?:{_DOT}[a-z0-9-]{{1,63}}){{0,6}}){_DOT}"
    r"(com|cn|net|org|edu|gov|io|co|me|vip|top|xyz|hk|tw|us|uk|de|jp|sg|info|biz|cc|tv|app|dev|shop|online|site|tech|ai)(?![a-z0-9])"
)
_ASKED = re.compile(
    rf"(?:您|你|留|加|方便|请|给)[^。!？?]{{0,12}}(?:{_WECHAT}|(?P<qq>{_QQ}))[^。!]{{0,12}}(?:[?？]|多少|是什么|告诉|发(?:给|我)|留|吗|呢)[^。!]{{0,6}}$"
)
_SHOPS = re.compile(r"(?:你们?|您|贵店|店里|商家|客服|官方|卖家|店铺|公众号|小程序)(?:家|店)?(?:的|是)?$")
_WORDS = frozenset(
    "please wechat weixin thanks hello support service android iphone official minicode payment windows google online "
    "message contact number public channel video mobile friend friends account update follow login "
    "download store alipay unionpay".split()
)


@dataclass(frozen=True, slots=True)
class Account:
    """A WeChat, QQ or e-mail account in folded text."""

    kind: ContactKind
    value: str
    start: int
    end: int
    same: bool = False
    """True for a WeChat account that is said to be the same as the telephone."""


def scan_emails(text: str) -> Iterator[Account]:
    """E-mail addresses, also with 艾特 and 点."""
    for match in _EMAIL.finditer(text):
        name = match[1].replace("下划线", "_").rstrip(".")
        host = re.sub(_DOT, ".", match[2]) + "." + match[3]
        if ".." not in name and not is_other(text, *match.span()):
            yield Account(ContactKind.EMAIL, f"{name}@{host}", match.start(), match.end())


def scan_wechat(text: str, numbers: Sequence[Number]) -> Iterator[Account]:
    """WeChat ids after or before their label, and "微信同号" beside a mobile number."""
    for match in _WECHAT_ID.finditer(text):
        if not is_other(text, match.start(), match.end()) and not _is_offered(text, match.start()):
            value = wechat_id(match[3])
            if value is not None and not _is_word(value, match[2]):
                yield Account(ContactKind.WECHAT, value, match.start(3), match.end(3))
    for match in _WECHAT_AFTER.finditer(text):
        value = wechat_id(match[1])
        if value is not None and value not in _WORDS and not is_other(text, match.start(), match.end()):
            yield Account(ContactKind.WECHAT, value, match.start(1), match.end(1))
    mobiles = [number for number in numbers if number.kind == ContactKind.PHONE and number.value.isdigit()]
    if mobiles and _SAME.search(text):
        number = mobiles[-1]
        yield Account(ContactKind.WECHAT, number.value, number.start, number.end, same=True)


def scan_qq(text: str) -> Iterator[Account]:
    """QQ numbers after or before their label."""
    for match in _QQ_ID.finditer(text):
        value = qq_number(match[3])
        if (
            value is not None
            and not is_other(text, match.start(), match.end())
            and not _is_offered(text, match.start())
        ):
            yield Account(ContactKind.QQ, value, match.start(3), match.end(3))
    for match in _QQ_AFTER.finditer(text):
        yield Account(ContactKind.QQ, match[1], match.start(1), match.end(1))


def wechat_id(text: str) -> str | None:
    """The normal form of a WeChat id: a letter and 5 to 19 letters, digits, `_`, `-`; or a mobile or QQ number."""
    text = re.sub(r"\s", "", text) if text[0].isascii() and text[0].isalpha() else text
    if text[0].isascii() and text[0].isalpha():
        text = text.replace("下划线", "_").replace("下横线", "_").rstrip("-_") if len(text) > 6 else text
        return text if 6 <= len(text) <= 20 else None
    digits = spoken_digits(text)
    if is_mobile(digits) or (6 <= len(digits) <= 10 and digits[0] != "0"):
        return digits
    return None


def qq_number(text: str) -> str | None:
    """The digits of a QQ number: 5 to 11, not starting with 0."""
    digits = spoken_digits(text)
    return digits if 5 <= len(digits) <= 11 and digits[0] != "0" else None


def label_at_end(text: str) -> bool:
    """True when the text ends by announcing an account that must come in the next message."""
    return re.search(rf"(?:{_WECHAT}|{_QQ}){_JOIN}{{0,6}}$", text) is not None


def asked_for(text: str) -> str:
    """The label of the account that a question asks for (`微信`, `qq`), or nothing."""
    found = _ASKED.search(text)
    return "" if found is None else ("qq" if found["qq"] else "微信")


def _is_word(value: str, join: str) -> bool:
    return value in _WORDS or (value.isalpha() and not join.strip())


def _is_offered(text: str, start: int) -> bool:
    """True for the shop's account, or a question about one: 你们的微信…"""
    return text[start] not in "加+换留扫" and _SHOPS.search(text[max(0, start - 8) : start]) is not None

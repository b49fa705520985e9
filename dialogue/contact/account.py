"""WeChat ids, QQ numbers and e-mail addresses in folded text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialogue.contact.context import is_other, is_theirs
from dialogue.contact.correction import correction_end
from dialogue.contact.fold import CHINESE_DIGITS
from dialogue.contact.kind import ContactKind
from dialogue.contact.number import is_mobile
from dialogue.contact.phone import Number, spoken_digits

_SPOKEN = "".join(CHINESE_DIGITS)
_BREAK = r"[\s.|·\-_*/丨、~]{0,2}"
_WECHAT = (
    rf"(?:[微薇威维徽巍葳徾溦嶶崴围韦][\s.|·\-_*/丨、~]?(?:[信心芯伈馨欣鑫訫]|xin|x)|[卫魏][星新信心](?=号|:|\s?[a-z])|绿(?:泡泡?|色)(?:软件|图标|聊天)?|小绿泡|"
    rf"(?<![a-z0-9])v{_BREAK}(?:[信芯伈欣新鑫]|心x?)|(?<![a-z0-9])[vw]心?{_BREAK}x(?![a-z])|(?<![a-z0-9])[vw]x(?=(?!id)[a-z]+[-_]?[0-9])|"
    r"(?<![a-z0-9])w\s?信|(?<![a-z0-9])w\s?e\s?i\s?(?:x\s?i\s?n|信)|(?<![a-z0-9])we\s?chat|"
    r"(?:加|佳|家|\+|[我的]|换|留|扫)\s?(?:个|下|一下)?\s?(?:我|俺)?(?:的)?\s?"
    r"(?:[薇微威](?![\u4e00-\u9fff](?<![吧呗哈号吗嘛不么]))|v(?![a-z])(?![\u4e00-\u9fff](?<![吧呗哈号吗嘛不么])))|"
    r"(?<![a-z0-9\u4e00-\u9fff])(?:薇薇|[薇微v])(?=\s?[:=])|(?<![a-z0-9\u4e00-\u9fff])[薇微威](?=\s?[a-z][a-z_-]*[0-9])|"
    r"(?<![a-z0-9\u4e00-\u9fff])[薇微威v]号|(?<![a-z0-9\u4e00-\u9fff])[薇微威v]我(?=\s?:?\s?[a-z][-_a-z0-9]{5}))"
)
_QQ = (
    r"(?:(?<![a-z0-9])q[\s.\-|·_*/]?q(?![a-z])|扣扣|叩叩|抠抠|蔻蔻|球球|秋秋|企鹅|(?<![a-z0-9])q(?=\s?号|\s?[:=]|\s[1-9][0-9]{5,})|"
    r"(?<![折纽]|排|搭)扣(?=号|我|\s?[:=])|(?:加|\+|我的?)\s?[q扣](?![a-z扣]))"
)
_JOIN = (
    r"(?:[\s:=,\-—~>→(（\[【“\"'’”、。.!;]|号码|号|账号|帐号|\bid|is\b|hao|是|为|就是|叫|搜索?|加|我|的|这个|[吗呗嘛呀呢]|\?|"
    r"一下|下|添加|吧|哈|哦|啊|可以|直接|备用|也|联系|找|上|说|聊|详聊|私聊|沟通|语音|通过|滴滴|发|在|👉|⬇)"
)
_TOLD = (
    r"(?!群|公众|小程序|支付|付款|转账|视频号|商城|pay)"
    r"(?:[^\s,。!?:\x00]{0,6}:\s?|[^。!?\x00]{0,24}(?:不对|错了|更正)[,，。\s]*(?:应该|正确的?)?是?\s?)"
)
"""What may stand between a label and its account besides the usual joining words: 加微信找小李： or a correction."""
_DASH = r"\s?(?:中划线|横杠|短横线?|减号|杠)\s?"
_UNDERLINE = r"\s?(?:下划线|下横线|底线|underscore)\s?"
_ID = rf"[a-z](?:[-_a-z0-9]|{_UNDERLINE}|{_DASH}){{5,}}|[a-z](?:\s[-_a-z0-9]){{5,19}}"
_DIGITS = rf"[0-9{_SPOKEN}](?:[\s.\-]?[0-9{_SPOKEN}]){{4,11}}"

_RESTATED = re.compile(rf"(?:{_ID}|{_DIGITS})(?![a-z0-9_@-])")

_AND = r"\s?(?:和|跟|与|加|同|/|、|&|=|\+)?\s?"

_WECHAT_ID = re.compile(rf"({_WECHAT})({_JOIN}{{0,8}}?|{_TOLD})({_ID}|{_DIGITS})(?![a-z0-9_@-])")
_WECHAT_SPELT = re.compile(
    rf"({_WECHAT}){_JOIN}{{0,8}}?(?:英文|字母|拼音|全拼|小写|大写)*\s?"
    rf"([a-z](?:[-_a-z0-9]|{_UNDERLINE}){{1,18}}?)"
    r"(?:\s?(?:加上?|\+|然后|再加?上?|后面|和)?\s?(?:是)?(?:数字)?\s?)([0-9]{1,10})(?![0-9a-z_@-])"
)
"""An id told in parts: li 下划线 mei 88, 英文 sunflower 加数字 1988."""
_WECHAT_AFTER = re.compile(
    rf"(?<![a-z0-9_@.-])({_ID})[\s,(（]*(?:这个?|就)?(?:是|为)?(?:我|本人|俺)?(?:的|个人)?({_WECHAT})(?:号|号码|id)?(?!\s*(?:支付|pay|转账|群))"
)
_QQ_ID = re.compile(rf"({_QQ})(?:{_AND}{_WECHAT}(?:号|同号)?)?({_JOIN}{{0,8}}?|{_TOLD})({_DIGITS})(?![a-z0-9_@]|\s?@)")
_QQ_AFTER = re.compile(
    rf"(?<![0-9a-z_])([1-9][0-9]{{4,10}})[\s,(（]*(?:这个?|就)?(?:是|为)?(?:我|本人)(?:的)?(?:{_QQ})"
)
_PHONE = r"(?:手机|电话)(?:号码?)?"
_ANY = rf"(?:{_WECHAT}|(?<![a-z0-9])[薇微威v](?![a-z]))(?:号码?|id)?"
_IS = r"(?:也|都|就)*(?:是)?\s?"
_SAME = re.compile(
    rf"{_ANY}\s?{_IS}(?:同|它|一样|相同|一致|通用|一个号|(?:是|用|加)?(?:这个|同一个)|{_AND}{_PHONE}同?|(?:和|跟|与|同)(?:我|这个?)?的?{_PHONE}|是?我?的?{_PHONE})"
    rf"|搜(?:我)?(?:的)?{_PHONE}.{{0,16}}{_ANY}|{_ANY}.{{0,4}}搜(?:我)?(?:的)?(?:手机|电话)|{_PHONE}{_AND}{_ANY}\s?(?:{_IS}(?:同|一|这|是)|[:\s(=]*(?=[0-9]))"
    rf"|(?<![不别])同{_ANY}|(?:{_PHONE}|号码?){_IS}我?的?{_ANY}|(?:也|就|都)是(?:我)?(?:的)?{_ANY}|(?:[微薇威v]\s?[电手]|[电手]\s?[微薇威v])\s?(?:同|一致|一样)"
)
_AT = r"\s*(?:@|艾特|圈a|小老鼠|#|[(\[](?:at?|@)[)\]]|\s+at\s+)\s*"
_DOT = r"\s*(?:\.|。|点|[(\[]dot[)\]]|\s+dot\s+)\s*"
_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+-])([a-z0-9](?:[a-z0-9._%+-]|下划线|点(?=[a-z0-9])){{0,63}}?){_AT}([a-z0-9-]{{1,63}}(?:{_DOT}[a-z0-9-]{{1,63}}){{0,6}}){_DOT}"
    r"(com|cn|net|org|edu|gov|io|co|me|vip|top|xyz|hk|tw|us|uk|de|jp|sg|info|biz|cc|tv|app|dev|shop|online|site|tech|ai|club|store|ltd|group|work|link|asia|pro|cloud|fr|it|ca|au|ru|my|kr|nl|nz|eu|mo)(?![a-z0-9])"
)
_LOOSE_ID = re.compile(
    r"(?<![a-z0-9_@.\-])(?=[a-z]+[-_]?[a-z]*[0-9_])(?![a-z]{1,4}-?[a-z]{0,3}[0-9]{1,3}(?![a-z0-9_-]))[a-z][-_a-z0-9]{5,19}(?![a-z0-9_@.-])"
)
"""What can hardly be anything but an account: letters with digits or an underline, and not like an article number."""
_LOOSE_NUMBER = re.compile(r"(?<![0-9a-z_.\-])(?!1[3-9][0-9]{9}(?![0-9]))[1-9][0-9]{5,10}(?![0-9a-z_@.\-])")
_MAILBOX = re.compile(
    r"(?<![a-z0-9@.])(?:(qq|扣扣|163|126|gmail|foxmail|outlook)\s?的?邮箱(?:账号|帐号|号码|号|名|前面)?(?:是|为|[:\s])*([a-z0-9][a-z0-9._-]{4,30})(?![a-z0-9@._-])"
    r"|([a-z0-9][a-z0-9._-]{4,30})\s?(?:的|是|这个|,)?\s?(qq|扣扣|163|126|gmail|foxmail|outlook)\s?的?邮箱)"
)
"""A name and the house it lives at: QQ邮箱 120445678, zhangsan 的163邮箱."""
_ASKED = re.compile(
    rf"(?:您|你|留|加|方便|请|给)[^。!？?]{{0,12}}(?:{_WECHAT}|(?P<qq>{_QQ}))[^。!]{{0,12}}(?:[?？]|多少|是什么|告诉|发(?:给|我)|留|吗|呢)[^。!]{{0,6}}$"
)
_SHOPS = re.compile(
    r"(?:(?<![发给诉跟和把])你们?|您|贵店|店里|商家|客服|官方|卖家|店铺|公众号|小程序)(?:家|店)?(?:的|是)?$"
)
_DENIED = re.compile(r"(?:没有?|无|不(?:用|玩|是|上))我?的?\s*$")
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
        name = match[1].replace("下划线", "_").replace("点", ".").rstrip(".")
        host = re.sub(_DOT, ".", match[2]) + "." + match[3]
        if ".." not in name and not is_theirs(text, *match.span()):
            yield Account(ContactKind.EMAIL, f"{name}@{host}", match.start(), match.end())

    for match in _MAILBOX.finditer(text):
        name, house = (match[2], match[1]) if match[1] else (match[3], match[4])
        host = "qq" if house == "扣扣" else house
        if not is_theirs(text, *match.span()) and not _is_offered(text, match.start()):
            yield Account(ContactKind.EMAIL, f"{name}@{host}.com", *match.span(2 if match[1] else 3))


def scan_wechat(text: str, numbers: Sequence[Number]) -> Iterator[Account]:
    """WeChat ids after or before their label, and "微信同号" beside a mobile number."""
    spelt = -1
    for match in _WECHAT_SPELT.finditer(text):
        value = wechat_id(re.sub(r"\s", "", match[2]) + match[3])
        told = re.search(r"线|数字|英文|字母|拼|写|加|underscore", match[0])
        if value is not None and told and not _elsewhere(text, match.start(), match.end()):
            spelt = match.end(3)
            yield Account(ContactKind.WECHAT, value, match.start(2), match.end(3))
    for match in _WECHAT_ID.finditer(text):
        if (
            match.end() > spelt
            and not _elsewhere(text, match.start(), match.end())
            and not _is_offered(text, match.start())
        ):
            value = wechat_id(match[3])
            if value is not None and not _is_word(value, match[2]):
                yield Account(ContactKind.WECHAT, value, match.start(3), match.end(3))
    for match in _WECHAT_AFTER.finditer(text):
        value = wechat_id(match[1])
        if value is not None and value not in _WORDS and not _elsewhere(text, match.start(), match.end()):
            yield Account(ContactKind.WECHAT, value, match.start(1), match.end(1))
    mobiles = [number for number in numbers if number.kind == ContactKind.PHONE and number.value.isdigit()]
    if mobiles and _SAME.search(text):
        number = mobiles[-1]
        yield Account(ContactKind.WECHAT, number.value, number.start, number.end, same=True)


def scan_loose(text: str, accounts: Sequence[Account]) -> Iterator[Account]:
    """The one account of a message that names WeChat or QQ elsewhere: 能微信发图吗？我的是 li_mei88."""
    for kind, label, shape in (
        (ContactKind.WECHAT, _WECHAT, _LOOSE_ID),
        (ContactKind.QQ, _QQ, _LOOSE_NUMBER),
    ):
        named = re.search(label, text)
        if named is None or any(account.kind == kind for account in accounts) or not re.search(r"我|加|号|联系", text):
            continue
        if _is_offered(text, named.start()) or re.search(r"支付|付款|转账|红包|群|公众号|小程序|你们的|客服", text):
            continue
        found = [one for one in shape.finditer(text) if one.start() >= named.end() or one.end() <= named.start()]
        if len(found) == 1 and not is_other(text, *found[0].span()) and found[0][0] not in _WORDS:
            yield Account(kind, found[0][0].rstrip("-"), *found[0].span())


def scan_restated(text: str, accounts: Sequence[Account]) -> Iterator[Account]:
    """An account that takes back the one before it: 微信abc_1234，打错了，是abc_12345."""
    for account in accounts:
        start = correction_end(text, account.end)
        match = None if start is None else _RESTATED.match(text, start)
        value = match and (qq_number if account.kind == ContactKind.QQ else wechat_id)(match[0])
        if match and value and value != account.value:
            yield Account(account.kind, value, *match.span())


def scan_qq(text: str) -> Iterator[Account]:
    """QQ numbers after or before their label."""
    for match in _QQ_ID.finditer(text):
        value = qq_number(match[3])
        if (
            value is not None
            and not _elsewhere(text, match.start(), match.end())
            and not _is_offered(text, match.start())
        ):
            yield Account(ContactKind.QQ, value, match.start(3), match.end(3))
    for match in _QQ_AFTER.finditer(text):
        yield Account(ContactKind.QQ, match[1], match.start(1), match.end(1))


def wechat_id(text: str) -> str | None:
    """The normal form of a WeChat id: a letter and 5 to 19 letters, digits, `_`, `-`; or a mobile or QQ number."""
    text = re.sub(r"\s", "", text) if text[0].isascii() and text[0].isalpha() else text
    if text[0].isascii() and text[0].isalpha():
        text = re.sub(_DASH, "-", re.sub(_UNDERLINE, "_", text)).rstrip("-")
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


def promised(text: str) -> str:
    """The label of the account that a message says is coming (我把微信发你), or nothing."""
    if re.search(r"[?？吗么]|多少|你们|您的|你的|支付|付款|转账|不|没", text):
        return ""
    found = re.search(rf"(?:(?P<wechat>{_WECHAT})|(?P<qq>{_QQ}))(?:号码?)?[^。!]{{0,10}}$", text)
    return "" if found is None or not re.search(r"我|发|给|下面|这", text) else ("qq" if found["qq"] else "微信")


def account_label(text: str) -> str:
    """The label (`微信`, `qq`) of the last account that a message names, or nothing."""
    named = [
        (match.start(), label)
        for label, pattern in (("微信", _WECHAT), ("qq", _QQ))
        for match in re.finditer(pattern, text)
    ]
    return max(named)[1] if named else ""


def asked_for(text: str) -> str:
    """The label of the account that a question asks for (`微信`, `qq`), or nothing."""
    found = _ASKED.search(text)
    return "" if found is None else ("qq" if found["qq"] else "微信")


def _is_word(value: str, join: str) -> bool:
    return value in _WORDS or (value.isalpha() and not join.strip())


def _elsewhere(text: str, start: int, end: int) -> bool:
    """True when the clause says that what is labelled an account is another's, or none: 我没微信，138…"""
    clause = max(text.rfind(mark, 0, start) for mark in ",。;!?\n") + 1
    return _DENIED.search(text, clause, start) is not None or is_other(text[clause:], start - clause, end - clause)


def _is_offered(text: str, start: int) -> bool:
    """True for the shop's account, or a question about one: 你们的微信…"""
    return text[start] not in "加+换留扫" and _SHOPS.search(text[max(0, start - 8) : start]) is not None

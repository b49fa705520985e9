"""Numbers that are names: telephone, order, hotline, standard; and addresses of the net."""

from __future__ import annotations

import re
from re import Match

from avatar.voice.text.number import cardinal, digits, roman
from avatar.voice.text.rule import Rules

_NUMBERED = "|".join(
    "单号 订单 编号 号码 验证码 电话 手机 手机号 微信 微信号 QQ 邮编 密码 尾号 热线 账号 房间号 货号 型号 款号 "
    "券码 口令 ID 工号 批号 学号 卡号 取件码 提货码 取货码 兑换码 核销码 邀请码 激活码 优惠码 防伪码 追溯码 条码 编码 "
    "机身码 代码 股票 序列号 流水号 交易号 会员号 门牌号 车牌号 群号 批次 身份证 护照".split()
)
_LINES = "10086|10010|12315|12306|12318|95588|95533|95599|95555"
"""Numbers nobody reads as a quantity."""
_HOTLINES = rf"{_LINES}|10000|12345|110|119|120|122|114"

RULES = Rules()


@RULES.rule(r"(?i)(?<![A-Za-z])wi-?fi(?![A-Za-z])")
def _wifi(_: Match[str]) -> str:
    return "WiFi"


_DOMAIN = r"(?:[A-Za-z0-9-]+\.)+(?:com|cn|net|org|shop|store|vip|top|tv|cc|xyz)"


@RULES.rule(rf"(?<![A-Za-z0-9_@.-])({_DOMAIN})(?![A-Za-z0-9.-])(/[!-~]*)?")
def _domain(m: Match[str]) -> str:
    return "网页链接" if m[2] else _spelled(m[1])


@RULES.rule(r"(?<![A-Za-z&])(H&M|M&M|AT&T|P&G|D&G|C&A|B&O|A&F|R&B|Q&A)(?![A-Za-z&])")
def _firm(m: Match[str]) -> str:
    return m[1].replace("&", " and ")


@RULES.rule(r"(?<![\d/])24/7(?![\d/])")
def _always(_: Match[str]) -> str:
    return "二十四乘七"


_NUMERAL = "(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})"


@RULES.rule(rf"(?:(?<=第)\s?({_NUMERAL})(?![A-Za-z])|(?<![A-Za-z])({_NUMERAL})(?=[代届世期]))")
def _numeral(m: Match[str]) -> str:
    return cardinal(str(roman(m[1] or m[2])))


@RULES.rule(r"(?<=\d)\s?转\s?(\d{1,6})(?![\d元块圈度])")
def _extension(m: Match[str]) -> str:
    return f"转{digits(m[1], phone=True)}"


@RULES.rule(r"([A-Za-z]\w*)_(\w+)")
def _underscore(m: Match[str]) -> str:
    return f"{m[1]}下划线{re.sub(r'[0-9]+', lambda part: digits(part[0]), m[2])}"


@RULES.rule(r"([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)")
def _mail(m: Match[str]) -> str:
    return f"{_spelled(m[1])}艾特{_spelled(m[2])}"


@RULES.rule(r"(?<![\d.])(?:\+?86[-\s]?)?(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?![\d.])")
def _mobile(m: Match[str]) -> str:
    return "，".join(digits(part, phone=True) for part in m.groups())


@RULES.rule(r"(?<!\d)([48]00)(?:[-\s]?(\d{3})[-\s]?(\d{4})|[-\s](\d{4})[-\s](\d{3}))(?!\d)")
def _service(m: Match[str]) -> str:
    return "，".join(digits(part, phone=True) for part in m.groups() if part)


@RULES.rule(r"(?<!\d)([48]00\d)[-\s](\d{3})[-\s](\d{3})(?!\d)")
def _service_by_fours(m: Match[str]) -> str:
    return "，".join(digits(part, phone=True) for part in m.groups())


@RULES.rule(r"(?<!\d)106\d{5,12}(?!\d)")
def _short_message(m: Match[str]) -> str:
    return digits(m[0], phone=True)


@RULES.rule(r"(?<![\d.])\d{4}(?: \d{4}){2,4}(?: \d{1,4})?(?![\d.])")
def _card(m: Match[str]) -> str:
    return "，".join(digits(part) for part in m[0].split())


@RULES.rule(r"(?<!\d)\(?(0\d{2,3})(?:\)\s?|[-\s])(\d{3,4})([-\s]?)(\d{4})(?!\d)")
def _landline(m: Match[str]) -> str:
    parts = (m[1], m[2], m[4]) if m[3] else (m[1], m[2] + m[4])
    return "，".join(digits(part, phone=True) for part in parts)


@RULES.rule(r"(?<=[路街道巷弄])(\d{1,4})-(\d{1,3})(?=号)")
def _house(m: Match[str]) -> str:
    return f"{cardinal(m[1])}杠{cardinal(m[2])}"


@RULES.rule(rf"({_NUMBERED})(号?[:：是为\s]{{0,3}})([A-Za-z]*)-?(\d{{3,}})(?![\d.]*[元块%折年月日个件])")
def _numbered(m: Match[str]) -> str:
    return f"{m[1]}{m[2]}{_apart(m[3])}{digits(m[4], phone=m[1] in ('电话', '手机', '手机号', '热线', '尾号'))}"


@RULES.rule(rf"(?:{_NUMBERED})号?[:：是为\s]{{0,3}}(?P<code>[A-Za-z\d]+(?:-[A-Za-z\d]+)+)")
def _grouped(m: Match[str]) -> str:
    parts = (re.sub(r"\d+", lambda part: digits(part[0]), part) for part in m["code"].split("-"))
    return m[0][: -len(m["code"])] + "，".join(parts)


@RULES.rule(r"(?<!\d)(?:54321(?!\d)|321(?=[，,！!。\s]*(?:上|开|走|抢|来|$)))")
def _countdown(m: Match[str]) -> str:
    return digits(m[0])


@RULES.rule(r"(?<=天玑|麒麟)\s?(\d{4})(?!\d)(\+)?")
def _chip(m: Match[str]) -> str:
    return digits(m[1]) + ("加" if m[2] else "")


@RULES.rule(r"(?<=群)([:：\s]?)(\d{5,12})(?!\d)")
def _group(m: Match[str]) -> str:
    return m[1] + digits(m[2])


@RULES.rule(
    r"(?<=[扣打刷敲])(\s?|个|波|一波|一下)((\d)\3{2,}|123|520|1314|233)(?!\d)(?![\d.,]*\s?[元块%折年月日个件单份人次万千积分])"
)
def _typed(m: Match[str]) -> str:
    """What viewers are asked to type is read as it is typed."""
    return m[1].strip() + digits(m[2])


@RULES.rule(r"(?<![\d.¥￥$])(?:6{3,}|23{3,})(?!\d)(?![\d.,]*\s?[元块%折年月日个件单份人次万千积分毫克米号楼])")
def _applause(m: Match[str]) -> str:
    return digits(m[0])


@RULES.rule(r"(?<!\d)(20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?![\d.,]*[元块%个件人次万千])(?!\d)")
def _compact_date(m: Match[str]) -> str:
    return digits(m[1])


@RULES.rule(rf"(?<![\d.¥￥$])({_LINES})(?![\d.,]*\s?[元块%折年月日个件单份人次万千])(?!\d)")
def _service_line(m: Match[str]) -> str:
    return digits(m[0], phone=True)


@RULES.rule(rf"(?<![\d.])({_HOTLINES})(?=热线|客服|电话|投诉|平台|急救|报警)|(?<=打|拨)({_HOTLINES})(?![\d.元])")
def _hotline(m: Match[str]) -> str:
    return digits(m[0], phone=True)


@RULES.rule(r"(?<![A-Za-z])(GB|QB|ISO)(?:/(T|Z))?\s?(\d+)(?:\.(\d+))?[-—:](\d{4})(?!\d)")
def _standard(m: Match[str]) -> str:
    part = f"点{digits(m[4])}" if m[4] else ""
    return f"{_apart(m[1] + (m[2] or ''))} {digits(m[3])}{part}，{digits(m[5])}年"


@RULES.rule(r"(?<!\d)(1[4-9]\d)/(\d{2,3})([ABCY])(?![A-Za-z])")
def _clothing_size(m: Match[str]) -> str:
    return f"{digits(m[1])}，{digits(m[2])} {m[3]} "


@RULES.rule(r"(?<!\d)(\d{1,3})(?=单元(?!格))")
def _entrance(m: Match[str]) -> str:
    return cardinal(m[1])


@RULES.rule(
    r"([京沪津渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z])\s?[·.]?\s?([A-Z\d]{5,6})(?![A-Za-z\d])"
)
def _plate(m: Match[str]) -> str:
    return f"{m[1]} " + re.sub(
        r"\d+|[A-Z]+", lambda part: f" {_apart(part[0])} " if part[0].isalpha() else digits(part[0]), m[2]
    )


@RULES.rule(r"(?<![A-Za-z\d])(X{0,4}[SML]|\d?XL)\s?[-~—–至到]\s?(\d?X{0,4}[SML])(?![A-Za-z\d])")
def _sizes(m: Match[str]) -> str:
    return f"{_size(m[1])}到{_size(m[2])}"


@RULES.rule(r"(?<![\d.])(\d{1,2})[kK](?=\s?(?:足|黄|白|彩|包|镀|纯|真)?(?:金|玫瑰|铂))")
def _carat(m: Match[str]) -> str:
    return f"{cardinal(m[1])} K "


for _pattern in (
    r"(?<!\d)(925|990|999|9999)(?=(?:纯|足|千足)?[金银]|铂金)",  # gold and silver
    r"(?<!\d)(50[15]|51[1-7])(?=牛仔|直筒|系列|修身)",  # jeans
    r"(?<=色号)\s?#?\s?(\d{2,4})(?!\d)",  # shade
    r"(?<!\d)(1688)(?=批发|网|平台|店|同款)",  # 1688.com
    r"(?<!\d)(88)(?=VIP|vip|会员)",  # a paid membership
    r"(?<!\d)(58|51|163|126|360)(?=同城|到家|job|邮箱|浏览器|安全|卫士|摄像|儿童手表)",  # firms
    r"(?<!\d)(2\d)(?=SS|FW|AW)",  # seasons of fashion
    r"(?<=N)(95)(?!\d)",  # masks
    r"(?<!\d)(985|211)(?=[、/和]?(?:985|211)?(?:高校|大学|院校|名校|毕业|工程|本科|硕士))",  # universities
    r"(?<=单元)\s?(\d{3,4})(?!\d)",  # flat
    r"(?<=[座栋幢楼])\s?(\d{3,4})(?![\d.,]*\s?[元块个件米平层户人套])(?!\d)",  # door
    r"(?<!\d)(\d{3})(?=口红|唇釉|唇膏|唇泥|色号|号色)",  # lipstick
    r"(?<!\d)(\d{3,4})(?=室|房(?!间[^号]|子)|号房|包厢)",  # room
    r"(?<!\d)(1060|3003|5052|6061|6063|6082|7075)(?=铝|航空)",  # aluminium
):
    RULES.rule(_pattern)(lambda m: digits(m[1]))


@RULES.rule(r"(?<![\d#])(\d{1,4})#(?!\d)")
def _numbered_by_hash(m: Match[str]) -> str:
    return (digits(m[1]) if len(m[1]) > 2 else cardinal(m[1])) + "号"


@RULES.rule(r"\s(\d{1,2})[.)、](?=[㐀-鿿])")
def _next_item(m: Match[str]) -> str:
    """A list written in one line: where the number before stands as an item too."""
    before = rf"(?<!\d){int(m[1]) - 1}\s?[.)、](?!\d)"
    return f"，{cardinal(m[1])}，" if re.search(before, m.string[: m.start()]) else m[0]


@RULES.rule(r"(?m)^\s*(\d{1,2})\s?[.)、](?!\d)")
def _list_item(m: Match[str]) -> str:
    return f"{cardinal(m[1])}，"


def _size(text: str) -> str:
    """A size of clothes: the letters apart, a number before them."""
    letters = text.lstrip("0123456789")
    return f"{cardinal(text[: -len(letters)])} {_apart(letters)} " if letters != text else f" {_apart(letters)} "


def _apart(letters: str) -> str:
    return " ".join(letters)


def _spelled(text: str) -> str:
    """An address part as it is spelled: letters and digits one by one, dots as 点."""
    said = ""
    for c in text:
        said += digits(c) if c.isdecimal() else "点" if c == "." else f" {c} " if c.isalpha() and len(text) < 4 else c
    return re.sub(r"[-_+]", "杠", said)

"""Written shop Chinese to the words a host says.

A list of rules, the most specific first; each turns one way of writing (a price, a telephone number, a date…) into Han
characters, so that no later rule sees it again. What is left at the end is Han, English words and punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from re import Match

from avatar.text.number import LONGEST, amount, cardinal, digits
from avatar.text.unit import CURRENCIES, MEASURE_WORDS, UNITS

MOST_CHARACTERS = 5_000
"""Longer texts are cut here: an hour of speech is not one line."""

Rule = tuple[re.Pattern[str], Callable[[Match[str]], str]]

_N = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_TO = r"\s*[-~—–至到]+\s*"
_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_CURRENCY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_COUNTED = "|".join(sorted(MEASURE_WORDS, key=len, reverse=True))
_NUMBERED = "|".join(
    "单号 订单 编号 号码 验证码 电话 手机 手机号 微信 微信号 QQ 邮编 密码 尾号 热线 账号 房间号 货号 型号 款号 "
    "券码 口令 ID 工号 批号 学号 卡号".split()
)
_HOTLINES = "10086|10010|10000|12315|12306|12345|12318|95588|95533|95599|95555|110|119|120|122|114"


def _rules() -> list[Rule]:
    rules: list[Rule] = []

    def rule(pattern: str) -> Callable[[Callable[[Match[str]], str]], Callable[[Match[str]], str]]:
        def add(function: Callable[[Match[str]], str]) -> Callable[[Match[str]], str]:
            rules.append((re.compile(pattern), function))
            return function

        return add

    @rule(r"(?i)\bwi-?fi(?![A-Za-z])")
    def _wifi(_: Match[str]) -> str:
        return "WiFi"

    @rule(r"https?://\S+|www\.[\w./-]+")
    def _link(_: Match[str]) -> str:
        return "网页链接"

    @rule(r"([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)")
    def _mail(m: Match[str]) -> str:
        return f"{_spelled(m[1])}艾特{_spelled(m[2])}"

    # --- numbers that are names: telephone, order, hotline, standard -------------------------------------------------
    @rule(r"(?<![\d.])(?:\+?86[-\s]?)?(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?![\d.])")
    def _mobile(m: Match[str]) -> str:
        return "，".join(digits(part, phone=True) for part in m.groups())

    @rule(r"(?<!\d)([48]00)[-\s]?(\d{3})[-\s]?(\d{4})(?!\d)")
    def _service(m: Match[str]) -> str:
        return "，".join(digits(part, phone=True) for part in m.groups())

    @rule(r"(?<!\d)(0\d{2,3})[-\s](\d{7,8})(?!\d)")
    def _landline(m: Match[str]) -> str:
        return "，".join(digits(part, phone=True) for part in m.groups())

    @rule(rf"({_NUMBERED})(号?[:：是为\s]{{0,3}})([A-Za-z]*)-?(\d{{3,}})(?![\d.]*[元块%折年月日个件])")
    def _numbered(m: Match[str]) -> str:
        return f"{m[1]}{m[2]}{_apart(m[3])}{digits(m[4], phone=m[1] in ('电话', '手机', '手机号', '热线', '尾号'))}"

    @rule(rf"(?<![\d.])({_HOTLINES})(?=热线|客服|电话|投诉|平台|急救|报警)|(?<=打|拨)({_HOTLINES})(?![\d.元])")
    def _hotline(m: Match[str]) -> str:
        return digits(m[0], phone=True)

    @rule(r"(?<![A-Za-z])(GB|QB|ISO)(?:/(T|Z))?\s?(\d+)(?:\.(\d+))?[-—](\d{4})(?!\d)")
    def _standard(m: Match[str]) -> str:
        part = f"点{digits(m[4])}" if m[4] else ""
        return f"{_apart(m[1] + (m[2] or ''))} {digits(m[3])}{part}，{digits(m[5])}年"

    @rule(r"(?<!\d)(1[4-9]\d)/(\d{2,3})([ABCY])(?![A-Za-z])")
    def _clothing_size(m: Match[str]) -> str:
        return f"{digits(m[1])}，{digits(m[2])} {m[3]} "

    @rule(r"(?<!\d)(1060|3003|5052|6061|6063|6082|7075)(?=铝|航空)")
    def _alloy(m: Match[str]) -> str:
        return digits(m[1])

    @rule(r"(?m)^\s*(\d{1,2})\s?[.)、](?!\d)")
    def _list_item(m: Match[str]) -> str:
        return f"{cardinal(m[1])}，"

    # --- dates and times ---------------------------------------------------------------------------------------------
    @rule(r"(?<!\d)((?:19|20)\d{2})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
    def _date(m: Match[str]) -> str:
        return f"{digits(m[1])}年{cardinal(str(int(m[3])))}月{cardinal(str(int(m[4])))}日"

    @rule(r"(?<!\d)(\d{4}|\d{2})年(?=\d{1,2}月|[春夏秋冬底初末款度上下新]|$|[，。！？,!? ])")
    def _year(m: Match[str]) -> str:
        return f"{digits(m[1])}年"

    @rule(r"(?<!\d)((?:19|20)\d{2})年")
    def _full_year(m: Match[str]) -> str:
        return f"{digits(m[1])}年"

    @rule(r"(?<!\d)((?:19|20)\d{2})年?" + _TO + r"((?:19|20)\d{2})(?=年|款|届|赛季)")
    def _years(m: Match[str]) -> str:
        return f"{digits(m[1])}到{digits(m[2])}"

    @rule(r"(?<!\d)((?:19|20)\d{2})(?=款|届|版|春|夏|秋|冬|新款)")
    def _vintage(m: Match[str]) -> str:
        return digits(m[1])

    @rule(r"(?<!\d)(\d{1,2})月(\d{1,2})(日|号)?" + _TO + r"(?:(\d{1,2})月)?(\d{1,2})(日|号)")
    def _days(m: Match[str]) -> str:
        month = f"{cardinal(m[4])}月" if m[4] else ""
        return f"{cardinal(m[1])}月{cardinal(m[2])}{m[3] or ''}到{month}{cardinal(m[5])}{m[6]}"

    @rule(r"(?<!\d)(0?[1-9]|1[0-2])月(?:(0?[1-9]|[12]\d|3[01])(日|号))?")
    def _month(m: Match[str]) -> str:
        day = f"{cardinal(str(int(m[2])))}{m[3]}" if m[2] else ""
        return f"{cardinal(str(int(m[1])))}月{day}"

    @rule(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])(" + _TO + r"(?=[012]?\d:[0-5]\d))?")
    def _time(m: Match[str]) -> str:
        minute = "" if m[2] == "00" and not m[3] else f"{cardinal(m[2])}分"
        second = f"{cardinal(m[3])}秒" if m[3] else ""
        return f"{_hour(m[1])}点{minute}{second}{'到' if m[4] else ''}"

    @rule(r"(?<![\d.])([01]?\d|2[0-4])点(?=半|整|钟|前|后|准时|开播|开始|见|到|[^\d]|$)")
    def _oclock(m: Match[str]) -> str:
        return f"{_hour(m[1])}点"

    @rule(r"(?<!\d)(\d)0(?=年代)")
    def _decade(m: Match[str]) -> str:
        return cardinal(m[1] + "0")

    @rule(r"(?<!\d)(\d0|\d5)后(?=[一-鿿]|$|[，。！？,!?])(?!天)")
    def _generation(m: Match[str]) -> str:
        return f"{digits(m[1])}后"

    # --- the shop's own ways -----------------------------------------------------------------------------------------
    @rule(r"(?<![\d.])11\.11(?=大促|活动|购物|狂欢|预售|来|到|$)|双\s?11(?!\d)")
    def _eleven(_: Match[str]) -> str:
        return "双十一"

    @rule(r"(?<![\d.])12\.12(?=大促|活动|购物|狂欢|预售|来|到|$)|双\s?12(?!\d)")
    def _twelve(_: Match[str]) -> str:
        return "双十二"

    @rule(r"(?<![\d.¥$])6\.?18(?=大促|活动|购物|狂欢|预售|年中|期间|来|到)")
    def _june(_: Match[str]) -> str:
        return "六一八"

    @rule(r"(?<![\d.])(?:38(?=女神|妇女|节)|520(?=礼|表白|告白|情人|快乐|节|专场)|1314(?=[礼，。！?！]|$)|99(?=新))")
    def _festival(m: Match[str]) -> str:
        return digits(m[0])

    @rule(r"(?<![A-Za-z\d])(\d)([vVA])(?=\d(?!\d)|级景区|级写字楼|级服务)")
    def _one_to_one(m: Match[str]) -> str:
        return f"{cardinal(m[1])} {m[2].upper()} "

    @rule(r"(?<![\d.])(30[34]L?|31[06]L?|430|201)(?=[\s]?(?:食品级|医用级)?(?:不锈钢|钢))")
    def _steel(m: Match[str]) -> str:
        return digits(m[1]) + (" L" if m[1].endswith("L") else "")

    @rule(rf"满\s?(?:{_CURRENCY})?({_N})\s?(?:元|块)?\s?[-减]\s?(?:{_CURRENCY})?({_N})")
    def _reduction(m: Match[str]) -> str:
        return f"满{amount(m[1])}减{amount(m[2])}"

    @rule(rf"({_N})(?:{_TO}({_N}))?\s?折")
    def _discount(m: Match[str]) -> str:
        first = _tenths(m[1])
        return f"{first}到{_tenths(m[2])}折" if m[2] else f"{first}折"

    @rule(
        rf"(?:{_CURRENCY})\s?({_N})\s?([万千亿wWkK]?)(?![A-Za-z])(?:元)?{_TO}((?:{_CURRENCY})?)\s?({_N})\s?([万千亿]?)(?:元)?"
    )
    def _price_range(m: Match[str]) -> str:
        money = CURRENCIES[_sign(m[0])]
        return f"{amount(m[1])}{_thousands(m[2])}到{amount(m[4])}{m[5]}{money}"

    @rule(rf"({_CURRENCY})\s?({_N})\s?([万千亿wWkK]?)(?![A-Za-z])\s?(?:元|块钱|块)?")
    def _price(m: Match[str]) -> str:
        return f"{amount(m[2])}{_thousands(m[3])}{CURRENCIES[m[1]]}"

    @rule(r"(?<=元|块)\s?/\s?(?:(\d+)\s?)?(?=[一-鿿])")
    def _each(m: Match[str]) -> str:
        return f"每{cardinal(m[1], counting=True) if m[1] else ''}"

    @rule(rf"({_N})(?:元)?{_TO}({_N})\s?(元|块|美元|港币|欧元)")
    def _amount_range(m: Match[str]) -> str:
        return f"{amount(m[1])}到{amount(m[2])}{m[3]}"

    @rule(rf"({_N})\s?(?=(?:元|块|美元|港币|欧元|日元)(?!气))")
    def _amount(m: Match[str]) -> str:
        return amount(m[1])

    # --- measures ----------------------------------------------------------------------------------------------------
    @rule(rf"({_N})\s?%?{_TO}({_N})\s?([%‰])")
    def _percent_range(m: Match[str]) -> str:
        of = "百分之" if m[3] == "%" else "千分之"
        return f"{of}{_share(m[1])}到{of}{_share(m[2])}"

    @rule(rf"([-+±]?)({_N})\s?([%‰])")
    def _percent(m: Match[str]) -> str:
        of = "百分之" if m[3] == "%" else "千分之"
        return f"{_signed(m[1])}{of}{_share(m[2])}"

    @rule(
        rf"(?<![A-Za-z\d.])({_N})\s?({_UNIT})?((?:\s?[×xX*]\s?(?:{_N})\s?(?:{_UNIT})?(?![A-Za-z])){{1,3}})(?![A-Za-z])"
    )
    def _dimensions(m: Match[str]) -> str:
        parts = re.findall(rf"({_N})\s?({_UNIT})?", m[0])
        return "乘".join(_measured(number, unit) for number, unit in parts)

    @rule(rf"(?<![A-Za-z\d.])(-?)({_N})\s?(?:{_UNIT})?{_TO}(-?)({_N})\s?({_UNIT})(?![A-Za-z])")
    def _measure_range(m: Match[str]) -> str:
        first, second = (_below(sign, m[5]) for sign in (m[1], m[3]))
        return f"{first}{amount(m[2])}到{second}{_measured(m[4], m[5])}"

    @rule(rf"(?<![A-Za-z\d.])([-±+]?)({_N})\s?({_UNIT})(?![A-Za-z])(?:/({_UNIT}|[一-鿿])(?![A-Za-z]))?")
    def _measure(m: Match[str]) -> str:
        per = f"每{UNITS.get(m[4], m[4])}" if m[4] else ""
        return f"{_below(m[1], m[3])}{_measured(m[2], m[3])}{per}"

    # --- names of things with numbers in them ------------------------------------------------------------------------
    @rule(r"(?<![A-Za-z])[vV](\d+(?:\.\d+)+)")
    def _version(m: Match[str]) -> str:
        return " V " + "点".join(cardinal(part) for part in m[1].split("."))

    @rule(r"(?<![A-Za-z])(?:NO|No|no)\.?\s?(\d+)")
    def _rank(m: Match[str]) -> str:
        return f"第{cardinal(m[1])}"

    @rule(r"(?<![A-Za-z])IP([X\d])([X\d])(?![\dA-Za-z])")
    def _protection(m: Match[str]) -> str:
        return " I P " + "".join(f" {c} " if c == "X" else digits(c) for c in m[0][2:])

    @rule(r"(?<!\d)(\d{3,4})([pPiI])(?![A-Za-z])")
    def _resolution(m: Match[str]) -> str:
        return f"{digits(m[1])} {m[2].upper()} "

    @rule(r"([A-Za-z])[-\s]?(\d+(?:\.\d+)*)(?![\d.]*\s?(?:元|块|折|%))")
    def _model(m: Match[str]) -> str:
        return f"{m[1]} {_model_number(m[2])} "

    @rule(r"(?<![\d.])(\d+(?:\.\d+)?)[wW](?![A-Za-z])(\+?)")
    def _ten_thousand(m: Match[str]) -> str:
        return f"{amount(m[1])}万{'多' if m[2] else ''}"

    @rule(r"(?<![\d.])(\d+(?:\.\d+)?)k(?![A-Za-z])(\+?)")
    def _thousand(m: Match[str]) -> str:
        return f"{amount(m[1])}千{'多' if m[2] else ''}"

    @rule(r"(?<![\d.])(\d+(?:\.\d+)?)(?=[A-Za-z])")
    def _before_letters(m: Match[str]) -> str:
        return f"{cardinal(m[1])} "

    # --- counting ----------------------------------------------------------------------------------------------------
    @rule(r"(?<![\d:])(\d+)\s?[:：]\s?(\d+)(?:\s?[:：]\s?(\d+))?(?!\d)")
    def _ratio(m: Match[str]) -> str:
        return "比".join(cardinal(part) for part in m.groups() if part)

    @rule(r"(?<![\d/.])(\d+)/(\d+)(?![\d/])")
    def _fraction(m: Match[str]) -> str:
        return f"{cardinal(m[2])}分之{cardinal(m[1])}"

    @rule(rf"(?<![\d.])({_N}){_TO}({_N})\s?(多|来)?({_COUNTED})")
    def _count_range(m: Match[str]) -> str:
        return f"{cardinal(m[1], counting=True)}到{cardinal(m[2], counting=True)}{m[3] or ''}{m[4]}"

    @rule(rf"(?<![\d.第])({_N})\s?(\+)?\s?(多|来|几)?({_COUNTED})")
    def _count(m: Match[str]) -> str:
        more = "多" if m[2] else ""
        return f"{cardinal(m[1], counting=True)}{more}{m[3] or ''}{m[4]}"

    @rule(rf"(?<![\d.])({_N}){_TO}({_N})(?![\d-])")
    def _range(m: Match[str]) -> str:
        falling = float(m[1].replace(",", "")) > float(m[2].replace(",", ""))
        return f"{cardinal(m[1])}{'减' if falling else '到'}{cardinal(m[2])}"

    @rule(rf"({_N})\s?\+(?=\s?{_N})|({_N})\+")
    def _plus(m: Match[str]) -> str:
        if m[1]:
            return f"{cardinal(m[1])}加"
        return cardinal(m[2]) + ("多" if float(m[2].replace(",", "")) >= 20 else "加")

    @rule(rf"(?:(?<=^)|(?<=[\s，。（(为是到约]))-\s?({_N})")
    def _negative(m: Match[str]) -> str:
        return f"负{cardinal(m[1])}"

    @rule(r"(?<![\d.])\d{9,}(?![\d.])")
    def _long(m: Match[str]) -> str:
        return digits(m[0]) if len(m[0]) > LONGEST or m[0][-4:] != "0000" else cardinal(m[0])

    @rule(r"\d+(?:\.\d+){2,}")
    def _dotted(m: Match[str]) -> str:
        return "点".join(cardinal(part) for part in m[0].split("."))

    @rule(_N)
    def _number(m: Match[str]) -> str:
        return cardinal(m[0])

    return rules


_SYMBOLS: Mapping[str, str] = {
    "&": "和", "=": "等于", "≈": "约等于", "≥": "大于等于", "≤": "小于等于", ">": "大于", "<": "小于", "±": "正负",
    "×": "乘", "÷": "除以", "+": "加", "@": "艾特", "℃": "摄氏度", "°": "度", "%": "百分之", "￥": "", "¥": "", "$": "",
}  # fmt: skip
_BEFORE_NFKC = str.maketrans({
    "㎡": "平方米", "℃": "°C", "™": "", "®": "", "©": "", "…": "，", "′": "", "″": "英寸", "㎝": "cm", "㎜": "mm",
    "㎏": "kg", "㎎": "mg", "㏄": "毫升",
})  # fmt: skip
_FULL_WIDTH = str.maketrans(",!?;:", "，！？；：")
_POWER = re.compile(r"(?:(?<=\d)|(?<=\d ))([ck]?)m([23²³])(?![\dA-Za-z.])|(?<![A-Za-z])([ck]?)m([²³])")
_MARKUP = re.compile(r"\[\d+\]|\*\*|__|`+|^#{1,6}\s|^\s*[-*]\s+|^\s*>\s", re.MULTILINE)
_REPEATED = re.compile(r"([，。！？；：、,.!?;:~])[，。！？；：、,.!?;:~\s]*")
_SPOKEN = re.compile(r"[㐀-鿿A-Za-z]")
_KEPT = re.compile(r"[^㐀-鿿A-Za-z'，。！？；：、,.!?;:\s]+")


class Normaliser:
    """Turns written text into spoken text: Han characters, English words and punctuation only.

    `replacements` are the merchant's own (written form → spoken form); they are applied first, longest first.
    """

    def __init__(self, replacements: Mapping[str, str] | None = None):
        self._rules = _rules()
        own = sorted((replacements or {}).items(), key=lambda pair: -len(pair[0]))
        self._own = dict(own)
        self._own_pattern = re.compile("|".join(re.escape(written) for written, _ in own)) if own else None

    def spoken(self, text: str) -> str:
        """Return what is said for `text`; empty when nothing can be said (only emoji, only punctuation)."""
        text = text[:MOST_CHARACTERS]
        if self._own_pattern is not None:
            text = self._own_pattern.sub(lambda m: self._own[m[0]], text)
        text = _POWER.sub(_squared, _MARKUP.sub("", text)).translate(_BEFORE_NFKC)
        text = _without_emoji(unicodedata.normalize("NFKC", text))
        for pattern, say in self._rules:
            text = pattern.sub(say, text)
        said = _tidy(text)
        return said if _SPOKEN.search(said) else ""


def _squared(m: Match[str]) -> str:
    scale, power = (m[1], m[2]) if m[2] else (m[3], m[4])
    kind = "平方" if power in "2²" else "立方"
    return kind + {"": "米", "c": "厘米", "k": "公里"}[scale]


def _without_emoji(text: str) -> str:
    """Drop pictographs and whatever glues them together; a run of them is a short pause where none is written."""
    return "".join(
        " " if unicodedata.category(c) in ("So", "Sk", "Cs", "Co", "Cn", "Cf", "Cc") and c not in "°\n" else c
        for c in text
    )


def _tidy(text: str) -> str:
    text = re.sub(r"(?<=[㐀-鿿])\s*[/|]\s*(?=[㐀-鿿])", "、", text)
    text = re.sub(r"(?<=[A-Za-z])[-_/](?=[A-Za-z])", " ", text)
    text = "".join(_SYMBOLS.get(c, c) for c in text)
    text = re.sub(r"[()\[\]{}“”\"《》【】「」]", "，", text)
    text = re.sub(r"\s*\n\s*", "。", text.strip())
    text = _KEPT.sub(" ", text)
    text = re.sub(r"(?<=[㐀-鿿，。！？；：、])[ \t]+(?=[㐀-鿿，。！？；：、])", "", text)
    text = re.sub(r"\s+", " ", text)
    text = _REPEATED.sub(r"\1", text)
    text = re.sub(r"(?<=[㐀-鿿])\.|\.(?=$|\s)", "。", text).translate(_FULL_WIDTH)
    return re.sub(r" ?([，。！？；：、]) ?", r"\1", text).strip(" ，、：；")


def _apart(letters: str) -> str:
    return " ".join(letters)


def _spelled(text: str) -> str:
    """An address part as it is spelled: letters and digits one by one, dots as 点."""
    said = ""
    for c in text:
        said += digits(c) if c.isdecimal() else "点" if c == "." else f" {c} " if c.isalpha() and len(text) < 4 else c
    return re.sub(r"[-_+]", "杠", said)


def _hour(text: str) -> str:
    return cardinal(str(int(text)), counting=True)


def _tenths(text: str) -> str:
    """85折 is 八五折, 8.5折 is 八点五折, 8折 is 八折."""
    return digits(text) if len(text) == 2 and text.isdecimal() and text[1] != "0" else cardinal(text)


def _share(text: str) -> str:
    return "百" if text == "100" else cardinal(text)


def _signed(sign: str) -> str:
    return {"-": "负", "±": "正负", "+": "加"}.get(sign, "")


def _below(sign: str, unit: str) -> str:
    """The sign of a measure; temperatures are 零下."""
    return "零下" if sign == "-" and unit in ("℃", "°C", "度", "摄氏度") else _signed(sign)


def _thousands(letter: str) -> str:
    return {"w": "万", "W": "万", "k": "千", "K": "千"}.get(letter, letter)


def _sign(text: str) -> str:
    return next(sign for sign in CURRENCIES if text.startswith(sign))


def _measured(number: str, unit: str) -> str:
    said = UNITS.get(unit, "")
    counting = number == "2" and unit not in ("V", "A", "W", "GB", "TB", "G", "T", "K", "°C", "℃", "")
    value = number.rstrip("0").rstrip(".") if re.fullmatch(r"\d+\.0+", number) and said else number
    return cardinal(value, counting=counting) + said


def _model_number(text: str) -> str:
    """In a model's name: short and round numbers are read as quantities, others digit by digit."""
    if "." in text:
        return "点".join(cardinal(part) for part in text.split("."))
    round_number = text.endswith("00") and text[0] != "0" and len(text) <= 4
    return cardinal(text) if len(text) <= 2 or round_number else digits(text)

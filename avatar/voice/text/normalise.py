"""Written shop Chinese to the words a host says.

A list of rules, the most specific first; each turns one way of writing (a price, a telephone number, a date…) into Han
characters, so that no later rule sees it again. What is left at the end is Han, English words and punctuation.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from re import Match

from avatar.voice.text import calendar, counting, identifier, measure, model_name, price
from avatar.voice.text.number import digits, roman
from avatar.voice.text.simplified import simplified

MOST_CHARACTERS = 2_000
"""Longer texts are cut here: seven minutes of speech are not one line."""

_ORDER = tuple(part.RULES for part in (identifier, calendar, price, measure, model_name, counting))
"""The most specific first: each part turns its ways of writing into words that no later part sees again."""


_SYMBOLS: Mapping[str, str] = {
    "&": "和", "=": "等于", "≈": "约等于", "≥": "大于等于", "≤": "小于等于", ">": "大于", "<": "小于", "±": "正负",
    "×": "乘", "÷": "除以", "+": "加", "@": "艾特", "℃": "摄氏度", "°": "度", "%": "百分之", "￥": "", "¥": "", "$": "",
    "≠": "不等于", "α": "阿尔法", "β": "贝塔", "γ": "伽马", "δ": "德尔塔", "Ω": "欧姆", "ω": "欧米伽",
}  # fmt: skip
_BEFORE_NFKC = str.maketrans({
    "㎡": "平方米", "℃": "°C", "™": "", "®": "", "©": "", "…": "，", "′": "", "″": "英寸", "㎝": "cm", "㎜": "mm",
    "㎏": "kg", "㎎": "mg", "㏄": "毫升", "㎥": "立方米", "㎢": "平方公里", "〇": "零",
})  # fmt: skip
_FULL_WIDTH = str.maketrans(",!?;:", "，！？；：")
_POWER = re.compile(r"(?:(?<=\d)|(?<=\d ))([ck]?)m([23²³])(?![\dA-Za-z.])|(?<![A-Za-z])([ck]?)m([²³])")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>|<!--.{0,300}?-->", re.DOTALL)
"""Of a web page or SSML."""
_LINK = re.compile(r"!?\[([^\[\]]{1,200})\]\([^()\s]{1,500}\)")
"""Of Markdown: what is to be read is its text."""
_ADDRESS = re.compile(r"(?i)(?:https?://|www\.)[!-~]*[a-z0-9/=&#-]")
"""Of a page: what follows it in Chinese, also without a blank, is said."""
_ANGLED = re.compile(r"[<＜〈]+(?=[^<>＜＞〈〉\d\s])([^<>＜＞〈〉\n]{1,30})[>＞〉]+")
"""Words between angles for looks."""
_APART = re.compile(r"(?<=\d)，(?=\d)(?!000(?!\d))")
"""A full-width comma parts numbers (`199，299，399`); only the half-width one groups thousands."""
_ROMAN = re.compile("[\u2160-\u217f]+")
_CIRCLED = re.compile("([①-⑳])([号款组步级楼])?")
_TOGETHER = re.compile(r"(?<=[㐀-鿿A-Za-z])×(?=[㐀-鿿])(?![宽高深厚])|(?<=[A-Za-z]{2})\s?×\s?(?=[A-Za-z]{2})")
"""Two names that made something together; between numbers and measures × is a product."""
_EXPONENT = re.compile("(?<=\\d)[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_FEET_OR_TIME = re.compile(r"(?<![\d'])(\d{1,2})['′](\d{1,2})(?:\"|″|'')(?!\d)")
_QUOTED = re.compile(r"\"|(?<=\d)''")
_ACCENTED = re.compile(r"[À-ɏ]")
_STRUCK = re.compile(r"~~([^~\n]{1,80})~~")
_MARKUP = re.compile(r"\[\d+\]|\*\*|__|`+|^#{1,6}\s|^\s*[-*]\s+|^\s*>\s", re.MULTILINE)
_REPEATED = re.compile(r"([，。！？；：、,.!?;:~])[，。！？；：、,.!?;:~\s]*")
_ENDLESS = re.compile(r"\d{20,}")
"""No number anybody says; read off at once, so that no rule's search grows with its square."""
_SPOKEN = re.compile(r"[㐀-鿿A-Za-z]")
_KEPT = re.compile(r"[^㐀-鿿A-Za-z'，。！？；：、,.!?;:\s]+")


class Normaliser:
    """Turns written text into spoken text: Han characters, English words and punctuation only.

    `replacements` are the merchant's own (written form → spoken form); they are applied first, longest first.
    """

    def __init__(self, replacements: Mapping[str, str] | None = None):
        self.learn(replacements or {})

    def learn(self, replacements: Mapping[str, str]) -> None:
        """Take these as the merchant's own from now on, instead of those before."""
        longest = sorted(replacements, key=len, reverse=True)
        pattern = re.compile("|".join(re.escape(written) for written in longest)) if longest else None
        self._own = pattern, dict(replacements)  # at once: another thread may be reading

    def spoken(self, text: str) -> str:
        """Return what is said for `text`; empty when nothing can be said (only emoji, only punctuation)."""
        text = text[:MOST_CHARACTERS]
        pattern, own = self._own
        if pattern is not None:
            text = pattern.sub(lambda m: own[m[0]], text)
        text = _LINK.sub(r"\1", _TAG.sub(" ", html.unescape(text)))
        text = _ANGLED.sub(r"，\1，", _ADDRESS.sub("网页链接", text))
        text = _STRUCK.sub(r"\1，", text)
        text = _TOGETHER.sub("和", _CIRCLED.sub(_item, text))
        text = _inches(_APART.sub("， ", _ROMAN.sub(_counted, text)))
        text = _POWER.sub(_squared, _MARKUP.sub("", text))
        text = _EXPONENT.sub(lambda m: f"^{unicodedata.normalize('NFKC', m[0])}", text).translate(_BEFORE_NFKC)
        text = _ACCENTED.sub(lambda m: unicodedata.normalize("NFD", m[0])[0], text)
        text = simplified(_without_emoji(unicodedata.normalize("NFKC", text).replace("\u2044", "/")))
        text = _ENDLESS.sub(lambda m: digits(m[0]), text)
        for rules in _ORDER:
            text = rules.apply(text)
        said = _tidy(text)
        return said if _SPOKEN.search(said) else ""


def _squared(m: Match[str]) -> str:
    scale, power = (m[1], m[2]) if m[2] else (m[3], m[4])
    kind = "平方" if power in "2²" else "立方"
    return kind + {"": "米", "c": "厘米", "k": "公里"}[scale]


def _counted(m: Match[str]) -> str:
    """Roman numerals that are characters of their own."""
    return str(roman(unicodedata.normalize("NFKC", m[0])))


def _item(m: Match[str]) -> str:
    """A number in a circle: of a list, or a name's."""
    number = unicodedata.normalize("NFKC", m[1])
    return f"{number}{m[2]}" if m[2] else f"，{number}、"


def _inches(text: str) -> str:
    """Tell the marks of feet and inches or minutes and seconds from quotation marks."""
    text = _FEET_OR_TIME.sub(
        lambda m: f"{m[1]}分{m[2]}秒" if len(m[2]) == 2 and int(m[2]) > 11 else f"{m[1]}英尺{m[2]}英寸", text
    )
    quoted = False

    def mark(m: Match[str]) -> str:
        nonlocal quoted
        if not quoted and m.string[m.start() - 1 : m.start()].isdecimal():
            return "英寸"
        quoted = not quoted
        return m[0]

    return _QUOTED.sub(mark, text)


def _without_emoji(text: str) -> str:
    """Drop pictographs and whatever glues them together; a run of them is a short pause where none is written."""
    return "".join(
        " " if unicodedata.category(c) in ("So", "Sk", "Cs", "Co", "Cn", "Cf", "Cc") and c not in "°^\n" else c
        for c in text
    )


def _tidy(text: str) -> str:
    text = re.sub(r"(每[㐀-鿿])/(?=[㐀-鿿])", r"\1每", text)
    text = re.sub(r"(?<=[㐀-鿿])\s*[/|]\s*(?=[㐀-鿿])", "、", text)
    text = re.sub(r"(?<=[A-Za-z])[-_/](?=[A-Za-z])", " ", text)
    text = re.sub(r"(?:^|(?<=[\s,，、。]))×\s?(?=[㐀-鿿])", "", text)
    text = "".join(_SYMBOLS.get(c, c) for c in text)
    text = re.sub(r"[“”‘’\"《》「」『』]", "", text)
    text = re.sub(r"[()\[\]{}【】〔〕]", "，", text)
    text = re.sub(r"\s*\n\s*", "。", text.strip())
    text = _KEPT.sub(" ", text)
    text = re.sub(r"(?<=[㐀-鿿，。！？；：、])[ \t]+(?=[㐀-鿿，。！？；：、])", "", text)
    text = re.sub(r"\s+", " ", text)
    text = _REPEATED.sub(r"\1", text)
    text = re.sub(r"(?<=[㐀-鿿])\.|\.(?=$|\s)", "。", text).translate(_FULL_WIDTH)
    return re.sub(r" ?([，。！？；：、]) ?", r"\1", text).strip(" ，、：；")

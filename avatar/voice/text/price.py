"""The shop's own ways: festivals, discounts, reductions and prices."""

from __future__ import annotations

from re import Match

from avatar.voice.text.number import amount, cardinal, digits
from avatar.voice.text.rule import CURRENCY, NUMBER, TO, UNIT, Rules
from avatar.voice.text.unit import CURRENCIES, UNITS

RULES = Rules()


@RULES.rule(r"(?<=\d)\s?[×*]\s?(?=\d+(?:\.\d+)?\s?(?:元|块))")
def _times(_: Match[str]) -> str:
    return "乘"


_SALE = "大促|活动|购物|狂欢|预售|返场|专场|来|到|$"
"""What follows a date that names a festival of shopping."""


@RULES.rule(rf"(?<![\d.])11\.11(?={_SALE})|双\s?11(?!\d)")
def _eleven(_: Match[str]) -> str:
    return "双十一"


@RULES.rule(rf"(?<![\d.])12\.12(?={_SALE})|(?<!\d)1212(?=大促|活动|狂欢|预售|返场|专场)|双\s?12(?!\d)")
def _twelve(_: Match[str]) -> str:
    return "双十二"


@RULES.rule(r"(?<=[比跟像年过])618(?![\d.,]*\s?[元块折个件份单米克])(?!\d)")
def _as_in_june(_: Match[str]) -> str:
    return "六一八"


@RULES.rule(r"(?<![\d.¥$])6\.?18(?=大促|活动|购物|狂欢|预售|年中|期间|来|到|价|返场|专场|当天)")
def _june(_: Match[str]) -> str:
    return "六一八"


@RULES.rule(
    r"(?<![\d.])(?:3\.?8(?=女神|妇女|节)|520(?=礼|表白|告白|情人|快乐|节|专场)|1314(?=[礼，。！?！]|$)|99(?=新))"
)
def _festival(m: Match[str]) -> str:
    return digits(m[0])


@RULES.rule(r"(?<![A-Za-z\d])(\d)(?:([vVA])(?=\d(?!\d))|(A)(?=级|座|景区|认证|大作|游戏))")
def _one_to_one(m: Match[str]) -> str:
    return f"{cardinal(m[1])} {(m[2] or m[3]).upper()} "


@RULES.rule(
    r"(?<![\d.])(\d+(?:\.\d+)?)W(\+?)(?=\s?[多\s]?(?:粉|人|单|件|次|播放|观看|点赞|赞|好评|条|用户|家人|会员|销量))"
)
def _ten_thousand(m: Match[str]) -> str:
    return f"{amount(m[1])}万{'多' if m[2] else ''}"


@RULES.rule(r"(?<![\d.])(30[34]L?|31[06]L?|430|201)(?=[\s]?(?:食品级|医用级)?(?:不锈钢|钢))")
def _steel(m: Match[str]) -> str:
    return digits(m[1]) + (" L" if m[1].endswith("L") else "")


@RULES.rule(r"(?m)(?:^|(?<=[\s，。]))[-−]\s?(?=\d[\d.]*\s?[元块])")
def _less(_: Match[str]) -> str:
    return "减"


@RULES.rule(rf"满\s?(?:{CURRENCY})?({NUMBER})\s?(?:元|块)?\s?[-减]\s?(?:{CURRENCY})?({NUMBER})")
def _reduction(m: Match[str]) -> str:
    return f"满{amount(m[1])}减{amount(m[2])}"


@RULES.rule(rf"({NUMBER})(?:{TO}({NUMBER}))?\s?折")
def _discount(m: Match[str]) -> str:
    first = _tenths(m[1])
    return f"{first}到{_tenths(m[2])}折" if m[2] else f"{first}折"


@RULES.rule(
    rf"(?:{CURRENCY})\s?({NUMBER})\s?([万千亿wWkK]?)(?![A-Za-z])(?:元)?{TO}((?:{CURRENCY})?)\s?({NUMBER})\s?([万千亿]?)(?:元)?"
)
def _price_range(m: Match[str]) -> str:
    money = CURRENCIES[_sign(m[0])]
    return f"{amount(m[1])}{_thousands(m[2])}到{amount(m[4])}{m[5]}{money}"


@RULES.rule(rf"({CURRENCY})\s?({NUMBER})\s?([万千亿wWkK]?)(?![A-Za-z])\s?(?:元|块钱|块)?")
def _price(m: Match[str]) -> str:
    return f"{amount(m[2])}{_thousands(m[3])}{CURRENCIES[m[1]]}"


@RULES.rule(rf"(?<=元|块)\s?/\s?(?:({NUMBER})\s?)?(?:({UNIT})(?![A-Za-z])|(?=[一-鿿]))")
def _each(m: Match[str]) -> str:
    return f"每{cardinal(m[1], counting=True) if m[1] else ''}{UNITS.get(m[2] or '', '')}"


@RULES.rule(rf"({NUMBER})(?:元)?{TO}({NUMBER})\s?(元|块|美元|港币|欧元)")
def _amount_range(m: Match[str]) -> str:
    return f"{amount(m[1])}到{amount(m[2])}{m[3]}"


@RULES.rule(rf"({NUMBER})\s?(?=(?:元|块|美元|港币|欧元|日元)(?!气))")
def _amount(m: Match[str]) -> str:
    return amount(m[1])


def _tenths(text: str) -> str:
    """85折 is 八五折, 8.5折 is 八点五折, 8折 is 八折."""
    return digits(text) if len(text) == 2 and text.isdecimal() and text[1] != "0" else cardinal(text)


def _thousands(letter: str) -> str:
    return {"w": "万", "W": "万", "k": "千", "K": "千"}.get(letter, letter)


def _sign(text: str) -> str:
    return next(sign for sign in CURRENCIES if text.startswith(sign))

"""The injection guard: a customer's text is data. Recognises attempts to command the assistant instead of asking it.

A flagged text never reaches a model. Attempts at secrets are refused; the others are answered from the evidence by the
embedded answerer alone, which cannot be commanded: so a wrongly flagged question still gets its answer.
`leaks` is the other half: it looks at what is about to leave.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from dialogue.safety.numeral import folded


class Attack(StrEnum):
    """What an attempt is after."""

    PROMPT = "prompt"
    """The assistant's instructions."""
    PRIVACY = "privacy"
    """Data of other customers or of staff."""
    SECRET = "secret"  # noqa: S105
    """Keys, cost prices, back-end data."""
    OVERRIDE = "override"
    """New instructions, a new role, a new mode."""
    DISCOUNT = "discount"
    """A price or gift that the customer grants himself."""
    AUTHORITY = "authority"
    """A claimed rank ("我是老板") behind a command."""
    PARROT = "parrot"
    """Words that the assistant shall repeat."""
    FORGERY = "forgery"
    """Faked system messages, documents or answers inside the text."""
    ENCODING = "encoding"
    """Commands hidden by an encoding."""
    CODE = "code"
    """Code, queries or tools that shall be run."""


REFUSED = frozenset({Attack.PROMPT, Attack.PRIVACY, Attack.SECRET, Attack.PARROT, Attack.CODE, Attack.ENCODING})
"""Attacks that are refused whatever the evidence says; no honest question looks like them."""


def _rules() -> tuple[tuple[Attack, re.Pattern[str]], ...]:
    data = tomllib.loads(resources.files("dialogue.safety").joinpath("injection.toml").read_text("utf-8"))
    rules = []
    for attack, patterns in data["attacks"].items():
        joined = "|".join(patterns)
        for name, words in data["words"].items():
            joined = joined.replace(f"{{{name}}}", words)
        rules.append((Attack(attack), re.compile(joined, re.I | re.S | re.M)))
    return tuple(rules)


_RULES = _rules()
_SEPARATED = re.compile(r"(?<=[\u4e00-\u9fff])[\s._*|/\\+~^-]+(?=[\u4e00-\u9fff])")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{16,}={0,2}(?![A-Za-z0-9+/=])")
_PINYIN = re.compile(r"h[uū]\s*l[uüǜ]e?|zhi\s*ling|ti\s*shi\s*ci|mian\s*dan|da\s*yi\s*zhe|xi\s*tong", re.I)
_REVERSED = ("令指", "词示提", "单免", "则规", "略忽")
_TRADITIONAL = str.maketrans(
    "忽規則統設定詞輸價單員號碼電話機構發給說開無視聽從這個與為導顧買帳戶",
    "忽规则统设定词输价单员号码电话机构发给说开无视听从这个与为导顾买账户",
)


@dataclass(frozen=True, slots=True)
class Flag:
    """An attempt that was recognised."""

    attack: Attack
    matched: str

    @property
    def refused(self) -> bool:
        """Whether it is refused outright instead of being answered from the evidence."""
        return self.attack in REFUSED


def guard(text: str) -> Flag | None:
    """The first attempt found in a customer's text, or None. Sees through width, spacing, zero-width signs, traditional
    characters, base64 and reversal."""
    plain = folded(text).translate(_TRADITIONAL)
    for view in (plain, _SEPARATED.sub("", plain)):
        for attack, pattern in _RULES:
            match = pattern.search(view)
            if match:
                return Flag(attack, match[0][:60])
    if any(word in plain for word in _REVERSED) or _PINYIN.search(plain):
        return Flag(Attack.ENCODING, plain[:60])
    for match in _BASE64.finditer(plain):
        if _readable(match[0]):
            return Flag(Attack.ENCODING, match[0][:60])
    return None


def _readable(code: str) -> bool:
    try:
        decoded = base64.b64decode(code + "=" * (-len(code) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return len(decoded) >= 4 and decoded.isprintable()


_OWN_WORKINGS = re.compile(
    r"系统提示|提示词|system ?prompt|我(?:收到|被给|得到)的?(?:指令|设定|要求)|我的(?:指令|设定|规则|系统|初始|内部)"
    r"|(?:商家|店家|开发者)(?:给|要求)我(?:的)?(?:指令|设定|规则)|【资料】|【规则】|api[ _-]?key|sk-[a-z0-9]{6,}"
    r"|开发者模式|已(?:切换|进入).{0,8}模式|作为(?:一个)?(?:没有限制|不受限制)",
    re.I,
)
LEAK_RUN = 14
"""Characters in a row shared with the prompt that count as a leak."""


def leaks(text: str, *, prompt: str, evidence_text: str = "", canary: str = "") -> str | None:
    """The part of a reply that gives the assistant's instructions away, or None.

    `prompt` is the instructing part of the prompt (not the evidence); what also stands in `evidence_text` may be said.
    """
    plain = re.sub(r"\s+", "", folded(text))
    if canary and canary in plain:
        return canary
    match = _OWN_WORKINGS.search(plain)
    if match:
        return match[0]
    secret = re.sub(r"\s+", "", folded(prompt))
    public = re.sub(r"\s+", "", folded(evidence_text))
    for start in range(len(plain) - LEAK_RUN + 1):
        run = plain[start : start + LEAK_RUN]
        if run in secret and run not in public:
            return run
    return None


DEFLECTIONS: dict[Attack | None, tuple[str, ...]] = {
    Attack.PROMPT: (
        "这个不方便说，不过商品、价格、发货这些您随便问。",
        "我的工作方式就不展开啦，您想了解哪款商品？",
        "这部分没法提供，店里的商品和售后我都能答。",
    ),
    Attack.PRIVACY: (
        "别的顾客和同事的信息属于隐私，我不能透露。您自己的问题可以直接问我。",
        "抱歉，他人的个人信息我不能提供，也查不到。",
        "顾客资料我们是保密的，不能告诉您，请理解。",
    ),
    Attack.SECRET: (
        "店铺内部的信息我不掌握，也不能提供。商品本身的问题欢迎问我。",
        "这个属于店铺内部资料，没法回答您。",
        "内部信息我这里没有，您想了解商品的话随时说。",
    ),
    Attack.DISCOUNT: (
        "价格和优惠都以页面为准，我没有权限另外承诺。",
        "优惠我做不了主，页面上写的才算数。",
        "我改不了价，也不能口头答应优惠，一切以页面为准。",
    ),
    None: (
        "这个我帮不上忙，店里的商品、价格和售后可以随时问我。",
        "我只负责回答店里的问题，您想了解哪款商品？",
        "这个请求我做不了，换个店里的问题问我吧。",
    ),
}
"""What is said to an attempt, by its kind."""

"""When to ask for a contact: a policy that is data, and a pure decision over what has happened so far.

The policy is a JSON object (`AskingPolicy.from_json`), per merchant `{data_dir}/policies/{merchant}.json`. A share of
the visitors (`hold_out`) is never asked, chosen by a hash of the visitor, so that what asking brings can be measured
against not asking.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dialogue.contact import Field
from dialogue.errors import DialogueError
from dialogue.locale import Locale

ASK = "ask"
HOLD_OUT = "holdout"

_FORM_FIELDS = frozenset({"phone", "wechat", "qq", "email", "landline", *(str(name) for name in Field)})
_CONTACT = r"(?:电话|手机号?|微信|联系方式|号码)"
_REFUSAL = re.compile(
    r"不(?:想|愿意?|方便|打算|需要|用|要)(?:再)?(?:留|给|提供|填|说|透露)(?!意)|"
    rf"(?:别|不要|不用|不必)(?:再)?(?:老|总|一直)?(?:问|跟|向|找)?我?(?:要|索要|推|问)(?:我)?(?:的)?{_CONTACT}|"
    rf"(?:别|不要|不用)(?:再)?问(?:我)?(?:的)?{_CONTACT}|"
    rf"{_CONTACT}(?:我)?(?:就)?(?:先)?不(?:留|给|提供|填)|不(?:留|给|提供|填)(?:我?的)?{_CONTACT}|"
    r"不(?:用|需要|必|要)联系我|隐私.{0,6}(?:不|别)|不加微信"
)
_EN_CONTACT = (
    r"(?:(?:my|your|any|a|an|the|for) )*"
    r"(?:(?:phone|mobile|cell|contact|wechat|e-?mail) ?)?"
    r"(?:number|phone|mobile|contacts?|contact details|details|e-?mail|wechat|personal (?:info|information|details))\b"
)
_EN_REFUSAL = re.compile(
    r"\b(?:(?:do not|don'?t|will not|won'?t|would not|wouldn'?t|not|rather not|prefer not to|not going to)"
    r"(?: want to| wish to| like to| need to| comfortable| happy| willing)*(?: to)?"
    rf" (?:leave|leaving|give|giving|share|sharing|provide|providing)(?: you| out)? {_EN_CONTACT}"
    rf"|(?:do not|don'?t|stop|quit|please not)(?: ever| keep)? (?:ask|asking)(?: me)?(?: for)? {_EN_CONTACT}"
    r"|(?:do not|don'?t|no need to|please not) (?:contact|call|phone|text|ring) me\b"
    rf"|(?:keep|withhold) my {_EN_CONTACT}(?: private| to myself)?|no (?:phone|contact) (?:number|details)\b)",
    re.IGNORECASE,
)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)


class PolicyError(DialogueError):
    """The asking policy is not usable; the text names the field."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Signs of interest and the reason that is given when asking because of them."""

    name: str
    words: tuple[str, ...]
    reason: str
    reason_en: str = ""
    """The reason in English; empty: the other one is shown to everybody."""

    def seen(self, text: str) -> bool:
        """Whether one of the words stands in `text`: Latin ones as whole words in any case, others anywhere."""
        return any(_stands(word, text) for word in self.words)

    def given(self, locale: Locale) -> str:
        """The reason in the customer's language, where there is one."""
        return self.reason_en if locale is Locale.EN and self.reason_en else self.reason


_TRIGGERS = (
    Trigger(
        "delivery",
        (
            *("送货", "发货", "配送", "安装", "上门", "多久到", "什么时候到"),
            *("deliver", "delivery", "delivered", "ship", "shipping", "shipped", "shipment", "courier"),
            *("install", "installation", "installed", "fitting", "how soon", "how fast", "arrive", "get here"),
        ),
        "方便的话留个联系方式，我们为您安排送货和安装时间。",
        "Leave a contact, and we arrange delivery and fitting with you.",
    ),
    Trigger(
        "price",
        (
            *("多少钱", "价格", "优惠", "便宜", "折扣", "活动", "报价", "预算"),
            *("how much", "price", "prices", "pricing", "cost", "costs", "discount", "discounts", "offer", "offers"),
            *("promotion", "coupon", "cheaper", "on sale", "sale", "deal", "deals", "budget"),
            *("quote", "quotation"),
        ),
        "留个联系方式，有新的优惠我们第一时间告诉您。",
        "Leave a contact, and you hear of new offers first.",
    ),
    Trigger(
        "stock",
        (
            *("有货", "库存", "现货", "缺货", "补货"),
            *("in stock", "out of stock", "stock", "available", "availability", "restock", "sold out"),
        ),
        "留个联系方式，到货后我们马上通知您。",
        "Leave a contact, and we tell you as soon as it is in stock.",
    ),
    Trigger(
        "custom",
        (
            *("定制", "尺寸", "批发", "团购", "企业采购", "量大"),
            *("custom", "customise", "customize", "customised", "customized", "made to measure", "bespoke"),
            *("size", "sizes", "dimensions", "wholesale", "bulk", "group order", "company order"),
        ),
        "留个联系方式，我们的顾问给您出一份详细方案。",
        "Leave a contact, and our adviser sends you a detailed proposal.",
    ),
    Trigger(
        "visit",
        (
            *("门店", "到店", "看样", "体验", "地址"),
            *("showroom", "a store", "your store", "your shop", "visit", "see it in person", "address", "located"),
        ),
        "留个联系方式，我们为您预留到店接待。",
        "Leave a contact, and we keep a time for your visit.",
    ),
)


@dataclass(frozen=True, slots=True)
class AskingPolicy:
    """When, how often and with which words."""

    version: str = "ask-1"
    hold_out: float = 0.1
    """Share of visitors never asked, 0 to 1."""
    max_offers: int = 2
    """At most so many times in one conversation."""
    min_answers: int = 1
    """Answers that were given before the first time: value first."""
    pause_messages: int = 3
    """Customer messages between two times."""
    fields: tuple[str, ...] = ("name", "phone")
    triggers: tuple[Trigger, ...] = field(default=_TRIGGERS)

    def __post_init__(self) -> None:
        if not self.version:
            raise PolicyError("留资规则的 version 不能空 / asking policy: version must not be empty")
        if not 0 <= self.hold_out <= 1:
            raise PolicyError("留资规则的 hold_out 要在 0 到 1 之间 / asking policy: hold_out must be between 0 and 1")
        for name in ("max_offers", "min_answers", "pause_messages"):
            if not 0 <= getattr(self, name) <= 100:
                raise PolicyError(
                    f"留资规则的 {name} 要在 0 到 100 之间 / asking policy: {name} must be between 0 and 100"
                )
        unknown = set(self.fields) - _FORM_FIELDS
        if unknown or not self.fields:
            names = ", ".join(sorted(_FORM_FIELDS))
            raise PolicyError(f"留资规则的 fields 只能有这些 / asking policy: fields must be of {names}")

    @classmethod
    def from_json(cls, text: str) -> AskingPolicy:
        """Reads a policy; what is left out keeps its default. Raises `PolicyError`."""
        try:
            raw = json.loads(text)
            if not isinstance(raw, dict):
                raise TypeError("not an object")
            values: dict[str, Any] = dict(raw)
            if "triggers" in values:
                values["triggers"] = tuple(
                    Trigger(
                        str(one["name"]),
                        tuple(map(str, one["words"])),
                        str(one["reason"]),
                        str(one.get("reason_en", "")),
                    )
                    for one in values["triggers"]
                )
            if "fields" in values:
                values["fields"] = tuple(map(str, values["fields"]))
            return cls(**values)
        except (ValueError, TypeError, KeyError) as exc:
            raise PolicyError(f"留资规则用不了 / asking policy: not usable ({exc})") from exc

    @classmethod
    def read(cls, path: Path) -> AskingPolicy:
        """Reads the policy's file, or the default when there is none. Raises `PolicyError`."""
        if not path.exists():
            return cls()
        try:
            return cls.from_json(path.read_text("utf-8"))
        except OSError as exc:
            raise PolicyError(f"留资规则 {path} 读不了 / asking policy cannot be read ({exc.strerror})") from exc

    def as_json(self) -> Mapping[str, Any]:
        """The policy as plain data."""
        return asdict(self)

    def variant(self, visitor: str) -> str:
        """`holdout` or `ask`, always the same for one visitor under one policy version."""
        digest = hashlib.sha256(f"{self.version}\n{visitor}".encode()).digest()
        return HOLD_OUT if int.from_bytes(digest[:8]) / 2**64 < self.hold_out else ASK


@dataclass(frozen=True, slots=True)
class Progress:
    """What has happened in the conversation so far."""

    variant: str
    messages: int
    """Customer messages, with this one."""
    answers: int
    """Answers given (decision `answer`)."""
    offers: int
    messages_since_offer: int | None
    refused: bool
    has_contact: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask now. When `held_out`, it is only counted: the visitor belongs to the control group."""

    trigger: str
    reason: str
    held_out: bool


def decide(policy: AskingPolicy, progress: Progress, text: str, *, locale: Locale = Locale.ZH) -> Ask | None:
    """Whether to ask after the customer said `text`, and why in their language. Pure."""
    if progress.has_contact or progress.refused or progress.answers < policy.min_answers:
        return None
    if progress.offers >= policy.max_offers:
        return None
    if progress.messages_since_offer is not None and progress.messages_since_offer < policy.pause_messages:
        return None
    trigger = next((one for one in policy.triggers if one.seen(text)), None)
    if trigger is None:
        return None
    return Ask(trigger.name, trigger.given(locale), progress.variant == HOLD_OUT)


def is_refusal(text: str) -> bool:
    """True when the customer says that they do not want to leave a contact."""
    return _REFUSAL.search(text) is not None or _EN_REFUSAL.search(text.replace("’", "'")) is not None


def _stands(word: str, text: str) -> bool:
    """Whether `word` stands in `text`; one of Latin letters ends where other Latin letters begin."""
    if not _LATIN.search(word):
        return word in text
    return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text, re.IGNORECASE) is not None

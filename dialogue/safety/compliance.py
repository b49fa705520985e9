"""What leaves must be lawful: advertising words, fake urgency, promises, contacts where forbidden, personal data.

Pure: a sentence and its evidence in, the sentence that may leave (or none) and the broken rules out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialogue.safety.advertising import EXEMPT, TERMS, Family, Term
from dialogue.safety.claim import ClaimKind, claims
from dialogue.safety.numeral import folded
from dialogue.segmenter import finished

CONTACT_ELSEWHERE = "联系方式这里不便发，您在本页面留言，同事会回复您。"
"""In place of the shop's own contacts on a platform that forbids them."""

HITS = 8
"""Hits of one term in one sentence that are mended."""

_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[\s-]?\d){8}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(?:0\d{2,3}[- ]?)\d{7,8}(?!\d)|(?<!\d)[48]00[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)")
_IDENTITY_CARD = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?!\d)")
_BANK_CARD = re.compile(r"(?<!\d)(?:62|4|5)\d{14,18}(?!\d)")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z]{2,})+")
_MESSENGER = re.compile(
    r"(?:微信|薇信|威信|v信|vx|wx|wechat|公众号|qq|企鹅|钉钉|whatsapp|telegram|抖音号|小红书号)(?:号|群)?(?:码)?\s*(?:是|为|[：:])?\s*[A-Za-z0-9_-]{5,20}|加(?:我|一下|个)?(?:微信|薇|v|V|qq|QQ|群)|扫码加",
    re.I,
)
_URL = re.compile(r"(?:https?://|www\.)[^\s，。！？）)]+", re.I)


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """What a channel allows."""

    own_contacts: bool = True
    """Whether the shop's phone, messenger, mail or links may be sent."""
    live: bool = False
    """Whether it is spoken to everybody in a live room."""


CHAT_RULES = ChannelRules()
LIVE_RULES = ChannelRules(own_contacts=False, live=True)
PLATFORM_RULES = ChannelRules(own_contacts=False)
"""A sales platform's private messages: leading customers away is forbidden."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may leave, and which rules were broken on the way."""

    text: str | None
    """The sentence as it may leave; None when nothing of it may."""
    broken: tuple[tuple[str, str], ...] = ()
    """(`family/name`, the words) per rule."""


def comply(sentence: str, *, evidence_text: str = "", rules: ChannelRules = CHAT_RULES) -> Verdict:
    """Bring a sentence within the law.

    `evidence_text` is what the merchant's material says: a real deadline or stock figure in it makes urgency true, and
    the shop's own published contacts are not somebody's personal data.
    """
    broken: list[tuple[str, str]] = []
    text = folded(sentence)
    for term in TERMS:
        for _ in range(HITS):
            hit = _hit(term, text, evidence_text)
            if hit is None:
                break
            broken.append((f"advertising/{term.family}", hit))
            if term.replacement is None:
                return Verdict(None, tuple(broken))
            text = text.replace(hit, term.replacement)
    contact = _contact(text, evidence_text, rules)
    if contact:
        rule, words = contact
        broken.append((rule, words))
        text = CONTACT_ELSEWHERE if rule == "contact/forbidden" else ""
    if not broken:
        return Verdict(sentence)
    text = _tidy(text)
    return Verdict(text or None, tuple(broken))


def _hit(term: Term, text: str, evidence_text: str) -> str | None:
    for match in term.pattern.finditer(text):
        window = text[match.start() : match.end() + 4]
        if term.family is Family.ABSOLUTE and EXEMPT.match(window):
            continue
        if term.family is Family.URGENCY and _true_urgency(match[0], evidence_text):
            continue
        if term.family is Family.MEDICAL and re.search(
            r"(?:不能|不可|不具|没有|并非|不是|无法|不)[^，。]{0,6}$", text[: match.start()]
        ):
            continue
        return match[0]
    return None


def _true_urgency(words: str, evidence_text: str) -> bool:
    numbers = {c.value for c in claims(words) if c.kind is ClaimKind.NUMBER}
    if not numbers:
        return bool(evidence_text) and words in folded(evidence_text)
    known = {c.value for c in claims(evidence_text) if c.kind is ClaimKind.NUMBER}
    return numbers <= known


def _contact(text: str, evidence_text: str, rules: ChannelRules) -> tuple[str, str] | None:
    plain = folded(text)
    for pattern in (_IDENTITY_CARD, _BANK_CARD):
        if match := pattern.search(plain):
            return "privacy/identity", match[0]
    public = re.sub(r"[\s-]", "", folded(evidence_text))
    for pattern in (_MOBILE, _LANDLINE, _EMAIL, _MESSENGER, _URL):
        match = pattern.search(plain)
        if not match:
            continue
        if re.sub(r"[\s-]", "", match[0]) not in public and pattern is not _URL:
            return "privacy/contact", match[0]
        if not rules.own_contacts:
            return "contact/forbidden", match[0]
    return None


def _tidy(text: str) -> str:
    """The sentence after words were taken out: no doubled marks, nothing when only marks are left."""
    text = re.sub(r"([，、,])(?:\s*[，、,])+", r"\1", text)
    text = re.sub(r"^[，、,：:；;\s]+|[，、,：:\s]+(?=[。！？!?]|$)", "", text)
    text = re.sub(r"的的", "的", text)
    if not re.search(r"[\u4e00-\u9fffA-Za-z0-9]{2,}", text):
        return ""
    return finished(text)

"""A text without the contacts in it: for lists, summaries and figures that need the words, not the person."""

from __future__ import annotations

import re

from dialogue.contact.finder import find
from dialogue.contact.kind import Contact, mask

_SAYS = 4
"""Characters beside a contact from which a text says something of its own."""


def apart(text: str) -> list[Contact]:
    """The contacts of a text by place, the last first; of several at one place (微信同号) only one."""
    found: list[Contact] = []
    for contact in sorted(find(text).contacts, key=lambda contact: contact.span[0], reverse=True):
        if not found or contact.span[1] <= found[-1].span[0]:
            found.append(contact)
    return found


def hidden(text: str) -> str:
    """The text with each contact masked: 我的电话是138****6021."""
    for contact in apart(text):
        start, end = contact.span
        text = text[:start] + mask(contact.kind, contact.value) + text[end:]
    return text


def says_more(text: str) -> bool:
    """False for a text that is a contact and hardly anything else: 电话13812346021."""
    rest = text
    for contact in apart(text):
        rest = rest[: contact.span[0]] + rest[contact.span[1] :]
    return rest == text or len(re.sub(r"[\W_]|[电手机微信号码是的我]", "", rest)) >= _SAYS

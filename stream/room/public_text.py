"""What of a comment may be seen and heard by everybody: no contact of anyone."""

from __future__ import annotations

import re

from dialogue.contact import apart, hidden

_CUE = re.compile(r"(?:我的?|加我?)?(?:电话|手机号?|微信号?|联系方式|vx|QQ号?|邮箱)(?:是|为|号)?[\s:：]*$", re.I)
"""What stands before a contact and means nothing without it."""


def public(text: str) -> tuple[str, str, bool]:
    """A comment as it may be shown (contacts masked), as it may be read aloud (contacts left out), and whether it
    held a contact."""
    contacts, spoken = apart(text), text
    for contact in contacts:
        start, end = contact.span
        spoken = _CUE.sub("", spoken[:start]) + spoken[end:]
    return hidden(text), spoken.strip(" ，,。:：") or "我想了解一下", bool(contacts)

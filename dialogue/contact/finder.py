"""Finding contacts and wishes in a message, deterministically."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.contact.kind import Contact, ContactKind, Findings

_MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9][0-9]{9}(?![0-9A-Za-z])")
_WECHAT = re.compile(r"(?:微信|vx|wx)(?:号)?[是:： ]*([A-Za-z][-_A-Za-z0-9]{5,19})", re.IGNORECASE)


def find(text: str, *, earlier: Sequence[str] = ()) -> Findings:
    """Finds every contact and wish in `text`; `earlier` are the visitor's last messages, oldest first."""
    contacts = [Contact(ContactKind.PHONE, match[0], match.span()) for match in _MOBILE.finditer(text)]
    contacts += [Contact(ContactKind.WECHAT, match[1].lower(), match.span(1)) for match in _WECHAT.finditer(text)]
    return Findings(tuple(sorted(contacts, key=lambda contact: contact.span)))

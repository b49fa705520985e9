"""One line for every intervention: what was held back, by which rule, in which conversation."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

_LOG = logging.getLogger(__name__)
_DIGITS = re.compile(r"\d(?=(?:[\s-]?\d){4,})")


@dataclass(frozen=True, slots=True)
class AuditLine:
    """What was changed before it left, and why."""

    at: datetime
    merchant: str
    conversation: str
    rule: str
    """Family and name, as in `advertising/absolute`, `grounding/number`, `injection/discount`, `model/timeout`."""
    action: str
    """`replaced`, `dropped`, `refused`, `embedded` (the model was passed over)."""
    detail: str = ""
    """The words that broke the rule, long digit runs masked; at most 80 characters."""


class Audited(Protocol):
    """What an audit line names; a `Conversation` is one."""

    id: str
    merchant: str


Audit = Callable[[AuditLine], None]
"""Takes audit lines; must not block."""


class Auditor:
    """Writes audit lines about conversations."""

    def __init__(self, audit: Audit, clock: Callable[[], datetime]) -> None:
        self._audit = audit
        self._clock = clock

    def note(self, conversation: Audited, rule: str, action: str, detail: str = "") -> None:
        """One line; `detail` is masked."""
        self._audit(AuditLine(self._clock(), conversation.merchant, conversation.id, rule, action, masked(detail)))


def masked(text: str) -> str:
    """The text with every long run of digits hidden but for its last four, at most 80 characters."""
    return _DIGITS.sub("*", text)[:80]


def log_audit(line: AuditLine) -> None:
    """The default sink: the log, without the words themselves."""
    _LOG.info("audit %s %s merchant=%s conversation=%s", line.rule, line.action, line.merchant, line.conversation)

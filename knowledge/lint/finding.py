"""One thing to look at before a version is published."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """A customer would be told something wrong or forbidden."""
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    severity: Severity
    rule: str
    """Stable name: `price-conflict`, `promotion-expired`, `advertising-law` …"""
    text: str
    """What is wrong and how to mend it."""
    source: str
    """Where: file, sheet, page, line."""

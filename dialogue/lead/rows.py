"""What the lead book hands out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dialogue.contact import ContactKind, Field


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One contact of a lead; `value` is masked unless the lead was read with `reveal`."""

    kind: ContactKind
    value: str
    conversation_id: str | None
    seq: int | None
    span: tuple[int, int] | None
    """Where it stands in the customer's message `seq`, in code points."""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One lead as lists show it. Times are milliseconds since 1970, UTC."""

    id: str
    merchant: str
    channel: str
    conversation_id: str | None
    variant: str
    product: str | None
    complete: bool
    """True as soon as there is one valid contact."""
    contacts: tuple[ContactRow, ...]
    profile: Mapping[Field, str]
    consent: Mapping[str, str]
    """Purpose (`contact`, `share`) to state (`pending`, `granted`, `refused`, `withdrawn`)."""
    created_at_ms: int
    updated_at_ms: int
    history: tuple[HistoryRow, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """A JSON-ready dictionary of plain types."""
        plain = asdict(self)
        plain["profile"] = {str(key): value for key, value in self.profile.items()}
        plain["consent"] = dict(self.consent)
        if not self.history:
            del plain["history"]
        return plain


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of a lead: `created`, `contact`, `profile`, `merged`, `consent`, `seen`."""

    kind: str
    detail: Mapping[str, Any]
    at_ms: int

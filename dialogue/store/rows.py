"""What the store hands out about conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dialogue.event import LeadUpdate


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation. Times are milliseconds since 1970, UTC."""

    id: str
    merchant: str
    channel: str
    visitor: str
    state: str
    """`bot`, `requested`, `human`, `callback` or `closed`."""
    variant: str
    """The arm of the asking policy: `ask` or `holdout`."""
    product: str | None
    last_seq: int
    lead_id: str | None
    created_at_ms: int
    updated_at_ms: int


@dataclass(frozen=True, slots=True)
class Received:
    """The customer's message is on disk, and with it the lead found in it."""

    seq: int
    duplicate: bool
    """True when this `client_id` was stored before: acknowledge it again, answer it no second time."""
    lead: LeadUpdate | None
    broken_contact: bool = False
    """Something looked like a contact but is not a valid one; ask again."""
    consent: str | None = None
    """`granted` or `refused` when the message answered the consent question."""
    consent_only: bool = False
    """The message said nothing besides; otherwise there is something left to answer."""
    consent_due: bool = False
    """The lead is complete and nobody has asked for consent yet: say the consent words, then `leads.consent_asked`."""
    reachable: bool = False
    """The customer has left a contact, now or before, and agreed to be contacted."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of a conversation, as it was appended."""

    seq: int
    kind: str
    payload: Mapping[str, Any]
    at_ms: int

    @property
    def at(self) -> datetime:
        """When it was stored, UTC."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)

"""Keeping nothing longer than needed: leads and conversations go when their time is over."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from dialogue.database.schema import conversations, deliveries, events, leads, offers
from dialogue.database.transaction import Transaction
from dialogue.lead.subject import erase_leads

_DAY_MS = 86_400_000
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept, in days since they last changed."""

    lead_days: int = 365
    conversation_days: int = 180


@dataclass(frozen=True, slots=True)
class Purged:
    """What one round took away."""

    leads: int
    conversations: int

    @property
    def more(self) -> bool:
        """True when a full batch went, so that more may be due."""
        return self.leads >= _BATCH or self.conversations >= _BATCH


def purge(tx: Transaction, retention: Retention) -> Purged:
    """Erases what is over its time, at most 200 leads and 200 conversations a round.

    A conversation that belongs to a living lead stays as long as the lead: it is the proof of its consent.
    """
    old_leads = list(
        tx.connection.scalars(
            select(leads.c.id)
            .where(leads.c.merged_into.is_(None), leads.c.updated_at_ms < tx.now_ms - retention.lead_days * _DAY_MS)
            .limit(_BATCH)
        )
    )
    erase_leads(tx, old_leads, actor="retention")
    old_talks = list(
        tx.connection.scalars(
            select(conversations.c.id)
            .where(
                conversations.c.lead_id.is_(None),
                conversations.c.updated_at_ms < tx.now_ms - retention.conversation_days * _DAY_MS,
            )
            .limit(_BATCH)
        )
    )
    for table in (events, offers, deliveries):
        tx.connection.execute(delete(table).where(table.c.conversation_id.in_(old_talks)))
    tx.connection.execute(delete(conversations).where(conversations.c.id.in_(old_talks)))
    return Purged(len(old_leads), len(old_talks))

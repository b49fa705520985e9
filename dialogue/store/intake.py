"""The lead form's way into the store: the same one synced commit as a message's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from dialogue.contact import Findings
from dialogue.database.schema import conversations, events, leads
from dialogue.database.transaction import Transaction
from dialogue.lead.consent import FORM_WORDINGS, ConsentState, Purpose, record
from dialogue.lead.delivery import enqueue
from dialogue.lead.form import Saved
from dialogue.lead.ledger import Origin, capture
from dialogue.lead.offering import close_offers
from dialogue.store import journal


def store_form(
    tx: Transaction, conversation_id: str, *, client_id: str, findings: Findings, ticked: Collection[Purpose]
) -> Saved:
    """Stores the lead, its consents and a `lead_saved` event, once per `client_id`."""
    row = journal.existing(tx, conversation_id)
    again = journal.seen(tx, row, client_id)
    if again is not None:
        return _again(tx, conversation_id, again.seq)
    seq = row.last_seq + 1
    talk = dict(tx.unseal(row.profile, conversations.c.profile) or {})
    captured = capture(
        tx,
        Origin(row.merchant, row.channel, row.id, row.variant, row.product, seq),
        findings,
        lead_id=row.lead_id,
        remembered=talk,
    )
    if captured is None:
        raise ValueError("a checked form holds a contact")
    for purpose in sorted(ticked):
        record(
            tx, captured.lead_id, FORM_WORDINGS[purpose], ConsentState.GRANTED, conversation_id=conversation_id, seq=seq
        )
    close_offers(tx, conversation_id, "filled")
    values: dict[str, Any] = {"consent_asked_seq": None} if Purpose.CONTACT in ticked else {}
    payload = {"client_id": client_id, "complete": captured.complete}
    journal.insert(tx, row, seq, "lead_saved", payload, values, client_id=client_id, lead_id=captured.lead_id)
    enqueue(tx, captured.lead_id)
    return Saved(seq, False, captured.lead_id, captured.complete)


def ask_consent(tx: Transaction, conversation_id: str, seq: int) -> None:
    """Marks the message that showed the consent words."""
    journal.set_values(tx, conversation_id, {"consent_asked_seq": seq})


def _again(tx: Transaction, conversation_id: str, seq: int) -> Saved:
    lead_id = tx.connection.scalar(
        select(events.c.lead_id).where(events.c.conversation_id == conversation_id, events.c.seq == seq)
    )
    while lead_id is not None:
        lead = tx.connection.execute(select(leads).where(leads.c.id == lead_id)).one_or_none()
        if lead is None or lead.merged_into is None:
            return Saved(seq, True, lead_id, lead is not None and lead.complete)
        lead_id = lead.merged_into
    return Saved(seq, True, "", False)

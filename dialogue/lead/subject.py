"""The customer's rights: everything held about one contact, and erasing it (PIPL articles 45 and 47)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select, update

from dialogue.contact import Contact, find
from dialogue.database.audit import audit
from dialogue.database.schema import consents, contacts, conversations, events, history, leads, outbox
from dialogue.database.transaction import Transaction
from dialogue.lead.ledger import find_by_contact
from dialogue.lead.listing import read_leads

ERASED = "…"


def export_subject(tx: Transaction, merchant: str, wanted: Iterable[Contact], *, actor: str) -> list[dict[str, Any]]:
    """All leads that hold one of the contacts, revealed, with history, consents and messages; audited."""
    found = find_by_contact(tx, merchant, wanted)
    exported = []
    for row in read_leads(tx, ids=found, limit=len(found) or 1, reveal=True, with_history=True):
        agreed = tx.connection.execute(select(consents).where(consents.c.lead_id == row.id).order_by(consents.c.id))
        talks = tx.connection.scalars(select(conversations.c.id).where(conversations.c.lead_id == row.id))
        exported.append(
            {
                **row.as_json(),
                "consents": [
                    {
                        "purpose": one.purpose,
                        "state": one.state,
                        "text_version": one.text_version,
                        "text": one.text,
                        "at_ms": one.at_ms,
                    }
                    for one in agreed
                ],
                "messages": [message for talk in talks for message in _messages(tx, talk)],
            }
        )
        audit(tx, merchant=merchant, actor=actor, action="lead.export", subject=row.id)
    return exported


def erase_subject(tx: Transaction, merchant: str, wanted: Iterable[Contact], *, actor: str) -> int:
    """Erases every lead that holds one of the contacts; returns how many. See `erase_leads`."""
    found = find_by_contact(tx, merchant, wanted)
    erase_leads(tx, found, actor=actor)
    return len(found)


def erase_leads(tx: Transaction, lead_ids: Iterable[str], *, actor: str) -> None:
    """Removes the leads with contacts, history, consents and what waits in the outbox, and blanks their conversations.

    The customer's own words are replaced by `…`; the shop's are kept only where they hold no contact. What stays is an
    audit line without personal data.
    """
    for lead_id in lead_ids:
        row = tx.connection.execute(select(leads).where(leads.c.id == lead_id)).one_or_none()
        if row is None:
            continue
        merged = list(tx.connection.scalars(select(leads.c.id).where(leads.c.merged_into == lead_id)))
        talks = set(tx.connection.scalars(select(conversations.c.id).where(conversations.c.lead_id == lead_id)))
        talks |= set(
            tx.connection.scalars(
                select(contacts.c.conversation_id).where(
                    contacts.c.lead_id == lead_id, contacts.c.conversation_id.is_not(None)
                )
            )
        )
        for talk in talks:
            _blank(tx, talk)
        for table in (contacts, history, consents, outbox):
            tx.connection.execute(delete(table).where(table.c.lead_id == lead_id))
        tx.connection.execute(delete(leads).where(leads.c.id.in_([lead_id, *merged])))
        audit(tx, merchant=row.merchant, actor=actor, action="lead.erase", subject=lead_id)


def _messages(tx: Transaction, conversation_id: str) -> list[dict[str, Any]]:
    query = select(events).where(events.c.conversation_id == conversation_id).order_by(events.c.seq)
    return [
        {"conversation": conversation_id, "seq": row.seq, "kind": row.kind, "at_ms": row.at_ms, "payload": payload}
        for row in tx.connection.execute(query)
        if (payload := tx.unseal(row.body, events.c.body))
    ]


def _blank(tx: Transaction, conversation_id: str) -> None:
    query = select(events).where(events.c.conversation_id == conversation_id)
    for row in list(tx.connection.execute(query)):
        before = dict(tx.unseal(row.body, events.c.body))
        payload = {key: ERASED if _personal(key, value) else value for key, value in before.items()}
        if row.client_id is not None and row.kind == "message":
            payload["text"] = ERASED
        if payload == before:
            continue
        tx.connection.execute(
            update(events)
            .where(events.c.conversation_id == conversation_id, events.c.seq == row.seq)
            .values(body=tx.seal(payload, events.c.body), lead_id=None)
        )
    tx.connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(lead_id=None, profile=None, visitor=ERASED)
    )


def _personal(key: str, value: object) -> bool:
    """A hand-over's summary retells the customer; anything else only where a contact stands in it."""
    return isinstance(value, str) and key != "client_id" and (key == "summary" or bool(find(value).contacts))

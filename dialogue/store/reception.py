"""A customer's message on its way into the store: in one commit with the lead found in it and the consent it gives."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from dialogue.contact import find, may_continue
from dialogue.database import DatabaseError
from dialogue.database.schema import conversations, events, leads
from dialogue.database.transaction import Transaction
from dialogue.event import LeadUpdate
from dialogue.lead.asking import is_refusal
from dialogue.lead.consent import CONTACT_TEXT, ConsentState, contact_wording, record, states
from dialogue.lead.delivery import enqueue
from dialogue.lead.ledger import Origin, capture
from dialogue.lead.offering import refuse
from dialogue.lead.reply import Reply, read_reply
from dialogue.store import journal
from dialogue.store.rows import Received

TEXT_LIMIT = 8_000
"""Code points of one customer message; a longer one is refused."""
_EARLIER = 3
"""How many of the visitor's earlier messages a contact may be split over."""
_LOOK_BACK = 8
"""Messages read to find those, with the shop's own between them."""
_EARLIER_MS = 10 * 60_000


class MessageTooLongError(DatabaseError):
    """The message has more than `TEXT_LIMIT` code points."""


def receive(tx: Transaction, conversation_id: str, *, client_id: str, text: str) -> Received:
    """Stores a customer's message once, and the lead found in it."""
    row = journal.existing(tx, conversation_id)
    again = journal.seen(tx, row, client_id)
    if again is not None:
        return again
    earlier, asked = _before(tx, row) if may_continue(text) else ((), "")
    findings = find(text, earlier=earlier, asked=asked)
    seq = row.last_seq + 1
    talk: dict[str, str] = dict(tx.unseal(row.profile, conversations.c.profile) or {})
    captured = capture(
        tx,
        Origin(row.merchant, row.channel, row.id, row.variant, row.product, seq),
        findings,
        lead_id=row.lead_id,
        remembered=talk,
    )
    lead_id = captured.lead_id if captured else row.lead_id
    changed = captured is not None and (captured.created or bool(findings.contacts))
    values: dict[str, Any] = {"messages": row.messages + 1}
    if findings.details:
        values["profile"] = tx.seal(
            {**talk, **{d.field.value: d.value for d in findings.details}}, conversations.c.profile
        )
    if row.spoke_at_ms is None:
        values["spoke_at_ms"] = tx.now_ms
    reply = _answered(tx, row, lead_id, text, seq)
    if reply is not None:
        values["consent_asked_seq"] = None
    payload = {"role": "visitor", "text": text, "client_id": client_id}
    journal.insert(tx, row, seq, "message", payload, values, client_id=client_id, lead_id=lead_id if changed else None)
    if is_refusal(text):
        refuse(tx, row.id)
    if captured is not None and changed:
        enqueue(tx, captured.lead_id)
    agreed = _agreed(tx, lead_id)
    return Received(
        seq=seq,
        duplicate=False,
        lead=LeadUpdate(captured.lead_id, captured.complete) if captured is not None and changed else None,
        broken_contact=findings.broken,
        consent=reply.state if reply else None,
        consent_only=reply is not None and reply.alone,
        consent_due=captured is not None
        and captured.complete
        and row.consent_asked_seq is None
        and agreed == ConsentState.PENDING,
        reachable=agreed == ConsentState.GRANTED,
    )


def _agreed(tx: Transaction, lead_id: str | None) -> str | None:
    """What the customer said to being contacted; None while there is no contact."""
    if lead_id is None or not tx.connection.scalar(select(leads.c.complete).where(leads.c.id == lead_id)):
        return None
    return states(tx, [lead_id]).get(lead_id, {}).get(CONTACT_TEXT.purpose)


def _before(tx: Transaction, row: Row[Any]) -> tuple[list[str], str]:
    """The visitor's last few messages of the last ten minutes, oldest first, and what the shop said after them."""
    query = (
        select(events.c.body)
        .where(
            events.c.conversation_id == row.id, events.c.kind == "message", events.c.at_ms >= tx.now_ms - _EARLIER_MS
        )
        .order_by(events.c.seq.desc())
        .limit(_LOOK_BACK)
    )
    said, asked = [], ""
    for body in tx.connection.scalars(query):
        payload = tx.unseal(body, events.c.body)
        if payload.get("role") == "visitor":
            said.append(str(payload.get("text", "")))
        elif not said and not asked:
            asked = str(payload.get("text", ""))
    return said[:_EARLIER][::-1], asked


def _answered(tx: Transaction, row: Row[Any], lead_id: str | None, text: str, seq: int) -> Reply | None:
    """Reads the reply to the consent question, if one was asked, and records it."""
    if row.consent_asked_seq is None or lead_id is None:
        return None
    since = select(events.c.seq).where(
        events.c.conversation_id == row.id,
        events.c.seq > row.consent_asked_seq,
        events.c.kind == "message",
        events.c.client_id.is_(None),
    )
    answer = read_reply(text, at_once=tx.connection.execute(since.limit(1)).one_or_none() is None)
    if answer is not None:
        asked = select(events.c.body).where(events.c.conversation_id == row.id, events.c.seq == row.consent_asked_seq)
        shown = tx.unseal(tx.connection.scalar(asked), events.c.body) or {}
        record(tx, lead_id, contact_wording(str(shown.get("text", ""))), answer.state, conversation_id=row.id, seq=seq)
    return answer

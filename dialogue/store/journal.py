"""Conversations and their events, in order: one number sequence per conversation, each client message once.

Functions of a transaction; the store runs them on its writer or its readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, update

from dialogue.contact import find, may_continue
from dialogue.database import DatabaseError
from dialogue.database.schema import conversations, events, leads
from dialogue.database.transaction import Transaction, new_id
from dialogue.event import LeadUpdate
from dialogue.lead.asking import is_refusal
from dialogue.lead.consent import CONTACT_TEXT, ConsentState, read_reply, record, states
from dialogue.lead.delivery import enqueue
from dialogue.lead.ledger import Origin, capture
from dialogue.lead.offering import refuse
from dialogue.store.rows import ConversationRow, Received, StoredEvent

TEXT_LIMIT = 8_000
"""Code points of one customer message; a longer one is refused."""
_EARLIER = 3
"""How many of the visitor's earlier messages a contact may be split over."""
_LOOK_BACK = 8
"""Messages read to find those, with the shop's own between them."""
_EARLIER_MS = 10 * 60_000


class UnknownConversationError(DatabaseError):
    """There is no such conversation of this merchant and visitor."""


class MessageTooLongError(DatabaseError):
    """The message has more than `TEXT_LIMIT` code points."""


def open_conversation(
    tx: Transaction, *, merchant: str, channel: str, visitor: str, variant: str, conversation_id: str | None
) -> ConversationRow:
    """Returns the conversation, made if new. Raises `UnknownConversationError` if it is another visitor's."""
    if conversation_id is not None:
        row = _row(tx, conversation_id)
        if row is not None:
            if (row.merchant, row.visitor) != (merchant, visitor):
                raise UnknownConversationError("there is no such conversation of this visitor; start a new one")
            return as_conversation(row)
    values = {
        "id": conversation_id or new_id("conv"),
        "merchant": merchant,
        "channel": channel,
        "visitor": visitor,
        "state": "bot",
        "variant": variant,
        "last_seq": 0,
        "messages": 0,
        "cost_micros": 0,
        "created_at_ms": tx.now_ms,
        "updated_at_ms": tx.now_ms,
    }
    tx.connection.execute(conversations.insert().values(values))
    return ConversationRow(
        id=str(values["id"]),
        merchant=merchant,
        channel=channel,
        visitor=visitor,
        state="bot",
        variant=variant,
        product=None,
        last_seq=0,
        lead_id=None,
        created_at_ms=tx.now_ms,
        updated_at_ms=tx.now_ms,
    )


def receive(tx: Transaction, conversation_id: str, *, client_id: str, text: str) -> Received:
    """Stores a customer's message once, and the lead found in it."""
    row = existing(tx, conversation_id)
    again = seen(tx, row, client_id)
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
    consent = _answered(tx, row, lead_id, text, seq)
    if consent is not None:
        values["consent_asked_seq"] = None
    payload = {"role": "visitor", "text": text, "client_id": client_id}
    insert(tx, row, seq, "message", payload, values, client_id=client_id, lead_id=lead_id if changed else None)
    if is_refusal(text):
        refuse(tx, row.id)
    if captured is not None and changed:
        enqueue(tx, captured.lead_id)
    return Received(
        seq=seq,
        duplicate=False,
        lead=LeadUpdate(captured.lead_id, captured.complete) if captured is not None and changed else None,
        broken_contact=findings.broken,
        consent=consent,
        consent_due=captured is not None
        and captured.complete
        and row.consent_asked_seq is None
        and states(tx, [captured.lead_id])[captured.lead_id].get(CONTACT_TEXT.purpose) == ConsentState.PENDING,
    )


def append(
    tx: Transaction, conversation_id: str, *, kind: str, payload: Mapping[str, Any], client_id: str | None = None
) -> int:
    """Stores any other event and returns its number."""
    row = existing(tx, conversation_id)
    if client_id is not None:
        again = seen(tx, row, client_id)
        if again is not None:
            return again.seq
    seq = int(row.last_seq) + 1
    values: dict[str, Any] = {}
    if row.answered_at_ms is None and row.spoke_at_ms is not None and payload.get("role") not in (None, "visitor"):
        values["answered_at_ms"] = tx.now_ms
    if kind == "handoff" and row.handed_over_at_ms is None:
        values["handed_over_at_ms"] = tx.now_ms
    decision = payload.get("decision")
    insert(tx, row, seq, kind, payload, values, client_id=client_id, decision=str(decision)[:16] if decision else None)
    return seq


def events_after(tx: Transaction, conversation_id: str, after_seq: int, *, limit: int) -> list[StoredEvent]:
    """Events with a number above `after_seq`, in order."""
    query = (
        select(events.c.seq, events.c.kind, events.c.body, events.c.at_ms)
        .where(events.c.conversation_id == conversation_id, events.c.seq > after_seq)
        .order_by(events.c.seq)
        .limit(limit)
    )
    return [
        StoredEvent(seq, kind, tx.unseal(body, events.c.body), at_ms)
        for seq, kind, body, at_ms in tx.connection.execute(query)
    ]


def list_conversations(
    tx: Transaction, merchant: str, *, state: str | None, limit: int, offset: int
) -> list[ConversationRow]:
    """The merchant's conversations, the last active first."""
    query = select(conversations).where(conversations.c.merchant == merchant)
    if state is not None:
        query = query.where(conversations.c.state == state)
    query = query.order_by(conversations.c.updated_at_ms.desc(), conversations.c.id).limit(limit).offset(offset)
    return [as_conversation(row) for row in tx.connection.execute(query)]


def find_conversation(tx: Transaction, conversation_id: str) -> ConversationRow | None:
    """The conversation, or None."""
    row = _row(tx, conversation_id)
    return None if row is None else as_conversation(row)


def set_values(tx: Transaction, conversation_id: str, values: Mapping[str, Any]) -> None:
    """Changes columns of a conversation (state, product)."""
    changed = tx.connection.execute(
        update(conversations).where(conversations.c.id == conversation_id).values(**values, updated_at_ms=tx.now_ms)
    )
    if changed.rowcount == 0:
        raise UnknownConversationError("there is no such conversation")


def add_cost(tx: Transaction, conversation_id: str, cost_micros: int) -> None:
    """Adds to what the conversation has cost, in millionths of the merchant's currency."""
    tx.connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(cost_micros=conversations.c.cost_micros + cost_micros)
    )


def existing(tx: Transaction, conversation_id: str) -> Row[Any]:
    """The conversation's row. Raises `UnknownConversationError`."""
    row = _row(tx, conversation_id)
    if row is None:
        raise UnknownConversationError("there is no such conversation; open it first")
    return row


def seen(tx: Transaction, row: Row[Any], client_id: str) -> Received | None:
    """What was acknowledged for this `client_id` before, or None."""
    before = tx.connection.execute(
        select(events.c.seq, events.c.lead_id).where(
            events.c.conversation_id == row.id, events.c.client_id == client_id
        )
    ).one_or_none()
    if before is None:
        return None
    lead = None
    if before.lead_id is not None:
        kept = tx.connection.execute(select(leads).where(leads.c.id == before.lead_id)).one_or_none()
        if kept is not None and kept.merged_into is not None:
            kept = tx.connection.execute(select(leads).where(leads.c.id == kept.merged_into)).one_or_none()
        lead = None if kept is None else LeadUpdate(kept.id, kept.complete)
    return Received(seq=before.seq, duplicate=True, lead=lead)


def insert(
    tx: Transaction,
    row: Row[Any],
    seq: int,
    kind: str,
    payload: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    client_id: str | None = None,
    lead_id: str | None = None,
    decision: str | None = None,
) -> None:
    """Writes event `seq` and moves the conversation on."""
    tx.connection.execute(
        events.insert().values(
            conversation_id=row.id,
            seq=seq,
            kind=kind,
            client_id=client_id,
            lead_id=lead_id,
            decision=decision,
            body=tx.seal(dict(payload), events.c.body),
            at_ms=tx.now_ms,
        )
    )
    tx.connection.execute(
        update(conversations)
        .where(conversations.c.id == row.id)
        .values(last_seq=seq, updated_at_ms=tx.now_ms, **values)
    )


def as_conversation(row: Row[Any]) -> ConversationRow:
    """The public shape of a row."""
    return ConversationRow(
        id=row.id,
        merchant=row.merchant,
        channel=row.channel,
        visitor=row.visitor,
        state=row.state,
        variant=row.variant,
        product=row.product,
        last_seq=row.last_seq,
        lead_id=row.lead_id,
        created_at_ms=row.created_at_ms,
        updated_at_ms=row.updated_at_ms,
    )


def _row(tx: Transaction, conversation_id: str) -> Row[Any] | None:
    return tx.connection.execute(select(conversations).where(conversations.c.id == conversation_id)).one_or_none()


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


def _answered(tx: Transaction, row: Row[Any], lead_id: str | None, text: str, seq: int) -> str | None:
    """Reads the reply to the consent question, if one was asked, and records it."""
    if row.consent_asked_seq is None or lead_id is None:
        return None
    answer = read_reply(text)
    if answer is not None:
        record(tx, lead_id, CONTACT_TEXT, answer, conversation_id=row.id, seq=seq)
    return answer

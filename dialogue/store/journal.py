"""Conversations and their events, in order: one number sequence per conversation, each client message once.

Functions of a transaction; the store runs them on its writer or its readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, update

from dialogue.database import DatabaseError
from dialogue.database.schema import conversations, events, leads
from dialogue.database.transaction import Transaction, new_id
from dialogue.event import LeadUpdate
from dialogue.lead.subject import ERASED
from dialogue.store.rows import ConversationRow, Received, StoredEvent


class UnknownConversationError(DatabaseError):
    """There is no such conversation of this merchant and visitor."""


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
        # A chat shows an answer while it grows and logs it when it is complete.
        values["answered_at_ms"] = max(row.spoke_at_ms, min(tx.now_ms, int(payload.get("shown_at_ms", tx.now_ms))))
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
    """The conversation's row. Raises `UnknownConversationError`, also for one that was erased: nothing more goes in."""
    row = _row(tx, conversation_id)
    if row is None:
        raise UnknownConversationError("there is no such conversation; open it first")
    if row.visitor == ERASED:
        raise UnknownConversationError("the conversation was erased; start a new one")
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

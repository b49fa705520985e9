"""What still has to reach a platform: each conversation has one mark up to which everything was taken.

A message is owed from the moment it stands in the conversation's log, which is synced; so nothing has to be written
twice, and a restart changes nothing. Within a conversation messages go in order, one at a time. A try is leased: when a
process dies in the middle of it, another takes over; the message's id stays the same, so a platform drops the repeated.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, false, func, not_, or_, select, update

from dialogue.channel import Outbound
from dialogue.database.schema import channels, conversations, deliveries, events, merchants
from dialogue.database.transaction import Transaction
from dialogue.lead.subject import ERASED
from dialogue.platform.register import JoinedChannel, find

PREFIX = "plat_"
"""How the id of a platform's conversation begins."""
BACKOFF_S = (1, 5, 30, 120, 600, 1800, 3600)
"""Seconds before a message is sent again; the last pause repeats."""
END_MS = 24 * 3_600_000
"""A message older than this is given up: nobody waits for its answer any more."""
LEASE_MS = 60_000
_PAGE = 50
_RECENT_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to send now: `message` through `channel`; it is try number `attempt` (from 1)."""

    conversation_id: str
    seq: int
    at_ms: int
    attempt: int
    channel: JoinedChannel
    message: Outbound


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A platform's conversation that the last process left in the middle: unanswered, or with a colleague asked for."""

    conversation_id: str
    merchant: str
    channel: str
    visitor: str


def conversation_of(tx: Transaction, *, merchant: str, channel: str, visitor: str) -> str:
    """The one conversation of a platform's customer; after the customer's data was erased, a new one."""
    generation = 0
    while True:
        key = f"{merchant}\n{channel}\n{visitor}" + (f"\n{generation}" if generation else "")
        found = PREFIX + hashlib.sha256(key.encode()).hexdigest()[:40]
        owner = tx.connection.scalar(select(conversations.c.visitor).where(conversations.c.id == found))
        if owner != ERASED:
            return found
        generation += 1


def follow(tx: Transaction, conversation_id: str, *, merchant: str, channel: str) -> None:
    """From now on what is said in this conversation is owed to the platform. May be called again."""
    if followed(tx, conversation_id):
        return
    head = tx.connection.scalar(select(conversations.c.last_seq).where(conversations.c.id == conversation_id))
    row = {
        "conversation_id": conversation_id,
        "merchant": merchant,
        "channel": channel,
        "done_seq": head or 0,
        "attempts": 0,
        "next_at_ms": 0,
        "leased_until_ms": 0,
        "lost": 0,
        "last_error": "",
    }
    tx.connection.execute(deliveries.insert().values(row))


def followed(tx: Transaction, conversation_id: str) -> bool:
    """Whether what is said in this conversation is owed to a platform."""
    known = select(deliveries.c.conversation_id).where(deliveries.c.conversation_id == conversation_id)
    return tx.connection.execute(known).one_or_none() is not None


def take_due(tx: Transaction, *, limit: int, skip: Collection[tuple[str, str]] = ()) -> list[Delivery]:
    """Leases the next message of each conversation that is due, at most `limit`, passing over the channels `skip`."""
    passed = [and_(deliveries.c.merchant == merchant, deliveries.c.channel == name) for merchant, name in skip]
    query = (
        select(deliveries, conversations.c.visitor)
        .join(conversations, conversations.c.id == deliveries.c.conversation_id)
        .join(channels, _joined())
        .join(merchants, and_(merchants.c.id == deliveries.c.merchant, merchants.c.removed_at_ms.is_(None)))
        .where(_owed(), deliveries.c.next_at_ms <= tx.now_ms, deliveries.c.leased_until_ms <= tx.now_ms)
        .where(not_(or_(false(), *passed)))
        .order_by(deliveries.c.next_at_ms, deliveries.c.conversation_id)
        .limit(limit)
    )
    found = []
    for row in list(tx.connection.execute(query)):
        channel = find(tx, row.merchant, row.channel)
        message = None if channel is None else _next(tx, row)
        if channel is not None and message is not None:
            seq, at_ms, outbound = message
            _set(tx, row.conversation_id, leased_until_ms=tx.now_ms + LEASE_MS, attempts=row.attempts + 1)
            found.append(Delivery(row.conversation_id, seq, at_ms, row.attempts + 1, channel, outbound))
    return found


def settle(tx: Transaction, delivery: Delivery, error: str | None, *, final: bool, jitter: random.Random) -> None:
    """Notes the result of a try: taken, to be tried again (±20 % jitter), or given up (410, or over a day old)."""
    where = delivery.conversation_id
    if error is None:
        _set(tx, where, done_seq=delivery.seq, attempts=0, next_at_ms=0, leased_until_ms=0, last_error="")
    elif final or tx.now_ms - delivery.at_ms >= END_MS:
        lost = deliveries.c.lost + 1
        _set(tx, where, done_seq=delivery.seq, next_at_ms=0, leased_until_ms=0, lost=lost, last_error=error[:300])
    else:
        pause_s = BACKOFF_S[min(delivery.attempt, len(BACKOFF_S)) - 1] * jitter.uniform(0.8, 1.2)
        _set(tx, where, next_at_ms=tx.now_ms + round(pause_s * 1000), leased_until_ms=0, last_error=error[:300])


def next_due_ms(tx: Transaction) -> int | None:
    """When the next try is due (milliseconds since 1970), or None when nothing is owed."""
    free = case(
        (deliveries.c.next_at_ms > deliveries.c.leased_until_ms, deliveries.c.next_at_ms),
        else_=deliveries.c.leased_until_ms,
    )
    due: int | None = tx.connection.scalar(
        select(func.min(free))
        .join(conversations, conversations.c.id == deliveries.c.conversation_id)
        .join(channels, _joined())
        .join(merchants, and_(merchants.c.id == deliveries.c.merchant, merchants.c.removed_at_ms.is_(None)))
        .where(_owed())
    )
    return due


def unfinished(tx: Transaction, *, limit: int) -> list[Unfinished]:
    """Conversations of the last day whose last word is the customer's, or in which a colleague is awaited."""
    query = (
        select(conversations)
        .join(deliveries, conversations.c.id == deliveries.c.conversation_id)
        .join(channels, _joined())
        .where(conversations.c.updated_at_ms > tx.now_ms - _RECENT_MS, conversations.c.visitor != ERASED)
        .order_by(conversations.c.updated_at_ms.desc())
        .limit(limit)
    )
    return [
        Unfinished(row.id, row.merchant, row.channel, row.visitor)
        for row in tx.connection.execute(query)
        if row.state in ("requested", "human") or _last_role(tx, row.id) == "visitor"
    ]


def _next(tx: Transaction, row: Row[Any]) -> tuple[int, int, Outbound] | None:
    """The next message to send; moves the mark past everything that is nobody's business outside."""
    done = row.done_seq
    while True:
        page = list(
            tx.connection.execute(
                select(events.c.seq, events.c.kind, events.c.body, events.c.at_ms)
                .where(events.c.conversation_id == row.conversation_id, events.c.seq > done)
                .order_by(events.c.seq)
                .limit(_PAGE)
            )
        )
        for event in page:
            payload = tx.unseal(event.body, events.c.body) if event.kind == "message" else {}
            if payload.get("role") in ("assistant", "operator") and row.visitor != ERASED:
                if done != row.done_seq:
                    _set(tx, row.conversation_id, done_seq=done)
                return event.seq, event.at_ms, _outbound(row, event.seq, payload)
            done = event.seq
        if len(page) < _PAGE:
            _set(tx, row.conversation_id, done_seq=done)
            return None


def _outbound(row: Row[Any], seq: int, payload: dict[str, Any]) -> Outbound:
    visitor = str(row.visitor).removeprefix(f"{row.channel}:")
    suggestions = tuple(payload.get("suggestions", ()))
    return Outbound(f"{row.conversation_id}-{seq}", visitor, payload["role"], payload["text"], suggestions)


def _last_role(tx: Transaction, conversation_id: str) -> str:
    query = (
        select(events.c.body)
        .where(events.c.conversation_id == conversation_id, events.c.kind == "message")
        .order_by(events.c.seq.desc())
        .limit(1)
    )
    body = tx.connection.scalar(query)
    return "" if body is None else str(tx.unseal(body, events.c.body).get("role", ""))


def _owed() -> ColumnElement[bool]:
    return conversations.c.last_seq > deliveries.c.done_seq


def _joined() -> ColumnElement[bool]:
    return and_(channels.c.merchant == deliveries.c.merchant, channels.c.name == deliveries.c.channel)


def _set(tx: Transaction, conversation_id: str, **values: Any) -> None:
    tx.connection.execute(update(deliveries).where(deliveries.c.conversation_id == conversation_id).values(values))

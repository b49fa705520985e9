"""The outbox: what must reach a target is written in the transaction that makes it true, and sent until it is taken.

A lead goes out only when it is complete and its `share` consent is granted. The message's id stays the same over all
tries, so a receiver can drop a repeated one. A try is leased: when a process dies in the middle, another takes over.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, not_, or_, select, update

from dialogue.database.audit import audit
from dialogue.database.schema import leads, outbox, targets
from dialogue.database.transaction import Transaction, new_id
from dialogue.lead.consent import ConsentState, Purpose, states
from dialogue.lead.listing import read_leads
from dialogue.lead.target import Target, TargetError, TargetKind, check_target

BACKOFF_S = (5, 30, 120, 600, 1800, 7200, 18000, 36000, 36000)
"""Seconds before each further try, as Standard Webhooks advises; after the last one the message is dead."""
LEASE_MS = 60_000
PENDING, DELIVERED, DEAD = "pending", "delivered", "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to send now, with its target and its lead's content of this moment."""

    id: str
    attempt: int
    target: Target
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message as lists show it: no contact data."""

    id: str
    merchant: str
    target: str
    lead_id: str
    event: str
    state: str
    attempts: int
    next_at_ms: int
    last_error: str
    created_at_ms: int
    delivered_at_ms: int | None


def enqueue(tx: Transaction, lead_id: str) -> int:
    """Writes a message per target when the lead may go out; returns how many are new.

    A message that nobody has tried to send yet takes the new content. One that was tried keeps its own, because the
    receiver may know it by its id already; the change follows it as a message of its own.
    """
    row = tx.connection.execute(select(leads).where(leads.c.id == lead_id)).one_or_none()
    if row is None or not row.complete:
        return 0
    if states(tx, [lead_id]).get(lead_id, {}).get(Purpose.SHARE) != ConsentState.GRANTED:
        return 0
    written = 0
    for target in read_targets(tx, row.merchant):
        before = list(
            tx.connection.execute(
                select(outbox.c.id, outbox.c.event, outbox.c.state, outbox.c.attempts).where(
                    outbox.c.target_id == target.id, outbox.c.lead_id == lead_id
                )
            )
        )
        fresh = next((one for one in before if one.state == PENDING and one.attempts == 0), None)
        if fresh is not None:
            _set(tx, fresh.id, body=tx.seal(_message(tx, lead_id, fresh.event), outbox.c.body))
            continue
        event = "lead.updated" if before else "lead.created"
        message = _message(tx, lead_id, event)
        tx.connection.execute(
            outbox.insert().values(
                id=new_id("msg"),
                merchant=row.merchant,
                target_id=target.id,
                lead_id=lead_id,
                event=event,
                body=tx.seal(message, outbox.c.body),
                state=PENDING,
                attempts=0,
                next_at_ms=tx.now_ms,
                leased_until_ms=0,
                last_error="",
                created_at_ms=tx.now_ms,
            )
        )
        written += 1
    return written


def take_due(tx: Transaction, *, limit: int) -> list[Delivery]:
    """Leases the messages that are due. One whose consent was withdrawn meanwhile, or target removed, is dropped.

    Of one lead to one target, the older message goes first; a newer one waits until it arrived or is dead.
    """
    query = (
        select(outbox)
        .where(
            outbox.c.state == PENDING,
            outbox.c.next_at_ms <= tx.now_ms,
            outbox.c.leased_until_ms <= tx.now_ms,
            not_(_overtakes()),
        )
        .order_by(outbox.c.next_at_ms, outbox.c.id)
        .limit(limit)
    )
    rows = list(tx.connection.execute(query))
    known = {target.id: target for target in read_targets(tx, None)}
    agreed = states(tx, [row.lead_id for row in rows])
    found = []
    for row in rows:
        if agreed.get(row.lead_id, {}).get(Purpose.SHARE) != ConsentState.GRANTED:
            _set(tx, row.id, state=DEAD, last_error="consent withdrawn")
        elif row.target_id not in known:
            _set(tx, row.id, state=DEAD, last_error="target removed")
        else:
            _set(tx, row.id, leased_until_ms=tx.now_ms + LEASE_MS, attempts=row.attempts + 1)
            message = tx.unseal(row.body, outbox.c.body)
            found.append(Delivery(row.id, row.attempts + 1, known[row.target_id], message))
    return found


def next_due_ms(tx: Transaction) -> int | None:
    """When the next message may be sent, or None. Those that wait for an older one do not count."""
    free = case((outbox.c.leased_until_ms > outbox.c.next_at_ms, outbox.c.leased_until_ms), else_=outbox.c.next_at_ms)
    query = select(func.min(free)).where(outbox.c.state == PENDING, not_(_overtakes()))
    due: int | None = tx.connection.scalar(query)
    return due


def settle(tx: Transaction, delivery: Delivery, error: str | None, *, final: bool, jitter: random.Random) -> None:
    """Notes the result of a try: delivered, to be tried again (±20 % jitter), or dead."""
    if error is None:
        _set(tx, delivery.id, state=DELIVERED, delivered_at_ms=tx.now_ms, leased_until_ms=0, last_error="")
    elif final or delivery.attempt > len(BACKOFF_S):
        _set(tx, delivery.id, state=DEAD, leased_until_ms=0, last_error=error[:300])
    else:
        wait_ms = round(BACKOFF_S[delivery.attempt - 1] * 1000 * jitter.uniform(0.8, 1.2))
        _set(tx, delivery.id, next_at_ms=tx.now_ms + wait_ms, leased_until_ms=0, last_error=error[:300])


def replay(tx: Transaction, merchant: str, *, message_id: str | None, actor: str) -> int:
    """Puts dead messages (one, or all of the merchant) back into the queue under their old ids; returns how many."""
    wanted = and_(outbox.c.merchant == merchant, outbox.c.state == DEAD)
    if message_id is not None:
        wanted = and_(wanted, outbox.c.id == message_id)
    count = tx.connection.execute(
        update(outbox).where(wanted).values(state=PENDING, attempts=0, next_at_ms=tx.now_ms, leased_until_ms=0)
    ).rowcount
    audit(tx, merchant=merchant, actor=actor, action="outbox.replay", subject=message_id or "all", detail=str(count))
    return count


def list_messages(tx: Transaction, merchant: str, *, state: str | None, limit: int) -> list[OutboxRow]:
    """The newest messages first."""
    query = select(outbox).where(outbox.c.merchant == merchant).order_by(outbox.c.created_at_ms.desc(), outbox.c.id)
    if state is not None:
        query = query.where(outbox.c.state == state)
    return [
        OutboxRow(
            id=row.id,
            merchant=row.merchant,
            target=row.target_id,
            lead_id=row.lead_id,
            event=row.event,
            state=row.state,
            attempts=row.attempts,
            next_at_ms=row.next_at_ms,
            last_error=row.last_error,
            created_at_ms=row.created_at_ms,
            delivered_at_ms=row.delivered_at_ms,
        )
        for row in tx.connection.execute(query.limit(limit))
    ]


def add_target(
    tx: Transaction, merchant: str, *, kind: TargetKind, address: str, secret: str, label: str, actor: str
) -> Target:
    """Adds a target. Raises `TargetError` when its settings are not usable."""
    check_target(kind, address, secret)
    target = Target(new_id("tgt"), merchant, kind, label or kind, address, secret)
    tx.connection.execute(
        targets.insert().values(
            id=target.id,
            merchant=merchant,
            kind=kind,
            label=target.label,
            config=tx.seal({"address": address, "secret": secret}, targets.c.config),
            created_at_ms=tx.now_ms,
        )
    )
    audit(tx, merchant=merchant, actor=actor, action="target.add", subject=target.id, detail=str(kind))
    return target


def remove_target(tx: Transaction, merchant: str, target_id: str, *, actor: str) -> None:
    """Removes a target; what waits for it is dropped. Raises `TargetError` when there is none."""
    gone = tx.connection.execute(
        update(targets)
        .where(targets.c.id == target_id, targets.c.merchant == merchant, targets.c.removed_at_ms.is_(None))
        .values(removed_at_ms=tx.now_ms)
    )
    if gone.rowcount == 0:
        raise TargetError(
            f"这家店没有转交目标 {target_id!r} / "
            "there is no such target of this merchant; see: zhanggui leads target list"
        )
    audit(tx, merchant=merchant, actor=actor, action="target.remove", subject=target_id)


def read_targets(tx: Transaction, merchant: str | None) -> list[Target]:
    """The targets in use."""
    query = select(targets).where(targets.c.removed_at_ms.is_(None)).order_by(targets.c.created_at_ms, targets.c.id)
    if merchant is not None:
        query = query.where(targets.c.merchant == merchant)
    return [
        Target(row.id, row.merchant, TargetKind(row.kind), row.label, **tx.unseal(row.config, targets.c.config))
        for row in tx.connection.execute(query)
    ]


def sample(merchant: str, now_ms: int) -> dict[str, Any]:
    """A message as a receiver will get it, of type `lead.test`, with nobody's data in it."""
    return {
        "type": "lead.test",
        "timestamp": _timestamp(now_ms),
        "data": {
            "id": "lead_" + "0" * 32,
            "merchant": merchant,
            "channel": "test",
            "conversation_id": None,
            "product": None,
            "profile": {"name": "测试（不是真的客户）"},
            "consent": {"contact": "granted", "share": "granted"},
            "created_at_ms": now_ms,
            "contacts": [{"kind": "email", "value": "test@example.com"}],
        },
    }


def _overtakes() -> ColumnElement[bool]:
    """True for a message with an older one of the same lead still waiting for the same target."""
    older = outbox.alias("older")
    ahead = select(older.c.id).where(
        older.c.state == PENDING,
        older.c.target_id == outbox.c.target_id,
        older.c.lead_id == outbox.c.lead_id,
        older.c.id != outbox.c.id,
        or_(
            older.c.created_at_ms < outbox.c.created_at_ms,
            and_(older.c.created_at_ms == outbox.c.created_at_ms, older.c.attempts > outbox.c.attempts),
        ),
    )
    return ahead.exists()


def _message(tx: Transaction, lead_id: str, event: str) -> dict[str, Any]:
    row = read_leads(tx, ids=[lead_id], limit=1, reveal=True)[0].as_json()
    contacts = [{"kind": str(one["kind"]), "value": one["value"]} for one in row["contacts"]]
    kept = ("id", "merchant", "channel", "conversation_id", "product", "profile", "consent", "created_at_ms")
    return {
        "type": event,
        "timestamp": _timestamp(tx.now_ms),
        "data": {key: row[key] for key in kept} | {"contacts": contacts},
    }


def _timestamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat().replace("+00:00", "Z")


def _set(tx: Transaction, message_id: str, **values: Any) -> None:
    tx.connection.execute(update(outbox).where(outbox.c.id == message_id).values(values))

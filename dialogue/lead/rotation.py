"""Changing the key: every sealed row is sealed anew, while the server goes on.

1. A fresh key joins the ring and becomes the active one; writers load it when they take the write lock.
2. Rows under older keys are sealed anew, 500 at a time, so that customers' writes come in between.
3. Under the write lock, when no row holds an older key, the older keys are dropped.
While it runs, a contact is looked up under every key, so nobody becomes a second lead.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Row, func, not_, select, update

from dialogue.contact import ContactKind
from dialogue.database.audit import audit
from dialogue.database.schema import (
    channels,
    contacts,
    conversations,
    events,
    history,
    leads,
    outbox,
    secrets,
    targets,
)
from dialogue.database.transaction import Run, Transaction
from dialogue.lead.ledger import lookup_value

_BATCH = 500
SEALED: tuple[Column[Any], ...] = (
    contacts.c.value,
    leads.c.profile,
    history.c.detail,
    conversations.c.profile,
    events.c.body,
    targets.c.config,
    outbox.c.body,
    secrets.c.value,
    channels.c.config,
)
"""Every sealed column."""


async def rotate(write: Run, *, actor: str) -> int:
    """Runs a whole rotation; returns how many values were sealed anew. Broken off, the next one finishes it."""
    await write(lambda tx: tx.ring.add_key())
    done = 0
    while True:
        batch = await write(lambda tx: _round(tx, actor))
        if batch is None:
            return done
        done += batch


def _round(tx: Transaction, actor: str) -> int | None:
    for column in SEALED:
        rows = _old_rows(tx, column)
        if rows:
            for row in rows:
                _seal_anew(tx, column, row)
            return len(rows)
    tx.ring.drop_others()
    audit(tx, merchant="", actor=actor, action="key.rotate", subject=tx.ring.active)
    return None


def _old_rows(tx: Transaction, column: Column[Any]) -> list[Row[Any]]:
    current = func.substr(column, 1, 8) == tx.ring.active.encode("ascii")
    return list(tx.connection.execute(select(column.table).where(column.is_not(None), not_(current)).limit(_BATCH)))


def _seal_anew(tx: Transaction, column: Column[Any], row: Row[Any]) -> None:
    plain = tx.unseal(row._mapping[column], column)
    changes: dict[str, Any] = {column.name: tx.seal(plain, column)}
    if column is contacts.c.value:
        wanted = lookup_value(ContactKind(row.kind), str(plain))
        changes["lookup"] = tx.ring.lookup(f"{row.merchant}\n{wanted}")
    same: list[ColumnElement[bool]] = [key == row._mapping[key] for key in column.table.primary_key.columns]
    tx.connection.execute(update(column.table).where(*same).values(changes))

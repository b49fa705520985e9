"""Who did what to whose data, in the same transaction as the deed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from dialogue.database.schema import audits
from dialogue.database.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One deed. `at_ms` is milliseconds since 1970, UTC."""

    merchant: str
    actor: str
    action: str
    subject: str
    detail: str
    at_ms: int


def audit(tx: Transaction, *, merchant: str, actor: str, action: str, subject: str, detail: str = "") -> None:
    """Writes one deed; `subject` is an id and `detail` a word or a count, never contact data."""
    tx.connection.execute(
        audits.insert().values(
            merchant=merchant, actor=actor, action=action, subject=subject, detail=detail, at_ms=tx.now_ms
        )
    )


def read_audit(tx: Transaction, merchant: str | None, *, limit: int) -> list[AuditRow]:
    """The newest deeds first."""
    query = select(audits).order_by(audits.c.id.desc()).limit(limit)
    if merchant is not None:
        query = query.where(audits.c.merchant == merchant)
    return [
        AuditRow(row.merchant, row.actor, row.action, row.subject, row.detail, row.at_ms)
        for row in tx.connection.execute(query)
    ]

"""Reading leads: masked lists, one lead with its history, or revealed (the caller audits that)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, select

from dialogue.contact import ContactKind, Field, hidden, mask
from dialogue.database.schema import contacts, history, leads
from dialogue.database.transaction import Transaction
from dialogue.lead.consent import states
from dialogue.lead.rows import ContactRow, HistoryRow, LeadRow

_HONORIFICS = ("先生", "女士", "小姐", "老师", "太太", "总", "经理", "老板", "阿姨", "大哥")


def read_leads(
    tx: Transaction,
    *,
    merchant: str | None = None,
    complete: bool | None = None,
    since_ms: int | None = None,
    until_ms: int | None = None,
    ids: Sequence[str] | None = None,
    limit: int = 100,
    offset: int = 0,
    reveal: bool = False,
    with_history: bool = False,
) -> list[LeadRow]:
    """The newest leads first; merged ones are shown only as part of their survivor."""
    query: Select[Any] = select(leads).where(leads.c.merged_into.is_(None))
    if merchant is not None:
        query = query.where(leads.c.merchant == merchant)
    if complete is not None:
        query = query.where(leads.c.complete.is_(complete))
    if since_ms is not None:
        query = query.where(leads.c.created_at_ms >= since_ms)
    if until_ms is not None:
        query = query.where(leads.c.created_at_ms < until_ms)
    if ids is not None:
        query = query.where(leads.c.id.in_(list(ids)))
    query = query.order_by(leads.c.created_at_ms.desc(), leads.c.id).limit(limit).offset(offset)
    rows = list(tx.connection.execute(query))
    found = [row.id for row in rows]
    held = _contacts(tx, found, reveal)
    agreed = states(tx, found)
    past = _history(tx, found, reveal) if with_history else {}
    return [_lead(tx, row, held, agreed, past, reveal) for row in rows]


def _lead(
    tx: Transaction,
    row: Row[Any],
    held: dict[str, list[ContactRow]],
    agreed: dict[str, dict[str, str]],
    past: dict[str, list[HistoryRow]],
    reveal: bool,
) -> LeadRow:
    profile = {Field(key): str(value) for key, value in tx.unseal(row.profile, leads.c.profile).items()}
    if not reveal:
        profile = _masked(profile)
    return LeadRow(
        id=row.id,
        merchant=row.merchant,
        channel=row.channel,
        conversation_id=row.conversation_id,
        variant=row.variant,
        product=row.product,
        complete=row.complete,
        contacts=tuple(held.get(row.id, ())),
        profile=profile,
        consent=agreed.get(row.id, {}),
        created_at_ms=row.created_at_ms,
        updated_at_ms=row.updated_at_ms,
        history=tuple(past.get(row.id, ())),
    )


def _contacts(tx: Transaction, lead_ids: list[str], reveal: bool) -> dict[str, list[ContactRow]]:
    found: dict[str, list[ContactRow]] = {}
    query = select(contacts).where(contacts.c.lead_id.in_(lead_ids)).order_by(contacts.c.created_at_ms, contacts.c.id)
    for row in tx.connection.execute(query):
        value = str(tx.unseal(row.value, contacts.c.value))
        span = None if row.span_start is None else (row.span_start, row.span_end)
        shown = value if reveal else mask(row.kind, value)
        found.setdefault(row.lead_id, []).append(
            ContactRow(ContactKind(row.kind), shown, row.conversation_id, row.seq, span)
        )
    return found


def _history(tx: Transaction, lead_ids: list[str], reveal: bool) -> dict[str, list[HistoryRow]]:
    found: dict[str, list[HistoryRow]] = {}
    query = select(history).where(history.c.lead_id.in_(lead_ids)).order_by(history.c.id)
    for row in tx.connection.execute(query):
        detail = tx.unseal(row.detail, history.c.detail)
        found.setdefault(row.lead_id, []).append(
            HistoryRow(row.kind, detail if reveal else _mask_names(detail), row.at_ms)
        )
    return found


def _mask_names(detail: Mapping[str, Any]) -> dict[str, Any]:
    """A line of history with what is personal in it hidden; contacts are written there masked already."""
    return {
        key: _masked({field: str(text) for field, text in value.items()}) if isinstance(value, dict) else value
        for key, value in detail.items()
    }


def _masked(profile: Mapping[Field, str]) -> dict[Field, str]:
    """A form's fields are free text: who writes a number into one of them is hidden there, too."""
    return {key: _mask_name(value) if key == Field.NAME else hidden(value) for key, value in profile.items()}


def _mask_name(name: str) -> str:
    return name if name.endswith(_HONORIFICS) else name[:1] + "*" * (len(name) - 1)

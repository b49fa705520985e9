"""Capturing leads: found, completed, merged. Runs inside the writer's transaction, so two captures never race."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, or_, select, update

from dialogue.contact import Contact, ContactKind, Field, Findings, mask
from dialogue.database.schema import consents, contacts, conversations, history, leads, outbox
from dialogue.database.transaction import Transaction, new_id
from dialogue.lead.consent import CONTACT_TEXT, ConsentState, record, states

_ENOUGH_ALONE = frozenset({Field.NAME, Field.STORE, Field.VISIT_TIME, Field.BUDGET})
"""A wish that makes a partial lead by itself; a city or a quantity alone is only remembered."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a lead comes from."""

    merchant: str
    channel: str
    conversation_id: str | None
    variant: str
    product: str | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class Captured:
    """What a capture did."""

    lead_id: str
    complete: bool
    created: bool
    new_contacts: int


def capture(
    tx: Transaction,
    origin: Origin,
    findings: Findings,
    *,
    lead_id: str | None,
    remembered: Mapping[str, str],
) -> Captured | None:
    """Stores what was found and returns the lead, or None when there is nothing to make a lead of.

    `lead_id` is the conversation's lead so far; `remembered` are wishes said before there was a lead. Every lead that
    already holds one of the contacts is merged into the oldest of them.
    """
    details = {detail.field.value: detail.value for detail in findings.details}
    speaks = findings.contacts or findings.broken or _ENOUGH_ALONE & {detail.field for detail in findings.details}
    if not speaks and (lead_id is None or not details):
        return None
    present = _present(tx, [lead_id] if lead_id else [])
    owned = _owners(tx, origin.merchant, findings.contacts)
    present |= _present(tx, {row.lead_id for row in owned.values()})
    created = not present
    if created:
        survivor = _create(tx, origin)
        profile: dict[str, str] = {}
    else:
        order = sorted(present.values(), key=lambda row: (row.created_at_ms, row.id))
        survivor = order[0].id
        profile = dict(tx.unseal(order[0].profile, leads.c.profile))
        for other in order[1:]:
            profile |= _merge(tx, survivor, other)
    fresh = 0
    for contact in findings.contacts:
        if (contact.kind, contact.value) not in owned:
            fresh += _add_contact(tx, survivor, origin, contact)
    _update_profile(tx, survivor, origin, profile, {**remembered, **details} if created or lead_id is None else details)
    complete = _settle(tx, survivor, origin)
    if origin.conversation_id is not None:
        tx.connection.execute(
            update(conversations).where(conversations.c.id == origin.conversation_id).values(lead_id=survivor)
        )
    return Captured(survivor, complete, created, fresh)


def note(tx: Transaction, lead_id: str, kind: str, detail: Mapping[str, Any]) -> None:
    """Adds a line to the lead's history."""
    tx.connection.execute(
        history.insert().values(
            lead_id=lead_id, kind=kind, detail=tx.seal(dict(detail), history.c.detail), at_ms=tx.now_ms
        )
    )


def lookup_value(kind: ContactKind, value: str) -> str:
    """What is hashed to find a contact again: a WeChat id that is a mobile number finds the mobile, too."""
    return (
        f"phone:{value}" if kind == ContactKind.WECHAT and value.isdigit() and len(value) == 11 else f"{kind}:{value}"
    )


def find_by_contact(tx: Transaction, merchant: str, contacts_found: Iterable[Contact]) -> list[str]:
    """Ids of the leads that hold any of the contacts, under any key of the ring."""
    return sorted({row.lead_id for row in _rows_of(tx, merchant, contacts_found)})


def _hashes(tx: Transaction, merchant: str, contact: Contact) -> tuple[str, ...]:
    return tx.ring.lookups(f"{merchant}\n{lookup_value(contact.kind, contact.value)}")


def _rows_of(tx: Transaction, merchant: str, wanted: Iterable[Contact]) -> list[Row[Any]]:
    hashes = [text for contact in wanted for text in _hashes(tx, merchant, contact)]
    if not hashes:
        return []
    query = select(contacts).where(contacts.c.merchant == merchant, contacts.c.lookup.in_(hashes))
    return list(tx.connection.execute(query))


def _owners(tx: Transaction, merchant: str, wanted: Iterable[Contact]) -> dict[tuple[str, str], Row[Any]]:
    """(kind, value) → the contact row that already holds it; a row of another kind merges, but stays apart."""
    wanted = list(wanted)
    found: dict[tuple[str, str], Row[Any]] = {}
    for row in _rows_of(tx, merchant, wanted):
        found[(row.kind, str(tx.unseal(row.value, contacts.c.value)))] = row
    return found


def _present(tx: Transaction, lead_ids: Iterable[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for lead_id in lead_ids:
        row = tx.connection.execute(select(leads).where(leads.c.id == lead_id)).one_or_none()
        while row is not None and row.merged_into is not None:
            row = tx.connection.execute(select(leads).where(leads.c.id == row.merged_into)).one_or_none()
        if row is not None:
            found[row.id] = row
    return found


def _create(tx: Transaction, origin: Origin) -> str:
    lead_id = new_id("lead")
    tx.connection.execute(
        leads.insert().values(
            id=lead_id,
            merchant=origin.merchant,
            channel=origin.channel,
            conversation_id=origin.conversation_id,
            variant=origin.variant,
            product=origin.product,
            complete=False,
            profile=tx.seal({}, leads.c.profile),
            created_at_ms=tx.now_ms,
            updated_at_ms=tx.now_ms,
        )
    )
    note(tx, lead_id, "created", {"conversation": origin.conversation_id, "seq": origin.seq})
    return lead_id


def _add_contact(tx: Transaction, lead_id: str, origin: Origin, contact: Contact) -> int:
    tx.connection.execute(
        contacts.insert().values(
            id=new_id("cont"),
            merchant=origin.merchant,
            lead_id=lead_id,
            kind=contact.kind,
            lookup=tx.ring.lookup(f"{origin.merchant}\n{lookup_value(contact.kind, contact.value)}"),
            value=tx.seal(contact.value, contacts.c.value),
            conversation_id=origin.conversation_id,
            seq=origin.seq,
            span_start=contact.span[0],
            span_end=contact.span[1],
            created_at_ms=tx.now_ms,
        )
    )
    shown = mask(contact.kind, contact.value)
    note(tx, lead_id, "contact", {"kind": contact.kind, "value": shown, "seq": origin.seq})
    return 1


def _merge(tx: Transaction, survivor: str, other: Row[Any]) -> dict[str, str]:
    """Moves all of `other` to the survivor; its profile is returned, its row stays and points to the survivor."""
    profile = dict(tx.unseal(other.profile, leads.c.profile))
    for table in (contacts, history, consents, outbox):
        tx.connection.execute(update(table).where(table.c.lead_id == other.id).values(lead_id=survivor))
    tx.connection.execute(update(conversations).where(conversations.c.lead_id == other.id).values(lead_id=survivor))
    tx.connection.execute(
        update(leads)
        .where(or_(leads.c.id == other.id, leads.c.merged_into == other.id))
        .values(merged_into=survivor, profile=tx.seal({}, leads.c.profile), updated_at_ms=tx.now_ms)
    )
    note(tx, survivor, "merged", {"lead": other.id, "channel": other.channel, "profile": profile})
    return profile


def _update_profile(
    tx: Transaction, lead_id: str, origin: Origin, profile: dict[str, str], details: Mapping[str, str]
) -> None:
    before = {key: profile[key] for key, value in details.items() if key in profile and profile[key] != value}
    news = {key: value for key, value in details.items() if profile.get(key) != value}
    values: dict[str, Any] = {"profile": tx.seal({**profile, **details}, leads.c.profile), "updated_at_ms": tx.now_ms}
    if origin.product is not None:
        values["product"] = origin.product
    tx.connection.execute(update(leads).where(leads.c.id == lead_id).values(values))
    if news:
        note(tx, lead_id, "profile", {"set": news, "before": before, "seq": origin.seq})


def _settle(tx: Transaction, lead_id: str, origin: Origin) -> bool:
    """Marks the lead complete once it holds a contact, and asks for consent by leaving it pending."""
    one = tx.connection.execute(select(contacts.c.id).where(contacts.c.lead_id == lead_id).limit(1)).one_or_none()
    if one is None:
        return False
    tx.connection.execute(
        update(leads)
        .where(leads.c.id == lead_id, leads.c.complete.is_(False))
        .values(complete=True, completed_at_ms=tx.now_ms)
    )
    if CONTACT_TEXT.purpose not in states(tx, [lead_id]).get(lead_id, {}):
        record(
            tx,
            lead_id,
            CONTACT_TEXT,
            ConsentState.PENDING,
            conversation_id=origin.conversation_id,
            seq=origin.seq,
        )
    return True

"""Keeping count of when a contact was asked for, and what came of it."""

from __future__ import annotations

from sqlalchemy import func, select, update

from dialogue.database.schema import contacts, conversations, events, offers, targets
from dialogue.database.transaction import Transaction, new_id
from dialogue.event import LeadForm
from dialogue.lead.asking import HOLD_OUT, AskingPolicy, Progress, decide
from dialogue.locale import Locale

OUTCOMES = ("shown", "filled", "refused", "dismissed", "held_out", "unasked_refusal")
"""`unasked_refusal`: the customer said no before any form was shown."""
REFUSALS = ("refused", "dismissed", "unasked_refusal")


def next_offer(
    tx: Transaction, conversation_id: str, policy: AskingPolicy, text: str, *, locale: Locale = Locale.ZH
) -> LeadForm | None:
    """The form to show now, or None; both what is shown and what is held out is counted."""
    row = tx.connection.execute(select(conversations).where(conversations.c.id == conversation_id)).one_or_none()
    if row is None:
        return None
    before = list(
        tx.connection.execute(select(offers).where(offers.c.conversation_id == row.id).order_by(offers.c.at_ms))
    )
    count = select(func.count()).select_from(events).where(events.c.conversation_id == row.id)
    said = count.where(events.c.client_id.is_not(None), events.c.kind == "message")
    held = False
    if row.lead_id is not None:
        held = tx.connection.scalar(select(func.count()).where(contacts.c.lead_id == row.lead_id)) != 0
    progress = Progress(
        variant=row.variant,
        messages=row.messages,
        answers=tx.connection.scalar(count.where(events.c.decision == "answer")) or 0,
        offers=len(before),
        messages_since_offer=tx.connection.scalar(said.where(events.c.at_ms > before[-1].at_ms)) if before else None,
        refused=any(offer.outcome in REFUSALS for offer in before),
        has_contact=held,
    )
    ask = decide(policy, progress, text, locale=locale)
    if ask is None:
        return None
    tx.connection.execute(
        offers.insert().values(
            id=new_id("offer"),
            merchant=row.merchant,
            conversation_id=row.id,
            policy_version=policy.version,
            variant=row.variant,
            outcome="held_out" if ask.held_out else "shown",
            at_ms=tx.now_ms,
        )
    )
    if row.variant == HOLD_OUT:
        return None
    used = select(targets.c.id).where(targets.c.merchant == row.merchant, targets.c.removed_at_ms.is_(None)).limit(1)
    share = tx.connection.execute(used).one_or_none() is not None
    return LeadForm(policy.fields, ask.reason, policy.version, share=share)


def close_offers(tx: Transaction, conversation_id: str, outcome: str) -> int:
    """Notes what came of the forms shown in a conversation; returns how many were open."""
    return tx.connection.execute(
        update(offers)
        .where(offers.c.conversation_id == conversation_id, offers.c.outcome == "shown")
        .values(outcome=outcome)
    ).rowcount


def refuse(tx: Transaction, conversation_id: str) -> None:
    """The customer does not want to be asked: noted even when no form was shown."""
    if close_offers(tx, conversation_id, "refused"):
        return
    said = select(offers.c.id).where(offers.c.conversation_id == conversation_id, offers.c.outcome.in_(REFUSALS))
    if tx.connection.execute(said.limit(1)).one_or_none() is not None:
        return
    row = tx.connection.execute(select(conversations).where(conversations.c.id == conversation_id)).one()
    tx.connection.execute(
        offers.insert().values(
            id=new_id("offer"),
            merchant=row.merchant,
            conversation_id=row.id,
            policy_version="",
            variant=row.variant,
            outcome="unasked_refusal",
            at_ms=tx.now_ms,
        )
    )

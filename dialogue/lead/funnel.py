"""The funnel: conversations, who spoke, who left something, who left a valid contact; and what it took."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from statistics import median
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import Row, Select, func, select

from dialogue.contact import hidden, says_more
from dialogue.database.schema import conversations, events, leads, offers
from dialogue.database.transaction import Transaction
from dialogue.lead.asking import ASK, HOLD_OUT
from dialogue.lead.offering import REFUSALS

GROUPS = ("day", "channel", "product", "variant")
_SIMILAR = 70.0
"""`rapidfuzz` token-free similarity, 0 to 100, above which two questions are one."""
_QUESTIONS = 2000


@dataclass(slots=True)
class _Tally:
    conversations: int = 0
    spoke: int = 0
    left: int = 0
    valid: int = 0
    waits_ms: list[int] = field(default_factory=list)
    decisions: dict[str, int] = field(default_factory=dict)
    handed_over: int = 0
    offered: int = 0
    refused_offer: int = 0
    cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """The figures of one group (`all` when not grouped)."""

    group: str
    conversations: int
    spoke: int
    left_contact: int
    """Conversations with a lead, also a partial one."""
    valid_contact: int
    first_response_ms: int | None
    """Median from the customer's first message to the first words of an answer."""
    answered: int
    asked_back: int
    refused: int
    handed_over: int
    offers: int
    offers_refused: int
    cost_micros: int
    cost_per_lead_micros: int | None


@dataclass(frozen=True, slots=True)
class Uplift:
    """What asking brings: share with a valid contact among those who spoke, asked against held out."""

    asked: float
    held_out: float
    difference: float
    low: float
    high: float
    """The 95 % interval of the difference (Newcombe 1998, method 10); one that holds 0 proves nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question that got no answer, with how often it came; contacts in it are masked."""

    text: str
    count: int
    examples: tuple[str, ...]


def funnel(
    tx: Transaction, merchant: str, *, by: str | None, zone: tzinfo, since_ms: int | None, until_ms: int | None
) -> list[FunnelRow]:
    """The figures of conversations that began in the period, by group in order. Raises `ValueError` for a bad `by`."""
    if by is not None and by not in GROUPS:
        raise ValueError(f"by must be one of {', '.join(GROUPS)}")
    tallies: dict[str, _Tally] = {}
    where: dict[str, _Tally] = {}
    for row in tx.connection.execute(
        _window(
            select(conversations, leads.c.complete).outerjoin(leads, leads.c.id == conversations.c.lead_id),
            merchant,
            since_ms,
            until_ms,
        )
    ):
        tally = where[row.id] = tallies.setdefault(_group(row, by, zone), _Tally())
        tally.conversations += 1
        tally.spoke += row.spoke_at_ms is not None
        tally.left += row.lead_id is not None
        tally.valid += bool(row.complete)
        tally.handed_over += row.handed_over_at_ms is not None
        tally.cost_micros += row.cost_micros
        if row.answered_at_ms is not None and row.spoke_at_ms is not None:
            tally.waits_ms.append(row.answered_at_ms - row.spoke_at_ms)
    _add_decisions(tx, merchant, since_ms, until_ms, where)
    _add_offers(tx, merchant, since_ms, until_ms, where)
    return [_row(group, tallies[group]) for group in sorted(tallies)]


def uplift(rows: Iterable[FunnelRow]) -> Uplift | None:
    """Compares the two arms of `funnel(by="variant")`; None while one of them is empty."""
    arms = {row.group: row for row in rows}
    ask, held = arms.get(ASK), arms.get(HOLD_OUT)
    if ask is None or held is None or not ask.spoke or not held.spoke:
        return None
    a, b = ask.valid_contact / ask.spoke, held.valid_contact / held.spoke
    a_low, a_high = _wilson(ask.valid_contact, ask.spoke)
    b_low, b_high = _wilson(held.valid_contact, held.spoke)
    low = a - b - math.hypot(a - a_low, b_high - b)
    high = a - b + math.hypot(a_high - a, b - b_low)
    return Uplift(a, b, a - b, low, high)


def draft_questions(tx: Transaction, merchant: str, *, since_ms: int | None, limit: int) -> list[Question]:
    """Groups alike the last 2,000 customer messages that were refused, the most frequent first; contacts masked."""
    refused = (
        select(events.c.conversation_id, events.c.seq)
        .join(conversations, conversations.c.id == events.c.conversation_id)
        .where(conversations.c.merchant == merchant, events.c.decision == "refuse")
        .order_by(events.c.at_ms.desc())
        .limit(_QUESTIONS)
    )
    if since_ms is not None:
        refused = refused.where(events.c.at_ms >= since_ms)
    groups: list[list[str]] = []
    for conversation_id, seq in list(tx.connection.execute(refused)):
        body = tx.connection.scalar(
            select(events.c.body)
            .where(
                events.c.conversation_id == conversation_id,
                events.c.seq < seq,
                events.c.client_id.is_not(None),
                events.c.kind == "message",
            )
            .order_by(events.c.seq.desc())
            .limit(1)
        )
        text = str((tx.unseal(body, events.c.body) or {}).get("text", "")).strip()
        if not text or not says_more(text):
            continue
        text = hidden(text)
        near = next((group for group in groups if fuzz.ratio(group[0], text) >= _SIMILAR), None)
        if near is None:
            groups.append([text])
        else:
            near.append(text)
    groups.sort(key=len, reverse=True)
    return [Question(group[0], len(group), tuple(dict.fromkeys(group))[:5]) for group in groups[:limit]]


def _window(query: Select[Any], merchant: str, since_ms: int | None, until_ms: int | None) -> Select[Any]:
    query = query.where(conversations.c.merchant == merchant)
    if since_ms is not None:
        query = query.where(conversations.c.created_at_ms >= since_ms)
    if until_ms is not None:
        query = query.where(conversations.c.created_at_ms < until_ms)
    return query


def _group(row: Row[Any], by: str | None, zone: tzinfo) -> str:
    if by is None:
        return "all"
    if by == "day":
        return datetime.fromtimestamp(row.created_at_ms / 1000, zone).strftime("%Y-%m-%d")
    return str(row._mapping[by] or "—")


def _add_decisions(
    tx: Transaction, merchant: str, since_ms: int | None, until_ms: int | None, where: dict[str, _Tally]
) -> None:
    query = _window(
        select(events.c.conversation_id, events.c.decision, func.count())
        .join(conversations, conversations.c.id == events.c.conversation_id)
        .where(events.c.decision.is_not(None))
        .group_by(events.c.conversation_id, events.c.decision),
        merchant,
        since_ms,
        until_ms,
    )
    for conversation_id, decision, count in tx.connection.execute(query):
        if conversation_id in where:
            decisions = where[conversation_id].decisions
            decisions[decision] = decisions.get(decision, 0) + count


def _add_offers(
    tx: Transaction, merchant: str, since_ms: int | None, until_ms: int | None, where: dict[str, _Tally]
) -> None:
    query = _window(
        select(offers.c.conversation_id, offers.c.outcome).join(
            conversations, conversations.c.id == offers.c.conversation_id
        ),
        merchant,
        since_ms,
        until_ms,
    )
    for conversation_id, outcome in tx.connection.execute(query):
        if conversation_id in where:
            where[conversation_id].offered += outcome not in ("held_out", "unasked_refusal")
            where[conversation_id].refused_offer += outcome in REFUSALS


def _row(group: str, tally: _Tally) -> FunnelRow:
    return FunnelRow(
        group=group,
        conversations=tally.conversations,
        spoke=tally.spoke,
        left_contact=tally.left,
        valid_contact=tally.valid,
        first_response_ms=round(median(tally.waits_ms)) if tally.waits_ms else None,
        answered=tally.decisions.get("answer", 0),
        asked_back=tally.decisions.get("ask", 0),
        refused=tally.decisions.get("refuse", 0),
        handed_over=tally.handed_over,
        offers=tally.offered,
        offers_refused=tally.refused_offer,
        cost_micros=tally.cost_micros,
        cost_per_lead_micros=tally.cost_micros // tally.valid if tally.valid else None,
    )


def _wilson(hits: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval of a share."""
    p = hits / total
    centre = p + z * z / (2 * total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return (centre - half) / scale, (centre + half) / scale

"""REST for the figures: the funnel by group, what asking brings, what the model costs, questions without an answer."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from dialogue.access import Bearer, Role
from dialogue.lead import FunnelRow, Question, Uplift, uplift
from dialogue.store import SpentDay, Store
from stream.api.bearer import DENIED, FOUND, Gate, shop_of
from stream.api.period import Merchant, Offset, days_ago, zone_of

Days = Annotated[int, Query(ge=1, le=366)]


class Spending(BaseModel):
    """What the model took in the period, private messages and live rooms together."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_micros: int
    """Millionths of the merchant's currency; 0 while no price is set."""
    cost_per_lead_micros: int | None
    """All of it over the leads with a valid contact; None while there is none."""
    days: list[SpentDay]


class Stats(BaseModel):
    """The figures of the conversations that began in the period."""

    total: FunnelRow | None
    """None when there was no conversation."""
    rows: list[FunnelRow]
    """The groups asked for with `by`; empty without."""
    asking: Uplift | None
    """What asking for a contact brings against the hold-out; None while there is nobody to compare with."""
    spending: Spending


def create_funnel_router(store: Store, gate: Gate) -> APIRouter:
    """`/api/stats` and `/api/questions`. Reading needs a viewer's token."""
    router = APIRouter(prefix="/api", tags=["figures"], responses=DENIED)
    Viewer = Annotated[Bearer, Depends(gate.needs(Role.VIEWER))]

    @router.get("/stats", responses=FOUND)
    async def stats(
        bearer: Viewer,
        merchant: Merchant = None,
        by: Literal["day", "channel", "product", "variant"] | None = None,
        days: Days = 1,
        utc_offset_minutes: Offset = 480,
    ) -> Stats:
        """Today and the `days - 1` days before: conversations, spoke, left a contact, valid; waiting, cost, asking."""
        shop, zone = shop_of(bearer, merchant), zone_of(utc_offset_minutes)
        since = days_ago(days, zone, now=datetime.now(UTC))
        since_ms = int(since.timestamp() * 1000)
        whole = await store.leads.stats(shop, zone=zone, since_ms=since_ms)
        total = whole[0] if whole else None
        return Stats(
            total=total,
            rows=list(await store.leads.stats(shop, by=by, zone=zone, since_ms=since_ms)) if by else [],
            asking=uplift(await store.leads.stats(shop, by="variant", zone=zone, since_ms=since_ms)),
            spending=_spending(await store.spending.days(shop, since=since.date()), total),
        )

    @router.get("/questions", responses=FOUND)
    async def questions(
        bearer: Viewer,
        merchant: Merchant = None,
        days: Days = 30,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        utc_offset_minutes: Offset = 480,
    ) -> list[Question]:
        """Questions that got no answer, alike ones together, the most frequent first: drafts for the FAQ."""
        since = days_ago(days, zone_of(utc_offset_minutes), now=datetime.now(UTC))
        return list(
            await store.leads.unanswered(shop_of(bearer, merchant), since_ms=int(since.timestamp() * 1000), limit=limit)
        )

    return router


def _spending(days: list[SpentDay], total: FunnelRow | None) -> Spending:
    cost = sum(day.cost_micros for day in days)
    return Spending(
        requests=sum(day.requests for day in days),
        prompt_tokens=sum(day.prompt_tokens for day in days),
        completion_tokens=sum(day.completion_tokens for day in days),
        cost_micros=cost,
        cost_per_lead_micros=cost // total.valid_contact if total is not None and total.valid_contact else None,
        days=days,
    )

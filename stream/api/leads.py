"""REST for leads: a masked list. Revealing, export and erasing are the command line's, where they are audited."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from dialogue.access import Bearer, Role
from dialogue.store.book import LeadBook
from stream.api.bearer import ANY_MERCHANT, Gate


def create_lead_router(leads: LeadBook, gate: Gate) -> APIRouter:
    """`GET /api/leads`: the newest first, contacts masked."""
    router = APIRouter(prefix="/api", tags=["leads"], responses={401: {"description": "no valid token"}})
    Viewer = Annotated[Bearer, Depends(gate.needs(Role.VIEWER))]

    @router.get("/leads")
    async def list_leads(
        bearer: Viewer,
        complete: bool | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> list[dict[str, object]]:
        merchant = None if bearer.merchant == ANY_MERCHANT else bearer.merchant
        return [asdict(row) for row in await leads.list(merchant, complete=complete, limit=limit, offset=offset)]

    return router

"""The lead book: the async face of everything about leads, reached as `store.leads`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from dialogue.database.transaction import Transaction
from dialogue.lead.listing import read_leads
from dialogue.lead.rows import LeadRow

Result = TypeVar("Result")


class Run(Protocol):
    """Runs a function of a transaction, as `Store.read` and `Store.write` do."""

    def __call__(self, work: Callable[[Transaction], Result], /) -> Awaitable[Result]: ...


class LeadBook:
    """Leads of all merchants in one store."""

    def __init__(self, read: Run, write: Run) -> None:
        self._read, self._write = read, write

    async def list(
        self,
        merchant: str | None = None,
        *,
        complete: bool | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[LeadRow]:
        """The newest leads first, contacts masked (`138****6021`)."""
        return await self._read(
            lambda tx: read_leads(
                tx,
                merchant=merchant,
                complete=complete,
                since_ms=since_ms,
                until_ms=until_ms,
                limit=limit,
                offset=offset,
            )
        )

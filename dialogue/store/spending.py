"""What the model has cost, kept over restarts: `store.spending`, and the log that fills it beside the answering."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update

from dialogue.database.schema import spending
from dialogue.database.transaction import Run, Transaction
from dialogue.errors import DialogueError
from dialogue.model.budget import Spent, Usage
from dialogue.store import journal

_LOG = logging.getLogger(__name__)
_WAITING = 10_000
"""Conversations whose spending may wait to be written apart; beyond it, it is kept per merchant and day only."""
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class SpentDay:
    """One merchant's spending on one day of its own calendar."""

    merchant: str
    day: str
    """`YYYY-MM-DD`."""
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_micros: int
    """Millionths of the merchant's currency."""

    @property
    def usage(self) -> Usage:
        """The tokens."""
        return Usage(self.prompt_tokens, self.completion_tokens)


class SpendingBook:
    """Spending of all merchants in one store."""

    def __init__(self, read: Run, write: Run) -> None:
        self._read, self._write = read, write

    async def add(self, spent: Sequence[Spent]) -> list[SpentDay]:
        """Adds requests to their days and their conversations; returns the days' new totals."""
        return await self._write(lambda tx: _add(tx, spent))

    async def days(
        self, merchant: str | None = None, *, since: date | None = None, until: date | None = None
    ) -> list[SpentDay]:
        """The days with any spending, in order; `since` and `until` are both included."""

        def work(tx: Transaction) -> list[SpentDay]:
            query = select(spending).order_by(spending.c.day, spending.c.merchant)
            if merchant is not None:
                query = query.where(spending.c.merchant == merchant)
            if since is not None:
                query = query.where(spending.c.day >= since.isoformat())
            if until is not None:
                query = query.where(spending.c.day <= until.isoformat())
            return [SpentDay(*row) for row in tx.connection.execute(query)]

        return await self._read(work)


class SpendingLog:
    """Takes what a `Budget` records, writes it in the background and tells the budget the stored totals.

    The totals hold what other processes of the same store have spent, so the daily cap is one for all of them. What is
    not yet written when the process is killed is lost: at most what was spent within one commit.
    """

    def __init__(self, book: SpendingBook, *, settle: Callable[[str, date, Usage], None]) -> None:
        self._book = book
        self._settle = settle
        self._waiting: dict[tuple[str, str, date], list[Spent]] = {}
        self._filled = asyncio.Event()

    def note(self, spent: Spent) -> None:
        """Takes one request; never blocks."""
        conversation = spent.conversation if len(self._waiting) < _WAITING else ""
        self._waiting.setdefault((spent.merchant, conversation, spent.day), []).append(spent)
        self._filled.set()

    async def load(self, today: date) -> None:
        """Tells the budget what was spent before this process began."""
        for row in await self._book.days(since=today, until=today):
            self._settle(row.merchant, today, row.usage)

    async def run(self) -> None:
        """Writes for ever; belongs to the caller's task. Cancelled, call `flush` once more."""
        while True:
            await self._filled.wait()
            try:
                await self.flush()
            except DialogueError as exc:
                _LOG.warning("spending is not written yet, trying again: %s", exc)
                await asyncio.sleep(_RETRY_S)

    async def flush(self) -> None:
        """Writes what waits. Raises what the store raises; nothing is lost then."""
        self._filled.clear()
        taken, self._waiting = self._waiting, {}
        if not taken:
            return
        try:
            totals = await asyncio.shield(self._book.add([one for group in taken.values() for one in group]))
        except DialogueError:
            for key, group in taken.items():
                self._waiting.setdefault(key, [])[:0] = group
            self._filled.set()
            raise
        for total in totals:
            day = date.fromisoformat(total.day)
            later = [
                one.usage
                for (merchant, _, of), group in self._waiting.items()
                if merchant == total.merchant and of == day
                for one in group
            ]
            self._settle(total.merchant, day, sum(later, total.usage))


def _add(tx: Transaction, spent: Sequence[Spent]) -> list[SpentDay]:
    days: dict[tuple[str, str], SpentDay] = {}
    talks: dict[str, int] = {}
    for one in spent:
        key = (one.merchant, one.day.isoformat())
        before = days.get(key) or SpentDay(*key, 0, 0, 0, 0)
        days[key] = SpentDay(
            *key,
            before.requests + 1,
            before.prompt_tokens + one.usage.prompt_tokens,
            before.completion_tokens + one.usage.completion_tokens,
            before.cost_micros + one.cost_micros,
        )
        talks[one.conversation] = talks.get(one.conversation, 0) + one.cost_micros
    for conversation, micros in talks.items():
        if micros:
            journal.add_cost(tx, conversation, micros)
    return [_add_day(tx, day) for day in days.values()]


def _add_day(tx: Transaction, day: SpentDay) -> SpentDay:
    same = (spending.c.merchant == day.merchant, spending.c.day == day.day)
    columns = ("requests", "prompt_tokens", "completion_tokens", "cost_micros")
    changed = tx.connection.execute(
        update(spending).where(*same).values({name: spending.c[name] + getattr(day, name) for name in columns})
    )
    if changed.rowcount == 0:
        values = {name: getattr(day, name) for name in columns}
        tx.connection.execute(spending.insert().values(merchant=day.merchant, day=day.day, **values))
    return SpentDay(*tx.connection.execute(select(spending).where(*same)).one())

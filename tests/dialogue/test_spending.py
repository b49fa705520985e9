"""What the model has cost outlives the process, is one sum for all processes, and stops the day at its cap."""

from __future__ import annotations

import asyncio
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path

import pytest

from dialogue.database import DatabaseBusyError
from dialogue.model.budget import Budget, Price, Spent, Usage
from dialogue.store import Store
from dialogue.store.spending import SpendingBook, SpendingLog, SpentDay
from tests.dialogue.databases import Clock

TODAY = date(2026, 11, 23)


def budget_on(store: Store, *, daily_tokens: int = 100) -> tuple[Budget, SpendingLog]:
    """A budget whose spending is kept in the store, as the service wires it."""
    price = Price(Decimal(2), Decimal(8))
    budget = Budget(lambda: TODAY, price=price, daily_tokens=daily_tokens, record=lambda spent: log.note(spent))
    log = SpendingLog(store.spending, settle=budget.settle)
    return budget, log


async def test_a_spent_day_stays_spent_over_a_restart(any_store: Store) -> None:
    budget, log = budget_on(any_store)
    budget.spend(Usage(60, 40), merchant="demo", conversation="c")
    await log.flush()
    again, log = budget_on(any_store)
    assert again.allow("demo")
    await log.load(TODAY)
    assert not again.allow("demo") and again.allow("other")


async def test_two_processes_share_one_cap(any_store: Store) -> None:
    (first, first_log), (second, second_log) = budget_on(any_store), budget_on(any_store)
    first.spend(Usage(60, 0), merchant="demo", conversation="a")
    await first_log.flush()
    second.spend(Usage(0, 50), merchant="demo", conversation="b")
    await second_log.flush()
    assert second.spent("demo") == Usage(60, 50) and not second.allow("demo")


async def test_the_cost_of_a_conversation_is_the_cost_of_its_lead(any_store: Store) -> None:
    row = await any_store.open_conversation(merchant="demo", channel="chat", visitor="v1")
    await any_store.receive(row.id, client_id="a", text="我电话13812346021")
    budget, log = budget_on(any_store)
    budget.spend(Usage(1_000, 500), merchant="demo", conversation=row.id)
    budget.spend(Usage(500, 0), merchant="demo", conversation="live/demo")
    await log.flush()
    [funnel] = await any_store.leads.stats("demo", zone=UTC)
    assert funnel.cost_per_lead_micros == 2_000 + 4_000
    assert await any_store.spending.days("demo") == [SpentDay("demo", "2026-11-23", 2, 1_500, 500, 7_000)]
    assert await any_store.spending.days("demo", since=date(2026, 11, 24)) == []
    assert await any_store.spending.days("other") == []


async def test_the_log_writes_by_itself(tmp_path: Path, clock: Clock) -> None:
    async with await Store.open(tmp_path, clock_ms=clock) as store:
        budget, log = budget_on(store)
        running = asyncio.create_task(log.run())
        budget.spend(Usage(3, 4), merchant="demo", conversation="c")
        async with asyncio.timeout(60):
            while not await store.spending.days():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_what_a_busy_database_refused_is_written_the_next_time(store: Store) -> None:
    class Busy(SpendingBook):
        refusals = 1

        async def add(self, spent: object) -> list[SpentDay]:
            if self.refusals:
                self.refusals -= 1
                raise DatabaseBusyError("busy")
            return await super().add(spent)  # type: ignore[arg-type]

    log = SpendingLog(Busy(store.read, store.write), settle=lambda merchant, day, usage: None)
    log.note(Spent("demo", "c", TODAY, Usage(1, 2), 5))
    with pytest.raises(DatabaseBusyError):
        await log.flush()
    await log.flush()
    await log.flush()
    assert [day.requests for day in await store.spending.days()] == [1]


def test_another_day_than_today_is_not_taken_over() -> None:
    budget = Budget(lambda: TODAY, daily_tokens=10)
    budget.settle("demo", date(2026, 11, 22), Usage(50, 50))
    assert budget.allow("demo")

"""Spending is counted and capped, a failing server is left alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from dialogue.model.breaker import Breaker, Circuit
from dialogue.model.budget import Budget, Price, Usage, estimate


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_days_cap_of_one_merchant_does_not_stop_another() -> None:
    budget = Budget(lambda: date(2026, 11, 23), daily_tokens=100)
    budget.spend(Usage(60, 40), merchant="a", conversation="c")
    assert not budget.allow("a")
    assert budget.allow("b")


def test_a_new_day_begins_at_zero() -> None:
    days = [date(2026, 11, 23)]
    budget = Budget(lambda: days[0], daily_tokens=10)
    budget.spend(Usage(10, 0), merchant="a", conversation="c")
    days[0] = date(2026, 11, 24)
    assert budget.allow("a")
    assert budget.of_conversation("c") == Usage(10, 0)


def test_money_is_counted_exactly() -> None:
    price = Price(Decimal("2"), Decimal("8"))
    budget = Budget(lambda: date(2026, 11, 23), price=price, daily_cost=Decimal("0.01"))
    budget.spend(Usage(1_000, 999), merchant="a", conversation="c")
    assert budget.cost(budget.spent("a")) == Decimal("0.009992")
    assert budget.allow("a")
    budget.spend(Usage(0, 1), merchant="a", conversation="c")
    assert not budget.allow("a")


def test_an_estimate_grows_with_the_text() -> None:
    assert 0 < estimate("") < estimate("你好") < estimate("你好，这款沙发多少钱？")


def test_the_circuit_opens_after_failures_in_a_row_and_tries_again_once() -> None:
    clock = _Clock()
    breaker = Breaker(clock, failures=2, rest_s=10)
    breaker.failure()
    breaker.success()
    breaker.failure()
    assert breaker.state is Circuit.CLOSED
    breaker.failure()
    assert not breaker.allow()
    clock.now = 10
    assert breaker.allow()
    assert not breaker.allow(), "only one request may try"
    breaker.failure()
    assert breaker.state is Circuit.OPEN
    clock.now = 20
    assert breaker.allow()
    breaker.success()
    assert breaker.state is Circuit.CLOSED


def test_an_abandoned_try_leaves_room_for_the_next() -> None:
    clock = _Clock()
    breaker = Breaker(clock, failures=1, rest_s=1)
    breaker.failure()
    clock.now = 1
    assert breaker.allow()
    breaker.abandon()
    assert breaker.allow()

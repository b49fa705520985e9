"""What is published anew is taken over by the process that serves, again when that failed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest

from dialogue.access import MerchantRow
from knowledge import DateRange, Fact, Record, Source
from stream.shop import published
from stream.shop.published import Published


@dataclass
class Shops:
    """The knowledge base and the merchants' registry, as far as they are asked here."""

    live: dict[str, str | None] = field(default_factory=dict)
    warmed: list[str] = field(default_factory=list)

    looked: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def merchants(self) -> list[MerchantRow]:
        self.looked.release()
        return [MerchantRow(name, name, 0, None) for name in self.live]

    async def version(self, merchant: str) -> str | None:
        return self.live[merchant]

    async def records(self, merchant: str) -> tuple[Record, ...]:
        return (Record("S1", f"{merchant} {self.live[merchant]}", "商品", (), ()),)

    async def warm(self, merchant: str) -> None:
        self.warmed.append(merchant)


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "_WATCH_S", 0)


async def test_what_is_published_anew_is_taken_over_and_told_once() -> None:
    shops, told = Shops({"a": "v1", "b": None}), asyncio.Queue[str]()
    desk = Published(shops, shops, on_news=told.put)  # type: ignore[arg-type]
    assert desk.records("a") == ()
    for merchant in shops.live:
        await desk.learn(merchant)
    assert desk.names("a") == {"S1": "a v1"} and shops.warmed == ["a", "b"]
    watching = asyncio.create_task(desk.run())
    async with asyncio.timeout(60):
        for version in ("v2", "v3"):
            shops.live["a"] = version
            assert await told.get() == "a"
            assert desk.names("a") == {"S1": f"a {version}"}
    assert told.empty() and desk.names("b") == {"S1": "b None"}
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_the_end_of_a_promotion_is_news_once() -> None:
    class Promoted(Shops):
        async def records(self, merchant: str) -> tuple[Record, ...]:
            days = DateRange(date(2026, 11, 1), date(2026, 11, 30))
            fact = Fact("S1", "沙发", "promotion_period", "活动", days, "11月", Source("products.xlsx"))
            return (Record("S1", "沙发", "商品", (), (fact,)),)

    shops, told, now = Promoted({"a": "v1"}), asyncio.Queue[str](), [datetime(2026, 11, 30, 23, 59)]
    desk = Published(shops, shops, on_news=told.put, now=lambda: now[0])  # type: ignore[arg-type]
    await desk.learn("a")
    watching = asyncio.create_task(desk.run())
    async with asyncio.timeout(60):
        await shops.looked.acquire()
        assert told.empty()
        now[0] = datetime(2026, 12, 1)
        assert await told.get() == "a"
        for _ in range(3):
            await shops.looked.acquire()
    assert told.empty()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_news_that_could_not_be_passed_on_are_told_again_and_hold_up_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shops, told = Shops({"a": "v1", "b": "v1"}), asyncio.Queue[str]()
    troubles = [RuntimeError("the room is being closed")] * 2

    async def pass_on(merchant: str) -> None:
        if merchant == "a" and troubles:
            raise troubles.pop()
        await told.put(merchant)

    watching = asyncio.create_task(Published(shops, shops, on_news=pass_on).run())  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        assert [await told.get() for _ in range(2)] == ["b", "a"]
    assert len([one for one in caplog.records if one.exc_info]) == 1, "told once, however often it is tried"
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching

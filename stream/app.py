"""The composition root: opens everything in one stack and wires it. `stream.site` puts it on the web."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from avatar import VoiceFigures
from dialogue import Budget, Engine, HandoffPolicy, Patience, Price, create_model
from dialogue.lead import Retention
from dialogue.platform import PREFIX, PlatformCourier, webhooks
from dialogue.store import Courier, SpendingLog, Store, system_ms
from knowledge import KnowledgeBase, Library
from stream.backends import embedder_of, open_database, postman_of
from stream.chat.hub import ChatHub, ChatShop
from stream.chat.platform import take_up
from stream.chores import forget_leads, forget_recordings
from stream.readiness import database_problem
from stream.room.book import RoomBook, RoomError
from stream.room.capacity import usable_cores
from stream.room.house import House
from stream.room.metrics import RoomCollector
from stream.room.process import launcher
from stream.room.supervisor import Supervisor
from stream.settings import Settings
from stream.shop.published import Published
from stream.telemetry.tracing import TimedKnowledge, create_tracing
from stream.telemetry.voice_metrics import VoiceCollector

if TYPE_CHECKING:
    from stream.room.staffing import Staffing


def local_now() -> datetime:
    """The merchant's wall clock, without a zone."""
    return datetime.now()


class Service:
    """Everything that runs in one process; `open` builds it, leaving the context closes it in reverse."""

    def __init__(
        self, settings: Settings, *, machine_token: str, only: str | None = None, outputs_wait: bool = False
    ) -> None:
        """With `only` this is the process of that one room: no chat, no chores. `outputs_wait`: see `House`."""
        self.settings = settings
        self.machine_token = machine_token
        self.registry = CollectorRegistry()
        self.house = House(
            make=lambda spec: self._staff().make(spec),
            launch=launcher(settings, machine_token) if only is None else None,
            folder=settings.data_dir,
            cores=usable_cores(),
            outputs_wait=outputs_wait,
        )
        self._only = only
        self._stack = AsyncExitStack()
        self._chores = Supervisor()
        self._staffing: Staffing | None = None
        self._voice_figures: dict[str, VoiceFigures] = {}
        self._handoff = HandoffPolicy()

    async def __aenter__(self) -> Service:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        settings = self.settings
        self._tracing = create_tracing(settings)
        self._stack.push_async_callback(asyncio.to_thread, self._tracing.shutdown)

        def elsewhere() -> list[str]:
            return [process.metrics for process in self.house.processes.values()]

        self.registry.register(
            RoomCollector(lambda: [live.room for live in self.house.rooms.values()], elsewhere=elsewhere)
        )
        self.registry.register(VoiceCollector(self._voice_figures, elsewhere=elsewhere))
        self.store = await self._stack.enter_async_context(
            await Store.open(settings.data_dir, database_url=settings.database_url)
        )
        self.book = RoomBook(self.store)
        await self.book.open()
        database = open_database(settings)
        self._stack.callback(database.dispose)
        self.library = Library(
            settings.data_dir / "knowledge",
            engine=database,
            create_embedder=embedder_of(settings),
            chroma_url=settings.chroma_url,
        )
        self.knowledge = await self._stack.enter_async_context(
            KnowledgeBase(
                settings.data_dir / "knowledge",
                engine=database,
                create_embedder=embedder_of(settings),
                chroma_url=settings.chroma_url,
            )
        )
        self.published = Published(self.knowledge, self.store.access, on_news=self._restock, now=local_now)
        self.engine = await self._engine()
        self.hub = ChatHub(store=self.store, forms=self.store.leads, replier=self.engine, policy=self._handoff)
        self._stack.push_async_callback(self.hub.aclose)
        specs = [spec for spec in await self.book.rooms() if self._only in (None, spec.name)]
        for merchant in await self.store.access.merchants():
            if self._only is None or any(spec.merchant == merchant.id for spec in specs):
                await self.published.learn(merchant.id)
        self._stack.push_async_callback(self._dismiss)
        await self._stack.enter_async_context(self.house)
        self.postman = postman_of(settings)
        self._stack.push_async_callback(self.postman.aclose)
        self._chore("knowledge", self.published.run)
        if self._only is not None:
            return
        courier = Courier(self.store.outbox, self.postman, clock_ms=system_ms)
        platforms = PlatformCourier(self.store.platforms, webhooks(self.postman), clock_ms=system_ms)
        self._stack.callback(self.hub.observe(lambda _, talk: platforms.wake() if talk.startswith(PREFIX) else None))
        await take_up(self.hub, self.store.platforms)
        self._chore("outbox", courier.run)
        self._chore("platforms", platforms.run)
        retention = Retention(settings.lead_days, settings.conversation_days)
        self._chore("retention", lambda: forget_leads(self.store.leads, retention))
        self._chore("recordings", lambda: forget_recordings(settings.data_dir))

    async def open_rooms(self) -> None:
        """Put every room on air that is to run."""
        for spec in await self.book.rooms():
            if self._only in (None, spec.name) and (spec.running or self._only):
                await self.house.open(spec)

    def _chore(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a task that is started again when it fails: one bad message must not end the sending of all others."""
        self._chores.start(name, run)
        self._stack.push_async_callback(self._chores.stop, name)

    async def _engine(self) -> Engine:
        settings = self.settings
        model = create_model(
            settings.llm_base_url,
            model=settings.llm_model,
            api_key=settings.llm_api_key.get_secret_value(),
            patience=Patience(first_token_s=settings.llm_timeout_s, total_s=settings.llm_timeout_s + 20),
        )
        if model is not None:
            self._stack.push_async_callback(model.aclose)
        budget = Budget(
            lambda: local_now().date(),
            price=Price(settings.llm_prompt_price, settings.llm_completion_price),
            daily_tokens=settings.llm_daily_tokens,
            daily_cost=settings.llm_daily_cost,
            record=lambda spent: spending.note(spent),
        )
        spending = SpendingLog(self.store.spending, settle=budget.settle)
        await spending.load(local_now().date())
        self._stack.push_async_callback(spending.flush)
        self._chore("spending", spending.run)
        return Engine(
            TimedKnowledge(self.knowledge),
            clock=local_now,
            model=model,
            budget=budget,
            handoff=self._handoff,
            shelf=self.published.records,
        )

    def _staff(self) -> Staffing:
        if self._staffing is None:
            # Sound, pictures and WebRTC take 70 MB: a process whose rooms run elsewhere, or that has none, loads none.
            from stream.room.staffing import Staffing

            self._staffing = Staffing(
                self.settings,
                store=self.store,
                knowledge=self.knowledge,
                engine=self.engine,
                tracing=self._tracing,
                figures=self._voice_figures,
                now=local_now,
            )
        return self._staffing

    async def _dismiss(self) -> None:
        if self._staffing is not None:
            await self._staffing.aclose()

    # -- rooms ------------------------------------------------------------------------------------------------------

    async def start_room(self, name: str, *, merchant: str | None) -> bool:
        """Put a room that was set up on air; False when there is none of this merchant (None: of any).

        A room that shall run elsewhere than it does is closed first; one that shall be pushed elsewhere goes on. Raises
        `RoomError` with what stands in its way.
        """
        spec = next((spec for spec in await self.book.rooms(merchant) if spec.name == name), None)
        if spec is None:
            return False
        house = self.house
        async with house.door(name):
            was = house.spec(name)
            if was is not None and was.push_url != spec.push_url:
                # What platforms see is drawn into the picture, and a room in its own process reads its addresses once.
                if bool(was.push_url) == bool(spec.push_url) and name in house.rooms:
                    await house.push_elsewhere(spec)
                else:
                    await house.close(name)
            if name in (house.rooms if spec.own_process else house.processes):
                await house.close(name)
            if name not in house.names():
                await house.open(spec)
            if (trouble := house.trouble(name)) is not None:
                raise RoomError(trouble)
            await self.book.set_running(name, True)
        return True

    async def stop_room(self, name: str) -> None:
        """Take a room off air; it stays off over a restart."""
        async with self.house.door(name):
            await self.book.set_running(name, False)
            await self.house.close(name)

    async def off_air(self, merchant: str | None) -> list[dict[str, object]]:
        """The rooms that were set up and are not open, of one merchant (None: of all), and what stands in their way."""
        return [
            {
                "name": spec.name,
                "merchant": spec.merchant,
                "state": "stopped",
                "problem": self.house.problems.get(spec.name),
            }
            for spec in await self.book.rooms(merchant)
            if spec.name not in self.house.names()
        ]

    async def _restock(self, merchant: str) -> None:
        for room in self.house.rooms.values():
            if room.merchant == merchant:
                room.restock(*await self._staff().shop(merchant))

    async def chat_shop(self, merchant: str) -> ChatShop | None:
        """How a merchant's chat presents itself, None when there is no such merchant."""
        row = await self.store.access.merchant(merchant)
        if row is None:
            return None
        records = self.published.records(merchant)
        suggestions = (f"{records[0].name}多少钱？", "包邮吗？", "几天能到？") if records else ()
        asked = ("How much?", "Free delivery?", "How many days?")
        english = tuple(f"{zh}（{en}）" for zh, en in zip(suggestions, asked, strict=False))
        return ChatShop(merchant, row.name, suggestions=suggestions, suggestions_en=english, origins=row.origins)

    def ready(self) -> dict[str, Callable[[], Awaitable[str | None]]]:
        """Probes of `/readyz`: None when all is well, else one line."""
        return {"rooms": self._rooms_problem, "database": self._database_problem}

    async def _rooms_problem(self) -> str | None:
        return self.house.problem()

    async def _database_problem(self) -> str | None:
        return await database_problem(self.store, self.settings.resolved_database_url)


@asynccontextmanager
async def open_service(
    settings: Settings,
    *,
    machine_token: str | None = None,
    only: str | None = None,
    outputs_wait: bool = False,
    rooms: bool = True,
) -> AsyncIterator[Service]:
    """Open everything; close it in reverse on the way out. `only` and `outputs_wait`: see `Service` and `House`.

    Without `rooms` none is on air until `Service.open_rooms`: what takes the processor for long comes before.
    """
    token = machine_token or secrets.token_urlsafe(24)
    async with Service(settings, machine_token=token, only=only, outputs_wait=outputs_wait) as service:
        if rooms:
            await service.open_rooms()
        yield service

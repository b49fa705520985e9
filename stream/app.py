"""The composition root: opens everything in one stack and wires it. `stream.site` puts it on the web."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import cv2
from prometheus_client import CollectorRegistry

from avatar import Voice, VoiceFigures, create_stage
from avatar.host import load_host
from dialogue import DialogueError
from dialogue.budget import Budget, Price
from dialogue.director import Director
from dialogue.engine import Engine
from dialogue.handoff import HandoffPolicy
from dialogue.lead.retention import Retention
from dialogue.live import LiveDesk
from dialogue.platform import PREFIX
from dialogue.platform.courier import PlatformCourier
from dialogue.platform.webhook import webhooks
from dialogue.rundown import Rundown
from dialogue.store import Store
from dialogue.store.outbox import Courier
from dialogue.store.spending import SpendingLog
from dialogue.store.store import system_ms
from knowledge import Record
from knowledge.base import KnowledgeBase
from stream.backends import cores, embedder_of, ice_servers, open_database, postman_of, voice_of
from stream.capacity import check_capacity
from stream.chat.hub import ChatHub, ChatShop
from stream.chat.platform import take_up
from stream.live import LiveRoom, Shop
from stream.metrics import RoomCollector
from stream.outlet import create_output
from stream.pictures import pictures_folder
from stream.room import Room
from stream.room_book import RoomBook, RoomSpec, outlets
from stream.settings import Settings
from stream.shelf import shelf
from stream.voice_metrics import VoiceCollector

logger = logging.getLogger(__name__)

_WATCH_S = 3.0
"""How often a room looks whether its merchant has published anew."""
_FORGET_S = 3600.0
_QUESTIONS = ("现在什么价", "有现货吗")


def local_now() -> datetime:
    """The merchant's wall clock, without a zone."""
    return datetime.now()


class Service:
    """Everything that runs in one process; `open` builds it, leaving the context closes it in reverse."""

    def __init__(self, settings: Settings, *, machine_token: str) -> None:
        self.settings = settings
        self.machine_token = machine_token
        self.registry = CollectorRegistry()
        self.rooms: dict[str, LiveRoom] = {}
        self.problems: dict[str, str] = {}
        """Rooms that did not open, with the reason."""
        self._stack = AsyncExitStack()
        self._records: dict[str, tuple[Record, ...]] = {}
        self._versions: dict[str, str | None] = {}
        self._voices: dict[str, Voice] = {}
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
        # Pictures are composed by one thread a room; OpenCV's own threads would only take turns with the encoder.
        cv2.setNumThreads(1)
        self.registry.register(RoomCollector(lambda: [live.room for live in self.rooms.values()]))
        self.registry.register(VoiceCollector(self._voice_figures))
        self.store = await self._stack.enter_async_context(
            await Store.open(settings.data_dir, database_url=settings.database_url)
        )
        self.book = RoomBook(self.store)
        await self.book.open()
        database = open_database(settings)
        self._stack.callback(database.dispose)
        self.knowledge = await self._stack.enter_async_context(
            KnowledgeBase(
                settings.data_dir / "knowledge",
                engine=database,
                create_embedder=embedder_of(settings),
                chroma_url=settings.chroma_url,
            )
        )
        self.engine = await self._engine()
        self.hub = ChatHub(store=self.store, forms=self.store.leads, replier=self.engine, policy=self._handoff)
        self._stack.push_async_callback(self.hub.aclose)
        for merchant in await self.store.access.merchants():
            await self._learn(merchant.id)
        for spec in await self.book.rooms():
            if spec.running:
                await self.open_room(spec)
        self.postman = postman_of(settings)
        self._stack.push_async_callback(self.postman.aclose)
        courier = Courier(self.store.outbox, self.postman, clock_ms=system_ms)
        platforms = PlatformCourier(self.store.platforms, webhooks(self.postman), clock_ms=system_ms)
        self._stack.callback(self.hub.observe(lambda _, talk: platforms.wake() if talk.startswith(PREFIX) else None))
        await take_up(self.hub, self.store.platforms)
        for name, chore in (
            ("outbox", courier.run),
            ("platforms", platforms.run),
            ("retention", self._forget),
            ("knowledge", self._watch),
        ):
            self._stack.push_async_callback(_cancelled, asyncio.create_task(chore(), name=name))

    async def _engine(self) -> Engine:
        settings = self.settings
        model = None
        if settings.llm_base_url:
            # Its client takes 17 MB, which a shop without a model need not hold.
            from dialogue.openai_model import OpenAIModel

            model = OpenAIModel(
                settings.llm_base_url, model=settings.llm_model, api_key=settings.llm_api_key.get_secret_value()
            )
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
        self._stack.push_async_callback(_cancelled, asyncio.create_task(spending.run(), name="spending"))
        return Engine(
            self.knowledge,
            clock=local_now,
            model=model,
            budget=budget,
            handoff=self._handoff,
            shelf=lambda merchant: self._records.get(merchant, ()),
        )

    # -- rooms ------------------------------------------------------------------------------------------------------

    async def open_room(self, spec: RoomSpec) -> None:
        """Put a room on air; what stands in its way is remembered for `/readyz` and the log, the others go on."""
        try:
            check_capacity([live.room for live in self.rooms.values()], cores=float(cores()))
            live = await self._make_room(spec)
            await live.start()
            for name, target in outlets(spec).items():
                await live.room.outputs.add(create_output(name, target, room=live.room, folder=self.settings.data_dir))
        except Exception as exc:
            logger.exception("room %s does not open", spec.name)
            self.problems[spec.name] = str(exc)
            return
        self.problems.pop(spec.name, None)
        self.rooms[spec.name] = live
        self._stack.push_async_callback(live.stop)

    async def start_room(self, name: str, *, merchant: str | None) -> bool:
        """Put a room that was set up on air; False when there is none of this merchant (None: of any)."""
        spec = next((spec for spec in await self.book.rooms(merchant) if spec.name == name), None)
        if spec is None:
            return False
        if name not in self.rooms:
            await self.open_room(spec)
        return name in self.rooms

    async def stop_room(self, name: str) -> None:
        """Take a room off air."""
        live = self.rooms.pop(name, None)
        if live is not None:
            await live.stop()

    async def _make_room(self, spec: RoomSpec) -> LiveRoom:
        settings = self.settings
        host = await asyncio.to_thread(load_host, spec.host, hosts_dir=settings.data_dir / "hosts")
        voice = await self._voice(spec.voice or settings.voice or f"kokoro:{host.voice}")
        records, shop = await self._shop(spec.merchant)
        faqs = await self.knowledge.faqs(spec.merchant)
        rundown = Rundown.from_records(records, shop=shop.name, faqs=faqs, today=local_now().date())

        desk = LiveDesk(self.engine, merchant=spec.merchant, room=spec.name)
        director = Director(rundown, desk.answer)
        desk.product = lambda: director.product
        room = Room(
            spec.name,
            voice=voice,
            make_stage=lambda: create_stage(
                spec.host,
                hosts_dir=settings.data_dir / "hosts",
                background=spec.background or "studio",
                burn_captions=bool(spec.push_url),
                burn_card=bool(spec.push_url),
            ),
            director=director,
            max_viewers=settings.max_viewers,
            ice_servers=ice_servers(settings),
        )
        return LiveRoom(spec, room=room, director=director, shop=shop, store=self.store, now=local_now)

    async def _voice(self, name: str) -> Voice:
        voice = self._voices.get(name)
        if voice is None:
            figures = VoiceFigures()
            voice = await asyncio.to_thread(voice_of, self.settings, name, figures)
            self._voices[name], self._voice_figures[name] = voice, figures
            self._stack.push_async_callback(voice.aclose)
        return voice

    # -- what merchants know ----------------------------------------------------------------------------------------

    async def _shop(self, merchant: str) -> tuple[tuple[Record, ...], Shop]:
        row = await self.store.access.merchant(merchant)
        records = await self.knowledge.records(merchant)
        faqs = await self.knowledge.faqs(merchant)
        folder = pictures_folder(self.settings.data_dir, merchant)
        products = shelf(records, now=local_now(), picture_base=f"/pictures/{merchant}")
        pictures = {p.sku: folder / p.picture.rsplit("/", 1)[-1] for p in products if p.picture}
        asked = [faq.question.rstrip("？?") for faq in faqs if faq.question and 3 <= len(faq.question) <= 9]
        return records, Shop(
            merchant,
            row.name if row is not None else merchant,
            products,
            (*_QUESTIONS, *asked[:3]),
            {sku: path for sku, path in pictures.items() if path.is_file()},
        )

    async def _learn(self, merchant: str) -> None:
        self._versions[merchant] = await self.knowledge.version(merchant)
        self._records[merchant] = await self.knowledge.records(merchant)
        await self.knowledge.warm(merchant)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            try:
                await self._take_over()
            except Exception:
                logger.exception("a new knowledge version was not taken over; trying again")

    async def _forget(self) -> None:
        """Take away what is older than the merchant promised to keep it."""
        retention = Retention(self.settings.lead_days, self.settings.conversation_days)
        while True:
            try:
                purged = await self.store.leads.purge(retention)
                while purged.more:
                    purged = await self.store.leads.purge(retention)
            except DialogueError as exc:
                logger.warning("old leads were not taken away, trying again: %s", exc)
            await asyncio.sleep(_FORGET_S)

    async def _take_over(self) -> None:
        for merchant in [row.id for row in await self.store.access.merchants()]:
            if await self.knowledge.version(merchant) == self._versions.get(merchant):
                continue
            await self._learn(merchant)
            records, shop = await self._shop(merchant)
            faqs = await self.knowledge.faqs(merchant)
            for room in self.rooms.values():
                if room.merchant == merchant:
                    rundown = Rundown.from_records(records, shop=shop.name, faqs=faqs, today=local_now().date())
                    room.restock(shop, rundown)
            logger.info("merchant %s: version %s is live", merchant, self._versions[merchant])

    async def chat_shop(self, merchant: str) -> ChatShop | None:
        """How a merchant's chat presents itself, None when there is no such merchant."""
        row = await self.store.access.merchant(merchant)
        if row is None:
            return None
        records = self._records.get(merchant, ())
        suggestions = (f"{records[0].name}多少钱？", "包邮吗？", "几天能到？") if records else ()
        return ChatShop(merchant, row.name, suggestions=suggestions, origins=row.origins)

    def ready(self) -> dict[str, Callable[[], str | None]]:
        """Probes of `/readyz`."""

        def rooms() -> str | None:
            dead = [name for name, room in self.rooms.items() if not room.room.live]
            failed = [f"{name}: {why}" for name, why in self.problems.items()]
            return "; ".join([*failed, *(f"{name} is not on air" for name in dead)]) or None

        return {"rooms": rooms}


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def open_service(settings: Settings, *, machine_token: str | None = None) -> AsyncIterator[Service]:
    """Open everything; close it in reverse on the way out."""
    async with Service(settings, machine_token=machine_token or secrets.token_urlsafe(24)) as service:
        yield service

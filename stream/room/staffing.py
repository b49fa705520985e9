"""Staffs a room: its host, voice, script and shelf, from what its merchant has set up and published."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import cv2

from avatar import Voice, VoiceFigures, create_stage, load_host
from dialogue import Director, Engine, LiveDesk, Rundown
from dialogue.store import Store
from knowledge import KnowledgeBase
from stream.backends import ice_servers, own_ice_servers, voice_of
from stream.program.shares import CpuShares
from stream.program.turns import Turns
from stream.room.book import RoomSpec
from stream.room.capacity import usable_cores
from stream.room.live import LiveRoom
from stream.room.room import Room
from stream.settings import Settings
from stream.shop.pictures import pictures_folder
from stream.shop.shelf import shelf
from stream.shop.shop import Shop
from stream.telemetry.question import Question, Questions
from stream.telemetry.tracing import Tracing, timed

_QUESTIONS = ("现在什么价", "有现货吗")
_LOCAL = "kokoro:"
"""Voices that are synthesised on this machine's processors, and therefore take turns."""


class Staffing:
    """Makes the rooms of one process. They share voices of the same name, and divide the processors fairly.

    `figures` is filled with what each voice counts.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        knowledge: KnowledgeBase,
        engine: Engine,
        tracing: Tracing,
        figures: dict[str, VoiceFigures],
        now: Callable[[], datetime],
    ) -> None:
        # Pictures are composed by one thread a room; OpenCV's own threads would only take turns with the encoder.
        cv2.setNumThreads(1)
        self._settings = settings
        self._store, self._knowledge, self._engine = store, knowledge, engine
        self._tracing = tracing
        self._figures = figures
        self._now = now
        self._voices: dict[str, Voice] = {}
        self._shares = CpuShares(usable_cores())
        # One core is left to the pictures, see `stream.program.turns`.
        self._turns = Turns(max(1, int(usable_cores()) - 1))

    async def aclose(self) -> None:
        """Close the voices; may be called twice."""
        while self._voices:
            await self._voices.popitem()[1].aclose()

    async def make(self, spec: RoomSpec) -> LiveRoom:
        """The room, not on air yet. Raises what a host or a voice that cannot be used raises."""
        settings = self._settings
        hosts = settings.data_dir / "hosts"
        host = await asyncio.to_thread(load_host, spec.host, hosts_dir=hosts)
        voice_name = spec.voice or settings.voice or f"{_LOCAL}{host.voice}"
        voice = await self._voice(voice_name, host.voice)
        shop, rundown = await self.shop(spec.merchant)
        desk = LiveDesk(self._engine, merchant=spec.merchant, room=spec.name)
        questions = Questions(lambda question: self._answered(room, question))
        director = Director(rundown, timed(desk.answer, questions))
        desk.product = lambda: director.product
        share = self._shares.join()
        room = Room(
            spec.name,
            voice=voice,
            make_stage=lambda: create_stage(
                spec.host,
                hosts_dir=hosts,
                background=spec.background or "studio",
                burn_captions=bool(spec.push_url),
                burn_card=bool(spec.push_url),
            ),
            director=director,
            max_viewers=settings.max_viewers,
            ice_servers=ice_servers(settings),
            own_ice_servers=own_ice_servers(settings),
            relay_only=settings.server_ice == "relay",
            turns=self._turns if voice_name.startswith(_LOCAL) else None,
            share=share,
        )
        return LiveRoom(
            spec,
            room=room,
            director=director,
            shop=shop,
            store=self._store,
            now=self._now,
            questions=questions,
            on_stop=lambda: self._shares.leave(share),
        )

    async def shop(self, merchant: str) -> tuple[Shop, Rundown]:
        """What the merchant's rooms show and say, as published now."""
        row = await self._store.access.merchant(merchant)
        records = await self._knowledge.records(merchant)
        faqs = await self._knowledge.faqs(merchant)
        folder = pictures_folder(self._settings.data_dir, merchant)
        products = shelf(records, now=self._now(), picture_base=f"/pictures/{merchant}")
        pictures = {p.sku: folder / p.picture.rsplit("/", 1)[-1] for p in products if p.picture}
        asked = [faq.question.rstrip("？?") for faq in faqs if faq.question and 3 <= len(faq.question) <= 9]
        name = row.name if row is not None else merchant
        shop = Shop(
            merchant,
            name,
            products,
            (*_QUESTIONS, *asked[:3]),
            {sku: path for sku, path in pictures.items() if path.is_file()},
        )
        return shop, Rundown.from_records(records, shop=name, faqs=faqs, today=self._now())

    def _answered(self, room: Room, question: Question) -> None:
        for mark in question.marks:
            room.latencies[mark.value].add(question.seconds(mark))
        self._tracing.answered(room.name, question)

    async def _voice(self, name: str, stand_in: str) -> Voice:
        """The voice by name; behind one of the cloud stands the local one that suits the host."""
        key = name if name.startswith(_LOCAL) else f"{name} {stand_in}"
        voice = self._voices.get(key)
        if voice is None:
            figures = self._figures.setdefault(name, VoiceFigures())
            voice = await asyncio.to_thread(voice_of, self._settings, name, stand_in, figures)
            self._voices[key] = voice
        return voice

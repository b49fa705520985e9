"""Rooms opened and closed on demand: once each, pushed where the book says, counted while they open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from stream.app import Service, open_service
from stream.output.output import Outputs
from stream.room.book import RoomBook, RoomError, RoomSpec
from stream.settings import Settings


class OnAir:
    """A room that is on air; what the house needs of it."""

    live, lateness_s = True, 0.0

    def __init__(self, spec: RoomSpec) -> None:
        self.name, self.merchant, self.room = spec.name, spec.merchant, self
        self.outputs = Outputs()
        self.started = self.stopped = 0
        self.broken = False

    async def start(self) -> None:
        await asyncio.sleep(0.05)
        self.started += 1
        if self.broken:
            raise OSError("no thread left")

    def sign_off(self) -> None:
        return

    async def stop(self) -> None:
        self.stopped += 1
        await self.outputs.aclose()


@asynccontextmanager
async def shop(folder: Path, *, cores: float = 8.0) -> AsyncIterator[tuple[Service, list[OnAir]]]:
    """A service with one merchant whose rooms are stand-ins; gives those that were made, too."""
    made: list[OnAir] = []

    async def make(spec: RoomSpec) -> Any:
        await asyncio.sleep(0.05)
        made.append(OnAir(spec))
        made[-1].broken = spec.host == "broken"
        return made[-1]

    async with open_service(Settings(data_dir=folder)) as service:
        await service.store.access.create_merchant("demo")
        service.house._make, service.house._cores = make, cores
        yield service, made


async def test_a_room_started_twice_at_once_is_opened_once(tmp_path: Path) -> None:
    async with shop(tmp_path) as (service, made):
        await service.book.create(RoomSpec("evening", "demo"))
        assert await asyncio.gather(*(service.start_room("evening", merchant="demo") for _ in range(3))) == [True] * 3
        assert len(made) == 1
        await asyncio.gather(service.stop_room("evening"), service.start_room("evening", merchant=None))
        assert [room.started - room.stopped for room in made] == [0, 1]


async def test_rooms_that_are_just_opening_count(tmp_path: Path) -> None:
    async with shop(tmp_path, cores=2.0) as (service, made):
        names = [f"room{number}" for number in range(6)]
        for name in names:
            await service.book.create(RoomSpec(name, "demo"))
        starts = (service.start_room(name, merchant=None) for name in names)
        answers = await asyncio.gather(*starts, return_exceptions=True)
        assert len(made) == 3, "0.35 core each and 0.65 for speech"
        assert sum(isinstance(answer, RoomError) and "full" in str(answer) for answer in answers) == 3


async def test_a_room_that_fails_to_start_is_taken_down_again(tmp_path: Path) -> None:
    async with shop(tmp_path) as (service, made):
        await service.book.create(RoomSpec("evening", "demo", host="broken"))
        with pytest.raises(RoomError, match="no thread left"):
            await service.start_room("evening", merchant=None)
        assert made[0].stopped == 1
        assert "evening" not in service.house.names()


async def test_a_room_on_air_is_pushed_elsewhere_without_leaving_the_air(tmp_path: Path) -> None:
    async with shop(tmp_path) as (service, made):
        book = RoomBook(service.store)
        await book.create(RoomSpec("evening", "demo", push_url="rtmp://127.0.0.1:9/app/old"))
        await service.start_room("evening", merchant=None)
        await book.set_running("evening", True, push_url="rtmp://127.0.0.1:9/app/new record")
        await service.start_room("evening", merchant=None)
        assert len(made) == 1
        assert set(made[0].outputs.running) == {"push1", "record"}
        recording, push = made[0].outputs.running["record"], made[0].outputs.running["push1"]
        await book.set_running("evening", True, push_url="rtmp://127.0.0.1:9/app/third record")
        await service.start_room("evening", merchant=None)
        assert set(made[0].outputs.running) == {"push1", "record"}
        assert made[0].outputs.running["record"] is recording, "a new key cuts no recording in two"
        assert made[0].outputs.running["push1"] is not push
        await book.set_running("evening", True, push_url="rtmp://127.0.0.1:9/app/third")
        await service.start_room("evening", merchant=None)
        assert set(made[0].outputs.running) == {"push1"}
        await book.set_running("evening", True, push_url="")
        await service.start_room("evening", merchant=None)
        assert [room.stopped for room in made] == [1, 0], "captions are drawn into the picture for platforms alone"

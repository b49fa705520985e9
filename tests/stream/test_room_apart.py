"""The product's room in a process of its own, as `serve` starts it: an operator finds the same addresses there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from stream.app import open_service
from stream.demo.shop_opening import MERCHANT, ROOM, open_demo_shop
from stream.room.book import RoomBook
from stream.settings import Settings
from stream.site import create_app
from tests.stream.live import eventually, serving

pytestmark = [pytest.mark.slow, pytest.mark.model]


async def test_an_operator_runs_a_room_in_its_own_process_as_any_other(tmp_path: Path, models_dir: Path) -> None:
    settings = Settings(data_dir=tmp_path, models_dir=models_dir)
    await open_demo_shop(settings, say=lambda _: None)
    async with open_service(settings, rooms=False) as service:
        await RoomBook(service.store).set_running(ROOM, True, own_process=True)
        assert await service.start_room(ROOM, merchant=MERCHANT)
        assert list(service.house.processes) == [ROOM] and not service.house.rooms
        headers = {"Authorization": f"Bearer {service.machine_token}"}
        async with (
            serving(create_app(service)) as url,
            httpx.AsyncClient(base_url=url, headers=headers) as desk,
        ):
            here = f"/api/rooms/{ROOM}"

            async def asked(path: str, **body: object) -> Any:
                return (await desk.post(here + path, json=body or None)).raise_for_status().json()

            async def stands(state: str) -> None:
                """A busy machine may hold the clock up for a moment, and the room then counts as stopped."""
                async with asyncio.timeout(30):
                    while (await desk.get(here)).json()["state"] != state:  # noqa: ASYNC110 - another process's state
                        await asyncio.sleep(0.1)

            rundown = (await desk.get(f"{here}/rundown")).raise_for_status().json()
            assert len(rundown["products"]) > 2
            sku = rundown["products"][-1]["sku"]
            assert (await asked("/show", sku=sku))["next"][0]["sku"] == sku
            assert (await desk.post(f"{here}/show", json={"sku": "none"})).status_code == 409
            await asked("/pause")
            await stands("paused")
            assert (await asked("/say", text="欢迎大家"))["status"] == "accepted"
            await asked("/resume")
            await asked("/interrupt")
            await stands("live")
            assert (await asked("/comments", id="1", text="沙发多少钱"))["status"] == "accepted"
            assert (await asked("/check", text="全网最低价"))["broken"]
            assert (await desk.get(f"{here}/rundown", headers={"Authorization": "Bearer none"})).status_code == 401
            assert f'zhanggui_room_live{{room="{ROOM}"}}' in (await desk.get("/metrics")).text
        await service.stop_room(ROOM)
        await eventually(lambda: not service.house.processes)

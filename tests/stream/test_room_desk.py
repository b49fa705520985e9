"""A room from the operator's side: what is listed, and that a stop stays one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from dialogue import LIVE_RULES, Verdict, comply
from dialogue.access import Role
from stream.app import Service, open_service
from stream.local_server import announced
from stream.room.book import RoomSpec
from stream.settings import Settings
from stream.site import create_app
from tests.demo_server import zhanggui
from tests.stream.live import serving


@dataclass
class OnAir:
    """As much of a running room as the desk asks of it."""

    name: str
    merchant: str = "demo"
    signed_off: bool = False
    stopped: bool = False
    telling: str | None = None
    paused: bool = False
    outputs: list[dict[str, str]] = field(default_factory=list)
    said: str = ""

    def state(self) -> dict[str, object]:
        return {
            "name": self.name,
            "merchant": self.merchant,
            "state": "paused" if self.paused else "live",
            "outputs": self.outputs,
        }

    def rundown(self) -> dict[str, object]:
        return {"lap": 1, "product": self.telling, "said": [], "now": None, "next": [], "products": []}

    def show(self, sku: str) -> bool:
        self.telling = sku if sku == "SF-01" else self.telling
        return sku == "SF-01"

    def check(self, text: str) -> Verdict:
        return comply(text, evidence_text="", rules=LIVE_RULES)

    def say(self, text: str) -> None:
        self.said = text

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def sign_off(self) -> None:
        self.signed_off = True

    async def stop(self) -> None:
        self.stopped = True


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Service, OnAir]]:
    """The real site with the room `evening` on air, `night` off air, and another shop's room."""
    async with open_service(Settings(data_dir=folder)) as service:
        await service.store.access.create_merchant("demo", name="栖木家居")
        await service.store.access.create_merchant("other", name="别家")
        token = (await service.store.access.create_token("demo", role=Role.OPERATOR))[1]
        for name, merchant in (("evening", "demo"), ("night", "demo"), ("theirs", "other")):
            await service.book.create(RoomSpec(name, merchant, running=name == "evening"))
        room = OnAir("evening")
        service.house.rooms = {"evening": room}  # type: ignore[dict-item]
        transport = httpx.ASGITransport(app=create_app(service))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as http:
            yield http, service, room


async def test_rooms_that_are_off_air_are_listed_after_those_on_air_and_only_the_own(tmp_path: Path) -> None:
    async with desk(tmp_path) as (http, _, _):
        rows = (await http.get("/api/rooms")).json()
    assert [(row["name"], row["state"]) for row in rows] == [("evening", "live"), ("night", "stopped")]


async def test_what_stands_in_a_room_s_way_is_listed_with_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as (http, service, _):
        service.house.problems["night"] = "no voice"
        rows = (await http.get("/api/rooms")).json()
    assert rows[1]["problem"] == "no voice"


async def test_an_operator_jumps_to_a_product_of_the_rundown_and_a_viewer_only_looks(tmp_path: Path) -> None:
    async with desk(tmp_path) as (http, service, _):
        assert (await http.get("/api/rooms/evening/rundown")).json()["product"] is None
        assert (await http.post("/api/rooms/evening/show", json={"sku": "SF-01"})).json()["product"] == "SF-01"
        assert (await http.post("/api/rooms/evening/show", json={"sku": "gone"})).status_code == 409
        viewer = (await service.store.access.create_token("demo", role=Role.VIEWER))[1]
        http.headers["Authorization"] = f"Bearer {viewer}"
        assert (await http.get("/api/rooms/evening/rundown")).json()["product"] == "SF-01"
        assert (await http.post("/api/rooms/evening/show", json={"sku": "SF-01"})).status_code == 403


async def test_a_stopped_room_says_goodbye_and_stays_off_over_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path) as (http, service, room):
        assert (await http.post("/api/rooms/evening/stop")).json() == {"state": "stopped"}
        assert room.signed_off and room.stopped
        assert [row["state"] for row in (await http.get("/api/rooms")).json()] == ["stopped", "stopped"]
        assert [spec.running for spec in await service.book.rooms("demo")] == [False, False]


async def test_a_restart_of_the_server_is_no_end_of_the_show(tmp_path: Path) -> None:
    async with desk(tmp_path) as (_, _, room):
        pass
    assert room.stopped and not room.signed_off


async def test_a_room_off_air_has_its_page_and_an_unknown_one_says_so_in_the_page(tmp_path: Path) -> None:
    async with desk(tmp_path) as (http, _, _):
        for name, status in (("evening", 200), ("night", 200), ("nowhere", 404)):
            page = await http.get(f"/live/{name}")
            assert page.status_code == status
            assert page.headers["content-type"].startswith("text/html")
            assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_commands_of_an_operator_tell_programs_what_came_of_them(tmp_path: Path) -> None:
    async with desk(tmp_path) as (_, service, room), serving(create_app(service)) as url:
        with announced(service.settings, url=url, token=service.machine_token, door=""):

            async def told(*arguments: str) -> str:
                done = await asyncio.to_thread(zhanggui, "room", *arguments, "--data-dir", str(tmp_path))
                assert (done.returncode, done.stderr) == (0, "")
                return done.stdout

            assert json.loads(await told("say", "evening", "欢迎大家", "--json")) == {"status": "accepted"}
            assert room.said == "欢迎大家"
            paused = json.loads(await told("pause", "evening", "--json"))
            assert (paused["name"], paused["state"]) == ("evening", "paused")
            room.outputs = [{"name": "push1", "state": "retrying", "error": "push.example cannot be reached"}]
            assert "push1 重试中（push.example cannot be reached）" in await told("list")
            assert (await told("resume", "evening")).strip() == "好的" and not room.paused

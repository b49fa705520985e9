"""The front door: what it links to, in a shop that is open, one that is not, and with names that try to be markup."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from stream.app import open_service
from stream.home import RoomDoor, ShopDoor, home_page
from stream.room.book import RoomSpec
from stream.room.room import Room
from stream.settings import Settings
from stream.site import create_app
from tests.chromium import launch
from tests.stream.fakes import BarsStage, FakeLine, ListDirector, ToneVoice
from tests.stream.live import serving


class Silent(Room):
    """A room that counts as on air and spends no time on it."""

    @property
    def live(self) -> bool:
        return True


@dataclass
class OnShow:
    """As much of a live room as the page looks at."""

    name: str
    merchant: str = "demo"
    showing: str = "云朵单人沙发"
    room: Room = field(
        default_factory=lambda: Silent(
            "demo", voice=ToneVoice(), make_stage=BarsStage, director=ListDirector([FakeLine("您好")], loop=True)
        )
    )

    async def stop(self) -> None:
        return


@asynccontextmanager
async def opened(folder: Path, *names: str) -> AsyncIterator[str]:
    """The real site with rooms of these names on show; gives its address."""
    async with open_service(Settings(data_dir=folder)) as service:
        await service.store.access.create_merchant("demo", name="栖木家居")
        rooms: dict[str, Any] = {name: OnShow(name) for name in names}
        for name in names:
            await service.book.create(RoomSpec(name, "demo", running=False))
        service.house.rooms = rooms
        async with serving(create_app(service)) as url:
            yield url


async def test_the_open_shop_links_its_room_chat_and_console(tmp_path: Path) -> None:
    async with opened(tmp_path, "evening", "night") as url, httpx.AsyncClient(base_url=url) as client:
        page = await client.get("/")
        assert page.headers["content-type"] == "text/html; charset=utf-8" and "开张了" in page.text
        for link in ("/live/evening", "/live/night", "/chat/demo", "/console"):
            assert f'href="{link}"' in page.text
        assert "云朵单人沙发" in page.text and "{{" not in page.text
        assert (await client.get("/hosts/evening.webp")).headers["content-type"] == "image/webp"
        assert (await client.get("/hosts/none.webp")).status_code == 404


async def test_an_address_names_every_method_it_takes(tmp_path: Path) -> None:
    async with opened(tmp_path, "evening") as url, httpx.AsyncClient(base_url=url) as client:
        for path, methods in (
            ("/rooms/evening/whep", "OPTIONS, POST"),
            ("/rooms/evening/whep/session", "DELETE, OPTIONS, PATCH"),
            ("/rooms/evening/hls/index.m3u8", "GET, HEAD"),
        ):
            reply = await client.put(path)
            assert (reply.status_code, reply.headers["allow"]) == (405, methods)
            assert reply.headers["access-control-allow-origin"] == "*"


async def test_it_is_ready_only_while_the_database_is_there(tmp_path: Path) -> None:
    async with opened(tmp_path, "evening") as url, httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/readyz")).status_code == 200
        (tmp_path / "zhanggui.db").rename(tmp_path / "away.db")
        reply = await client.get("/readyz")
        assert reply.status_code == 503
        assert "zhanggui.db" in reply.json()["problems"]["database"]
        assert (await client.get("/healthz")).status_code == 200
        (tmp_path / "away.db").rename(tmp_path / "zhanggui.db")
        assert (await client.get("/readyz")).status_code == 200


async def test_a_shop_that_is_closed_says_how_to_open(tmp_path: Path) -> None:
    async with opened(tmp_path) as url, httpx.AsyncClient(base_url=url) as client:
        page = (await client.get("/")).text
        assert "zhanggui room create" in page and 'href="/chat/demo"' in page


def test_names_are_never_markup() -> None:
    evil = '"><script>alert(1)</script>'
    page = home_page(
        rooms=[RoomDoor(evil, evil, evil, True)],
        shops=[ShopDoor(evil, evil, (evil,)), ShopDoor("b", evil)],
        healthy=False,
        release="1",
        origin="http://127.0.0.1:1",
    )
    assert "<script>alert" not in page


def test_an_empty_server_has_a_front_door_too() -> None:
    page = home_page(rooms=[], shops=[], healthy=True, release="1", origin="http://127.0.0.1:1")
    assert "zhanggui merchant create" in page


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_phone_and_desk_and_breaks_no_rule_of_its_own(tmp_path: Path, width: int) -> None:
    faults: list[str] = []

    def look(url: str) -> None:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
            page.goto(url)
            page.wait_for_function("document.querySelector('img[alt*=host]').naturalWidth > 0")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.get_by_role("link", name="打开运营台").click()
            page.wait_for_url("**/console")
            browser.close()

    async def run() -> None:
        async with opened(tmp_path, "evening") as url:
            await asyncio.to_thread(look, url)

    asyncio.run(run())
    assert faults == []

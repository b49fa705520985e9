"""The live page in a real browser: what a viewer sees when words, the room or the line come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from playwright.async_api import Page, expect

from stream.chat.limit import Rate
from stream.room.broadcast import Broadcast
from stream.room.protocol import Message
from stream.room.room import Room as Picture
from stream.room.socket import COMMENTS, Limits, create_room_router
from stream.site import LIVE_HEADERS, WEB
from stream.viewer.whep_router import whep_router
from tests.chromium import chromium
from tests.stream.live import make_room, serving

pytestmark = pytest.mark.browser

LAMP = {
    "sku": "LP-01",
    "name": "纸月落地灯",
    "price": "359",
    "was": "459",
    "saving": "100",
    "promotion": None,
    "stock": 58,
    "picture": "",
    "subtitle": "",
}
_STARTS = count(1000, 1000)
"""Numbers begin at the wall clock: those of the next room are higher."""
SOFA = {**LAMP, "sku": "SF-01", "name": "云朵单人沙发"}


@dataclass
class Room:
    """A room that shows every comment at once, and remembers who wrote it."""

    feed: Broadcast = field(default_factory=lambda: Broadcast(after=next(_STARTS)))
    taken: dict[tuple[str, str], str] = field(default_factory=dict)

    def welcome(self) -> Message:
        return {
            "seq": self.feed.seq,
            "room": "demo",
            "merchant": "demo",
            "shop": "栖木家居",
            "state": {"state": "live", "viewers": 1, "likes": 0},
            "product": SOFA,
            "products": [SOFA, LAMP],
            "questions": ["包邮吗"],
        }

    async def comment(self, *, visitor: str, client_id: str, text: str) -> None:
        if (visitor, client_id) in self.taken:
            return
        self.taken[visitor, client_id] = text
        shown = {"name": "游客0001", "text": text, "masked": False, "state": "shown", "answer": ""}
        self.feed.publish("comment", id=f"c{self.feed.seq}", client_id=client_id, **shown)

    def like(self) -> None:
        return


@dataclass
class Place:
    """The page's server, its rooms, and a page in it."""

    rooms: dict[str, Any]
    page: Page
    problems: list[str]


@asynccontextmanager
async def watching(
    *,
    comments: Rate = COMMENTS,
    width: int = 390,
    height: int = 844,
    hls: bool = False,
    picture: Picture | None = None,
    off_air: bool = False,
) -> AsyncIterator[Place]:
    """A viewer at the live page of a room, without a picture unless one is given."""
    rooms: dict[str, Any] = {} if off_air else {"demo": Room()}
    app = FastAPI()
    app.include_router(create_room_router(rooms, limits=Limits(comments=comments)))

    @app.get("/live/demo")
    async def page() -> Response:
        return FileResponse(WEB / "live.html", headers=LIVE_HEADERS)

    if picture is not None:
        app.include_router(whep_router({"demo": picture}.get))

    @app.post("/rooms/demo/whep")
    async def full() -> Response:
        return Response("full", 503, headers={"Retry-After": "60"})

    @app.get("/rooms/demo/hls/index.m3u8")
    async def playlist() -> Response:
        return Response("#EXTM3U\n", 200 if hls else 404, media_type="application/vnd.apple.mpegurl")

    app.mount("/web", StaticFiles(directory=WEB))
    async with serving(app) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        opened = await context.new_page()
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        await opened.goto(f"{url}/live/demo")
        await expect(opened.locator("[data-shop]")).to_have_text("直播间" if off_air else "栖木家居")
        yield Place(rooms, opened, problems)
        assert problems == []


async def say(page: Page, text: str) -> None:
    await page.locator(".askbox input").fill(text)
    await page.keyboard.press("Enter")


async def test_a_room_off_air_says_so_and_is_joined_again_when_it_begins() -> None:
    async with watching() as place:
        first = place.rooms["demo"]
        place.rooms.clear()
        first.feed.publish("state", state="stopped", viewers=1, likes=0)
        first.feed.close()
        await expect(place.page.locator(".recon")).to_contain_text("已下播")
        await expect(place.page.locator("[data-onair]")).to_have_text("已下播")
        await expect(place.page.locator(".recon .spin")).to_be_hidden()
        place.rooms["demo"] = Room()
        await expect(place.page.locator("[data-onair]")).to_have_text("直播中")
        await expect(place.page.locator(".recon")).not_to_contain_text("已下播")


async def test_a_picture_that_comes_before_the_words_is_shown_as_soon_as_both_are_there() -> None:
    picture = make_room()
    await picture.start()
    try:
        async with watching(picture=picture, off_air=True) as place:
            await expect(place.page.locator(".recon")).to_contain_text("已下播")
            await expect(place.page.locator("video.video")).to_have_js_property("videoWidth", 720)
            place.rooms["demo"] = Room()
            await expect(place.page.locator("body[data-state=playing]")).to_be_visible(timeout=20_000)
            await expect(place.page.locator(".unmute")).to_be_visible()
            await expect(place.page.locator(".recon")).to_be_hidden()
    finally:
        await picture.stop()


async def test_the_last_picture_stays_when_the_connection_ends() -> None:
    picture = make_room()
    await picture.start()
    async with watching(picture=picture) as place:
        await expect(place.page.locator("body[data-state=playing]")).to_be_visible(timeout=20_000)
        await expect(place.page.locator(".still")).to_be_hidden()
        await picture.stop()
        await expect(place.page.locator(".still")).to_be_visible(timeout=20_000)
        lit = "canvas => canvas.getContext('2d').getImageData(180, 320, 1, 1).data[3]"
        assert await place.page.locator(".still").evaluate(lit) == 255


async def test_what_was_said_without_a_line_stays_in_sight_and_arrives_once_as_the_same_viewer_s() -> None:
    async with watching() as place:
        await say(place.page, "早")
        await expect(place.page.locator(".flow li")).to_have_count(1)
        first = place.rooms["demo"]
        place.rooms.clear()
        first.feed.close()
        await say(place.page, "还在吗")
        await expect(place.page.locator(".flow li.unsent")).to_contain_text("还在吗")
        again = place.rooms["demo"] = Room()
        await expect(place.page.locator(".flow li.unsent")).to_have_count(0)
        await expect(place.page.locator(".flow li.me")).to_have_count(2)
        assert list(again.taken.values()) == ["还在吗"]
        assert {visitor for visitor, _ in again.taken} == {visitor for visitor, _ in first.taken}


async def test_a_comment_that_came_too_fast_goes_out_by_itself() -> None:
    async with watching(comments=Rate(1, 0.2)) as place:
        await say(place.page, "一")
        await say(place.page, "二")
        await expect(place.page.locator(".asknote")).to_contain_text("自动发出")
        await expect(place.page.locator(".flow li.unsent")).to_have_count(0)
        assert list(place.rooms["demo"].taken.values()) == ["一", "二"]


async def test_the_tries_are_counted_while_there_is_no_picture() -> None:
    async with watching() as place:
        await expect(place.page.locator(".recon")).to_contain_text("人满了，正在排队")
        await expect(place.page.locator(".recon")).to_contain_text("第 2 次")


async def test_where_no_webrtc_comes_through_the_room_is_seen_as_hls() -> None:
    async with watching(hls=True) as place:
        await expect(place.page.locator("video.video")).to_have_attribute("src", "/rooms/demo/hls/index.m3u8")


async def test_a_long_name_takes_two_lines_and_is_told_in_full() -> None:
    long = "新中式实木框架真皮头层牛皮意式极简客厅云朵单人沙发椅（奶白圈绒·高回弹海绵加羽绒款）"
    async with watching(width=360, height=640) as place:
        place.rooms["demo"].feed.publish("product", sku="SF-01", product={**SOFA, "name": long})
        title = place.page.locator(".now h2")
        await expect(title).to_have_attribute("title", long)
        assert await title.evaluate("node => node.clientHeight / parseFloat(getComputedStyle(node).lineHeight)") < 2.2


async def test_a_sheet_on_a_phone_keeps_the_focus_and_gives_it_back() -> None:
    async with watching() as place:
        opener = place.page.locator(".shelfbtn")
        await opener.click()
        shelf = place.page.get_by_role("dialog", name="橱窗")
        await expect(shelf).to_be_visible()
        for _ in range(4):
            await place.page.keyboard.press("Tab")
            assert await shelf.evaluate("node => node.contains(document.activeElement)")
        await place.page.keyboard.press("Escape")
        await expect(shelf).to_be_hidden()
        await expect(opener).to_be_focused()


async def test_who_scrolls_back_is_left_there() -> None:
    async with watching(width=1280, height=800) as place:
        flow = place.page.locator(".flow")
        for number in range(40):
            await place.rooms["demo"].comment(visitor="v", client_id=str(number), text=f"第 {number} 句")
        await expect(flow.locator("li")).to_have_count(40)
        assert await flow.evaluate("node => node.scrollHeight - node.scrollTop - node.clientHeight") < 60
        await flow.evaluate("node => { node.scrollTop = 0; }")
        await place.rooms["demo"].comment(visitor="v", client_id="last", text="最后一句")
        await expect(flow.locator("li")).to_have_count(41)
        assert await flow.evaluate("node => node.scrollTop") == 0


async def test_the_shop_s_questions_have_english_beside_them_for_who_reads_english() -> None:
    async with watching() as place:
        chip = place.page.locator(".quick .chip")
        await expect(chip).to_have_text("包邮吗")
        await place.page.evaluate("document.querySelector('[data-lang]').click()")
        await expect(chip).to_have_text("包邮吗（Free delivery?）")
        await chip.evaluate("node => node.click()")
        await expect(place.page.locator(".flow li")).to_contain_text("包邮吗")
        assert list(place.rooms["demo"].taken.values()) == ["包邮吗"]

"""The console's live desk and knowledge desk in a real browser: what an operator sees, does, and may not do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from dialogue import LIVE_RULES, Verdict, comply
from stream.api import Gate, create_knowledge_router, create_room_api
from stream.room.broadcast import Broadcast
from stream.room.protocol import Message
from stream.room.socket import Limits, create_room_router
from tests.chromium import chromium
from tests.knowledge.merchant import CATALOGUE, open_library, write_shop
from tests.stream.console import open_console

pytestmark = pytest.mark.browser


def _cue(text: str, part: str, sku: str, **more: object) -> dict[str, object]:
    return {"text": text, "kind": "script", "part": part, "sku": sku, "question": None, **more}


def _goods(sku: str, name: str) -> dict[str, object]:
    return {"sku": sku, "name": name, "price": "359", "stock": 80, "picture": ""}


@dataclass
class Studio:
    """A room of the shop `demo` that only remembers what was asked of it, and the doors to it."""

    merchant: str = "demo"
    air: str = "live"
    asked: list[str] = field(default_factory=list)
    feed: Broadcast = field(default_factory=lambda: Broadcast(after=1000))
    open: dict[str, Studio] = field(default_factory=dict)
    telling: str = "SF-01"
    queued: list[dict[str, object]] = field(default_factory=list)

    def state(self) -> dict[str, object]:
        known = {"name": "demo", "merchant": self.merchant, "state": self.air, "pages": 3, "viewers": 2}
        return {**known, "likes": 7, "product": None, "waiting": 1}

    def welcome(self) -> Message:
        state = {"state": self.air, "viewers": 3, "likes": 7}
        return {"seq": self.feed.seq, "shop": "栖木家居", "state": state, "product": None, "products": []}

    async def comment(self, **comment: object) -> None:
        return

    def like(self) -> None:
        return

    def check(self, text: str) -> Verdict:
        return comply(text, rules=LIVE_RULES)

    def say(self, text: str) -> None:
        self.asked.append(f"say {text}")

    def rundown(self) -> dict[str, object]:
        return {
            "lap": 3,
            "product": self.telling,
            "said": [_cue("接下来看它。", "hook", self.telling, at_ms=1_795_458_765_286)],
            "now": _cue("它的特点是，轻。", "point", self.telling, at_ms=1_795_458_768_286),
            "next": [_cue("活动价359元。", "promotion", self.telling), *self.queued],
            "products": [_goods("SF-01", "云朵单人沙发"), _goods("LP-01", "纸月落地灯"), _goods("RG-01", "胡桃木边几")],
        }

    def show(self, sku: str) -> bool:
        self.asked.append(f"show {sku}")
        self.telling = sku
        return True

    def pause(self) -> None:
        self.asked.append("pause")
        self.air = "paused"

    def resume(self) -> None:
        self.asked.append("resume")
        self.air = "live"

    def interrupt(self) -> None:
        self.asked.append("interrupt")

    async def start_room(self, name: str, *, merchant: str | None) -> bool:
        self.asked.append("start")
        self.air = "live"
        self.open[name] = self
        return True

    async def stop_room(self, name: str) -> None:
        self.asked.append("stop")
        self.open.clear()

    async def off_air(self, merchant: str | None) -> list[dict[str, object]]:
        return [] if self.open else [{"name": "demo", "merchant": "demo", "state": "stopped", "problem": None}]


@asynccontextmanager
async def desk(folder: Path, page_name: str, *, role: str = "owner") -> AsyncIterator[tuple[Page, Studio]]:
    """The console at one of its pages, entered with a token of this role."""
    studio = Studio()
    studio.open["demo"] = studio
    async with open_console(folder) as console, chromium() as browser:
        gate = Gate(console.store.access.verify, machine_token="m" * 32)
        console.shop.app.include_router(create_room_api(studio.open, studio, gate, elsewhere={}))
        console.shop.app.include_router(create_room_router(studio.open, limits=Limits(), staff=gate.staff))
        console.shop.app.include_router(create_knowledge_router(open_library(folder / "data"), gate))
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"http://127.0.0.1:{console.shop.port}/console#{page_name}")
        await page.get_by_label("令牌").fill(getattr(console, role))
        await page.get_by_role("button", name="进入").click()
        yield page, studio
        assert faults == []


async def test_an_operator_speaks_pauses_and_cuts_in(tmp_path: Path) -> None:
    async with desk(tmp_path, "live", role="operator") as (page, studio):
        await expect(page.locator("#onair")).to_have_text("直播中")
        await page.get_by_label("插一句").fill("还有三件")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("插一句")).to_have_value("")
        await page.get_by_role("button", name="暂停脚本").click()
        await page.get_by_role("button", name="继续脚本").click()
        await page.get_by_role("button", name="打断这句").click()
        await page.get_by_label("插一句").fill("先停一下")
        await page.get_by_role("button", name="打断现在说").click()
        await expect(page.get_by_label("插一句")).to_have_value("")
        assert studio.asked == ["say 还有三件", "pause", "resume", "interrupt", "say 先停一下", "interrupt"]


async def test_comments_are_seen_with_what_became_of_them(tmp_path: Path) -> None:
    async with desk(tmp_path, "live") as (page, studio):
        await expect(page.locator("#onair")).to_have_text("直播中")
        said = {"id": "c1", "client_id": "a", "name": "游客0001", "text": "<b>包邮吗</b>", "masked": False}
        studio.feed.publish("comment", **said, state="queued", answer="")
        await expect(page.locator("#wall li")).to_contain_text("排队中")
        assert studio.feed.readers == 0, "the console is no viewer"
        studio.feed.publish("comment", **said, state="answered", answer="满99元包邮。")
        await expect(page.locator("#wall li")).to_contain_text("满99元包邮。")
        await expect(page.locator("#wall li")).to_contain_text("<b>包邮吗</b>")
        await expect(page.locator("#wall li")).to_have_count(1)


async def test_the_rundown_shows_now_and_next_and_an_operator_jumps_to_a_product(tmp_path: Path) -> None:
    async with desk(tmp_path, "live", role="operator") as (page, studio):
        products = page.locator("#rundown .item > b")
        await expect(products).to_have_text(["云朵单人沙发", "纸月落地灯", "胡桃木边几"])
        await expect(page.locator("#rundown .cue.on")).to_contain_text("它的特点是，轻。")
        await expect(page.locator("#rundown .cue").last).to_contain_text("优惠")
        await page.get_by_role("button", name="讲这件：胡桃木边几").click()
        await expect(page.locator("#rundown .item[aria-current=true]")).to_contain_text("胡桃木边几")
        await expect(products).to_have_text(["胡桃木边几", "云朵单人沙发", "纸月落地灯"])
        studio.queued = [_cue("接下来看沙发。", "hook", "SF-01")]  # the next product's first line is worded already
        studio.feed.publish("caption", text="轻", at_ms=0, until_ms=900, line="它的特点是，轻。")
        await expect(page.locator("#rundown .cue").last).to_contain_text("引入")
        await page.get_by_role("button", name="跳到下一件").click()
        await expect(products).to_have_text(["云朵单人沙发", "纸月落地灯", "胡桃木边几"])
        assert studio.asked == ["show RG-01", "show SF-01"]


async def test_stopping_takes_a_held_button_and_starting_a_click(tmp_path: Path) -> None:
    async with desk(tmp_path, "live") as (page, studio):
        stop = page.get_by_role("button", name="停播")
        await stop.click()
        await expect(page.get_by_text("按住一秒才会停播")).to_be_visible()
        assert studio.asked == []
        await stop.click(delay=1300)
        await expect(page.locator("#onair")).to_have_text("没在播")
        await page.get_by_role("button", name="开播").click()
        await expect(page.locator("#onair")).to_have_text("直播中")
        await stop.focus()
        await page.keyboard.down("Enter")
        await expect(page.locator("#onair")).to_have_text("没在播")
        await page.keyboard.up("Enter")
        assert studio.asked == ["stop", "start", "stop"]


async def test_words_against_the_law_are_named_before_they_are_said(tmp_path: Path) -> None:
    async with desk(tmp_path, "live") as (page, _):
        await page.get_by_label("插一句").fill("今晚全网最低，快来")
        await expect(page.locator("#findings")).to_contain_text("绝对化用语")
        await page.locator("#findings button").click()
        await expect(page.get_by_label("插一句")).not_to_have_value(re.compile("全网最低"))


async def test_a_viewer_s_token_sees_the_desk_and_touches_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, "live", role="viewer") as (page, _):
        await expect(page.locator("#onair")).to_have_text("直播中")
        await expect(page.locator("#rundown .item")).to_have_count(3)
        for name in ("停播", "暂停脚本", "打断这句", "说", "跳到下一件"):
            await expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()
        await expect(page.locator("#rundown button")).to_have_count(0)


async def test_the_arrow_keys_go_through_a_choice_and_the_focus_stays_with_it(tmp_path: Path) -> None:
    async with desk(tmp_path, "figures") as (page, _):
        choice = page.locator("#groups")
        await choice.get_by_role("radio", name="日期").focus()
        await page.keyboard.press("ArrowRight")
        await expect(choice.get_by_role("radio", name="来源")).to_have_attribute("aria-checked", "true")
        await expect(choice.get_by_role("radio", name="来源")).to_be_focused()


async def test_a_draft_with_an_error_is_not_published_and_a_clean_one_is(tmp_path: Path) -> None:
    library = open_library(tmp_path / "data")
    files = write_shop(tmp_path / "files")
    library.add("demo", [files])
    first = library.publish("demo").version
    (files / "promotion.csv").write_text("商品名称,价格\n纸月落地灯,429元\n", encoding="utf-8")
    library.add("demo", [files])
    async with desk(tmp_path, "knowledge") as (page, _):
        await expect(page.locator("#publish")).to_be_disabled()
        await expect(page.locator("#pubwhy")).to_contain_text("还有 1 处必须先改")
        (files / "promotion.csv").unlink()
        (files / "products.csv").write_text(CATALOGUE.replace("1299元", "1199元"), encoding="utf-8")
        library.add("demo", [files], mirror=True)
        await page.reload()
        await expect(page.locator("#changes")).to_contain_text("1199元")
        await page.locator("#publish").click()
        await page.get_by_role("dialog").get_by_role("button", name="发布").click()
        await expect(page.locator("#versions")).not_to_contain_text("草稿")
        await page.get_by_role("button", name="退回到这版").click()
        await page.get_by_role("dialog").get_by_role("button", name="退回").click()
        await expect(page.locator("#versions")).to_contain_text(f"线上 {first}")
    assert library.pointer("demo").published == first

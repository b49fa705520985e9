"""The operators' console: REST, its socket, and both pages in a real browser, over the real store."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import httpx
import pytest
from fastapi.staticfiles import StaticFiles
from playwright.async_api import async_playwright, expect
from websockets.asyncio.client import connect

from dialogue.access import Role
from dialogue.store import Store
from stream.api import Gate, create_lead_router
from stream.api.inbox import create_inbox_router
from stream.chat.frame import Say
from tests.chromium import FLAGS
from tests.stream.chat.shop import Shop, client, open_shop

WEB = Path(str(resources.files("stream") / "web"))


@dataclass
class Console:
    """A shop with its console open."""

    shop: Shop
    store: Store
    http: httpx.AsyncClient
    operator: str
    viewer: str
    stranger: str

    async def visit(self, *texts: str) -> str:
        """A customer who says these texts; returns the conversation."""
        thread, _ = await self.shop.hub.start(merchant="demo")
        for number, text in enumerate(texts):
            await thread.say(Say(client_id=f"c{number}", text=text), None)
            async with asyncio.timeout(5):
                while not thread.quiet:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        return thread.id


@asynccontextmanager
async def _console(folder: Path) -> AsyncIterator[Console]:
    async with await Store.open(folder) as store, open_shop(store=store, forms=store.leads, window_s=0.0) as shop:
        await store.access.ensure_merchant("demo", name="栖木家居")
        await store.access.ensure_merchant("other", name="别家")
        operator = (await store.access.create_token("demo", role=Role.OPERATOR))[1]
        viewer = (await store.access.create_token("demo", role=Role.VIEWER))[1]
        stranger = (await store.access.create_token("other", role=Role.OWNER))[1]
        gate = Gate(store.access.verify, machine_token="m" * 32)
        shop.app.include_router(create_inbox_router(store=store, hub=shop.hub, gate=gate))
        shop.app.include_router(create_lead_router(store.leads, gate))
        shop.app.mount("/web", StaticFiles(directory=WEB))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{shop.port}", timeout=10) as http:
            yield Console(shop, store, http, operator, viewer, stranger)


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_conversations_are_listed_with_their_last_words_and_numbers_hidden(tmp_path: Path) -> None:
    async with _console(tmp_path) as console:
        conversation = await console.visit("我电话13805716021，云朵沙发1299元")
        rows = (await console.http.get("/api/conversations", headers=_as(console.viewer))).json()
        assert [row["id"] for row in rows] == [conversation]
        assert "visitor" in rows[0]
        detail = (await console.http.get(f"/api/conversations/{conversation}", headers=_as(console.viewer))).json()
        assert detail["events"][0]["text"] == "我电话*******6021，云朵沙发1299元"
        assert detail["lead"]["contacts"][0]["value"] == "138****6021"
        assert "13805716021" not in json.dumps([rows, detail["events"][0], detail["lead"]])


async def test_the_funnel_counts_what_happened(tmp_path: Path) -> None:
    async with _console(tmp_path) as console:
        await console.visit("在吗")
        await console.visit("我电话13805716021")
        answer = (await console.http.get("/api/funnel?days=2", headers=_as(console.viewer))).json()
        funnel = answer["funnel"]
        assert [funnel[name] for name in ("conversations", "spoke", "valid_contact")] == [2, 2, 1]
        assert answer["asking"] is None
        assert (await console.http.get("/api/funnel?merchant=other", headers=_as(console.viewer))).status_code == 404


async def test_a_colleague_answers_and_gives_back(tmp_path: Path) -> None:
    async with _console(tmp_path) as console, client(console.shop) as visitor:
        await visitor.send(type="message", client_id="a", text="能拆洗吗")
        await visitor.next("message")
        path = f"/api/conversations/{visitor.frames[0]['conversation']}"
        headers = _as(console.operator)
        taken = await console.http.post(f"{path}/take", headers=headers, json={"operator": "林小满"})
        assert taken.json() == {"state": "human"}
        assert (await visitor.next("handoff"))["name"] == "林小满"
        body = {"text": "我来处理", "operator": "林小满"}
        assert (await console.http.post(f"{path}/messages", headers=headers, json=body)).status_code == 200
        assert (await visitor.next("message"))["text"] == "我来处理"
        assert (await console.http.post(f"{path}/return", headers=headers)).json() == {"state": "ai"}
        assert (await visitor.next("handoff"))["state"] == "returned"


async def test_roles_and_shops_are_kept_apart(tmp_path: Path) -> None:
    async with _console(tmp_path) as console:
        path = f"/api/conversations/{await console.visit('在吗')}"
        assert (await console.http.get(path)).status_code == 401
        assert (await console.http.get(path, headers=_as(console.stranger))).status_code == 404
        assert (
            await console.http.get("/api/conversations?merchant=demo", headers=_as(console.stranger))
        ).status_code == 404
        taken = await console.http.post(f"{path}/take", headers=_as(console.viewer), json={})
        assert taken.status_code == 403
        assert (await console.http.get("/api/conversations/none", headers=_as(console.viewer))).status_code == 404


async def test_the_socket_tells_changes_of_the_own_shop_only(tmp_path: Path) -> None:
    async with _console(tmp_path) as console:
        url = f"ws://127.0.0.1:{console.shop.port}/ws/inbox"
        async with connect(url) as own, connect(url) as bad:
            await own.send(json.dumps({"token": console.viewer}))
            assert json.loads(await own.recv()) == {"type": "ready"}
            thread, _ = await console.shop.hub.start(merchant="other")
            await thread.say(Say(client_id="a", text="在吗"), None)
            mine = await console.visit("在吗")
            async with asyncio.timeout(5):
                assert json.loads(await own.recv()) == {"type": "changed", "conversations": [mine]}
            await bad.send("nonsense")
            assert json.loads(await bad.recv())["type"] == "error"


async def test_a_colleague_s_typing_reaches_the_customer(tmp_path: Path) -> None:
    async with _console(tmp_path) as console, client(console.shop) as visitor:
        conversation = visitor.frames[0]["conversation"]
        async with connect(f"ws://127.0.0.1:{console.shop.port}/ws/inbox") as socket:
            await socket.send(json.dumps({"token": console.operator}))
            await socket.recv()
            headers = _as(console.operator)
            await console.http.post(f"/api/conversations/{conversation}/take", headers=headers, json={})
            await visitor.next("handoff")
            await socket.send(json.dumps({"type": "typing", "conversation": conversation}))
            while not (await visitor.next("typing"))["on"]:
                pass


@pytest.mark.browser
async def test_an_operator_sees_who_waits_takes_over_and_finds_the_lead(tmp_path: Path) -> None:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    async with _console(tmp_path) as console, client(console.shop) as visitor, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"http://127.0.0.1:{console.shop.port}/console")
        await page.get_by_label("令牌").fill("wrong")
        await page.get_by_role("button", name="进入").click()
        await expect(page.get_by_text("令牌不对、过期或已撤销")).to_be_visible()
        await page.get_by_label("令牌").fill(console.operator)
        await page.get_by_role("button", name="进入").click()
        await expect(page.get_by_text("没有人在等。AI 都接住了。")).to_be_visible()
        await visitor.send(type="message", client_id="a", text="沙发腿裂了，我要人工，电话13805716021")
        await page.get_by_role("list").get_by_role("button").first.click()
        await expect(page.get_by_role("log")).to_contain_text("电话*******6021")
        await expect(page.get_by_label("客户", exact=True)).to_contain_text("138****6021")
        await page.get_by_label("您的名字，顾客会看到").fill("林小满")
        await page.get_by_role("button", name="接管会话").click()
        await expect(page.get_by_role("log")).to_contain_text("林小满 接管了会话")
        await page.get_by_label("回复").fill("您好，马上给您补发")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("您好，马上给您补发")
        while (await visitor.next("message"))["role"] != "operator":
            pass
        await visitor.send(type="message", client_id="b", text="好的谢谢")
        await expect(page.get_by_role("log")).to_contain_text("好的谢谢")
        await page.get_by_role("link", name="线索").click()
        await expect(page.get_by_role("row").nth(1)).to_contain_text("138****6021")
        await expect(page.get_by_label("转化漏斗")).to_contain_text("有效联系方式1100%")
        assert not faults
        await browser.close()

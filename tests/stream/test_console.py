"""The operators' console: REST, its socket, and both pages in a real browser, over the real store."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import expect
from websockets.asyncio.client import connect

from stream.chat.incoming import Say
from tests.chromium import chromium
from tests.stream.chat.shop import client
from tests.stream.console import bearing, open_console


async def test_conversations_are_listed_with_their_last_words_and_numbers_hidden(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        conversation = await console.visit("我电话13805716021，云朵沙发1299元")
        rows = (await console.http.get("/api/conversations", headers=bearing(console.viewer))).json()
        assert [row["id"] for row in rows] == [conversation]
        assert "visitor" in rows[0]
        detail = (await console.http.get(f"/api/conversations/{conversation}", headers=bearing(console.viewer))).json()
        assert detail["events"][0]["text"] == "我电话138****6021，云朵沙发1299元"
        assert detail["lead"]["contacts"][0]["value"] == "138****6021"
        assert "13805716021" not in json.dumps([rows, detail["events"][0], detail["lead"]])


async def test_wechat_and_email_are_hidden_in_the_inbox_too(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        conversation = await console.visit("加我微信 muchen_886，邮箱 liwei@example.com")
        listed = await console.http.get("/api/conversations", headers=bearing(console.viewer))
        shown = await console.http.get(f"/api/conversations/{conversation}", headers=bearing(console.viewer))
        for answer in (listed.text, shown.text):
            assert "muchen_886" not in answer and "liwei@" not in answer


async def test_the_funnel_counts_what_happened(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        await console.visit("在吗")
        await console.visit("我电话13805716021")
        answer = (await console.http.get("/api/stats?days=2", headers=bearing(console.viewer))).json()
        funnel = answer["total"]
        assert [funnel[name] for name in ("conversations", "spoke", "valid_contact")] == [2, 2, 1]
        assert answer["asking"] is None
        assert (await console.http.get("/api/stats?merchant=other", headers=bearing(console.viewer))).status_code == 404


async def test_a_colleague_answers_and_gives_back(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console, client(console.shop) as visitor:
        await visitor.send(type="message", client_id="a", text="能拆洗吗")
        await visitor.next("message")
        path = f"/api/conversations/{visitor.frames[0]['conversation']}"
        headers = bearing(console.operator)
        taken = await console.http.post(f"{path}/take", headers=headers, json={"operator": "林小满"})
        assert taken.json() == {"state": "human"}
        assert (await visitor.next("handoff"))["name"] == "林小满"
        body = {"text": "我来处理", "operator": "林小满"}
        assert (await console.http.post(f"{path}/messages", headers=headers, json=body)).status_code == 200
        assert (await visitor.next("message"))["text"] == "我来处理"
        assert (await console.http.post(f"{path}/return", headers=headers)).json() == {"state": "ai"}
        assert (await visitor.next("handoff"))["state"] == "returned"


async def test_roles_and_shops_are_kept_apart(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        path = f"/api/conversations/{await console.visit('在吗')}"
        assert (await console.http.get(path)).status_code == 401
        assert (await console.http.get(path, headers=bearing(console.stranger))).status_code == 404
        assert (
            await console.http.get("/api/conversations?merchant=demo", headers=bearing(console.stranger))
        ).status_code == 404
        taken = await console.http.post(f"{path}/take", headers=bearing(console.viewer), json={})
        assert taken.status_code == 403
        assert (await console.http.get("/api/conversations/none", headers=bearing(console.viewer))).status_code == 404


async def test_the_socket_tells_changes_of_the_own_shop_only(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        url = f"ws://127.0.0.1:{console.shop.port}/ws/inbox"
        async with connect(url) as own, connect(url) as bad:
            await own.send(json.dumps({"token": console.viewer}))
            assert json.loads(await own.recv()) == {"type": "ready"}
            thread, _ = await console.shop.hub.start(merchant="other")
            await thread.say(Say(client_id="a", text="在吗"), None)
            mine = await console.visit("在吗")
            async with asyncio.timeout(60):
                assert json.loads(await own.recv()) == {"type": "changed", "conversations": [mine]}
            await bad.send("nonsense")
            assert json.loads(await bad.recv())["type"] == "error"


async def test_a_colleague_s_typing_reaches_the_customer(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console, client(console.shop) as visitor:
        conversation = visitor.frames[0]["conversation"]
        async with connect(f"ws://127.0.0.1:{console.shop.port}/ws/inbox") as socket:
            await socket.send(json.dumps({"token": console.operator}))
            await socket.recv()
            headers = bearing(console.operator)
            await console.http.post(f"/api/conversations/{conversation}/take", headers=headers, json={})
            await visitor.next("handoff")
            await socket.send(json.dumps({"type": "typing", "conversation": conversation}))
            while not (await visitor.next("typing"))["on"]:
                pass


async def test_products_are_known_by_name_to_their_own_shop(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        path = "/api/products?merchant=demo"
        assert (await console.http.get(path, headers=bearing(console.viewer))).json() == {"SF-01": "云朵单人沙发"}
        assert (await console.http.get(path, headers=bearing(console.stranger))).status_code == 404


@pytest.mark.browser
async def test_a_customer_s_typing_reaches_the_colleagues_of_the_own_shop_only(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console, client(console.shop) as visitor:
        url = f"ws://127.0.0.1:{console.shop.port}/ws/inbox"
        async with connect(url) as own, connect(url) as other:
            for socket, token in ((own, console.viewer), (other, console.stranger)):
                await socket.send(json.dumps({"token": token}))
                assert json.loads(await socket.recv())["type"] == "ready"
            for _ in range(20):
                await visitor.send(type="typing")
            async with asyncio.timeout(60):
                told = json.loads(await own.recv())
            of = [visitor.frames[0]["conversation"]]
            assert told == {"type": "typing", "conversations": of, "on": True}
            await visitor.send(type="message", client_id="a", text="能拆洗吗")
            async with asyncio.timeout(60):
                seen: list[object] = []
                while (told := json.loads(await own.recv())) != {"type": "typing", "conversations": of, "on": False}:
                    seen.append(told["type"])
            assert "changed" in seen
            await visitor.next("message")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await other.recv()


@pytest.mark.browser
async def test_an_operator_sees_who_waits_takes_over_and_finds_the_lead(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console, client(console.shop) as visitor, chromium() as browser:
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
        await expect(page.get_by_role("log")).to_contain_text("电话138****6021")
        await expect(page.get_by_label("客户", exact=True)).to_contain_text("138****6021")
        await expect(page.locator("#cust .sum")).to_contain_text("商品：云朵单人沙发")
        await page.get_by_label("您的名字，顾客会看到").fill("林小满")
        await page.get_by_role("button", name="接管会话").click()
        await expect(page.get_by_role("log")).to_contain_text("林小满 接管了会话")
        await page.get_by_label("回复").fill("您好，马上给您补发")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("您好，马上给您补发")
        while (await visitor.next("message"))["role"] != "operator":
            pass
        await page.get_by_role("tab", name="全部").click()
        await visitor.send(type="typing")
        await expect(page.get_by_role("list").get_by_text("正在输入…")).to_be_visible()
        await expect(page.get_by_role("status").filter(has_text="正在输入…")).to_be_visible()
        await visitor.send(type="message", client_id="b", text="好的谢谢")
        await expect(page.get_by_text("正在输入…")).to_have_count(1)
        await expect(page.get_by_text("正在输入…")).to_be_hidden()
        await expect(page.get_by_role("log")).to_contain_text("好的谢谢")
        await page.get_by_role("link", name="线索").click()
        await expect(page.get_by_role("row").nth(1)).to_contain_text("138****6021")
        await expect(page.get_by_label("转化漏斗")).to_contain_text("有效联系方式1100%")
        assert not faults

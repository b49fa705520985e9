"""The console's leads, figures and outbox in a real browser: what is seen, revealed, taken out, erased, sent again."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from dialogue.lead import Postman, TargetKind
from tests.chromium import chromium
from tests.dialogue.receiver import receiver
from tests.stream.console import Console, bearing, open_console

pytestmark = pytest.mark.browser
PHONE = "13812346021"


@asynccontextmanager
async def entered(console: Console, token: str, *, width: int = 1440) -> AsyncIterator[Page]:
    """The console in Chromium, entered with a token; fails on any error of the page."""
    faults: list[str] = []
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": width, "height": 900})
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
        await page.goto(f"http://127.0.0.1:{console.shop.port}/console#leads")
        await page.get_by_label("令牌").fill(token)
        await page.get_by_role("button", name="进入").click()
        yield page
    assert not faults


def content_of(path: Path) -> bytes:
    """What was downloaded."""
    return path.read_bytes()


async def fill(console: Console) -> None:
    """Two leads, one of which may be contacted and passed on, and a question without an answer."""
    store = console.store
    for visitor, phone, name, consent in (
        ("a", PHONE, "王小明", ["contact", "share"]),
        ("b", "13912345678", "李女士", []),
    ):
        row = await store.open_conversation(merchant="demo", channel="chat", visitor=visitor)
        await store.receive(row.id, client_id="q", text="能开专票吗")
        await store.append(row.id, kind="message", payload={"role": "assistant", "text": "…", "decision": "refuse"})
        await store.leads.submit(row.id, client_id="f", fields={"phone": phone, "name": name}, consent=consent)


async def test_an_owner_reveals_withdraws_exports_and_erases(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        await fill(console)
        async with entered(console, console.owner) as page:
            await page.get_by_role("button", name="王**").click()
            detail = page.get_by_label("线索详情")
            await expect(detail).to_contain_text("138****6021")
            await page.get_by_role("button", name="显示完整号码").click()
            await expect(detail).to_contain_text(PHONE)
            await expect(detail).to_contain_text("王小明")
            await detail.get_by_role("button", name="撤回").last.click()
            await page.get_by_role("dialog").get_by_role("button", name="撤回").click()
            await expect(detail).to_contain_text("已撤回")
            async with page.expect_download() as waiting:
                await page.get_by_role("button", name="导出 CSV").click()
            content = content_of(await (await waiting.value).path())
            assert content.startswith(b"\xef\xbb\xbf") and PHONE.encode() in content and b"13912345678" not in content
            await detail.get_by_role("button", name="按顾客要求删除").click()
            await page.get_by_role("dialog").get_by_label("联系方式").fill(PHONE)
            await page.get_by_role("dialog").get_by_role("button", name="永久删除").click()
            await expect(page.get_by_text("已删除 1 条线索")).to_be_visible()
            await expect(page.locator("#rows tr")).to_have_count(1)
        deeds = (await console.http.get("/api/audit", headers=bearing(console.owner))).json()
        assert [one["action"] for one in deeds if one["action"].startswith("lead.")] == [
            "lead.erase", "lead.csv", "lead.consent", "lead.reveal",
        ]  # fmt: skip


async def test_a_viewer_can_only_look_also_on_a_phone(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        await fill(console)
        async with entered(console, console.viewer, width=390) as page:
            await page.get_by_role("button", name="王**").click()
            await expect(page.get_by_label("线索详情")).to_contain_text("138****6021")
            for name in ("显示完整号码", "撤回", "按顾客要求删除", "导出 CSV"):
                await expect(page.get_by_role("button", name=name)).to_have_count(0)
            for link in ("会话", "线索", "数据", "转交"):
                await page.get_by_role("link", name=link).click()
                await page.wait_for_timeout(100)
                assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_figures_by_group_and_a_draft_of_the_faq(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        await fill(console)
        async with entered(console, console.viewer) as page:
            await page.get_by_role("link", name="数据").click()
            await expect(page.get_by_label("没答上来的问题")).to_contain_text("能开专票吗")
            await expect(page.get_by_label("没答上来的问题")).to_contain_text("2 次")
            await page.get_by_role("radio", name="来源").click()
            await expect(page.get_by_label("分组漏斗").get_by_role("row").nth(1)).to_contain_text("官网客服")
            async with page.expect_download() as waiting:
                await page.get_by_role("button", name="下载问答草稿").click()
            draft = content_of(await (await waiting.value).path()).decode("utf-8-sig")
            assert draft.splitlines() == ['"问题","答案","相似问法"', '"能开专票吗","",""']


async def test_what_did_not_arrive_is_sent_again(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console, receiver(410) as there:
        store = console.store
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, label="客户系统")
        await fill(console)
        sender = Postman(allow_private=True)
        await store.outbox.deliver_due(sender, clock_s=lambda: int(time.time()), jitter=random.Random(1))
        await sender.aclose()
        async with entered(console, console.owner) as page:
            await page.get_by_role("link", name="转交").click()
            records = page.get_by_label("发送记录")
            await expect(records).to_contain_text("对方没有收下（HTTP 410）")
            there.statuses = [200]
            await page.get_by_role("button", name="发一条测试").click()
            await expect(page.get_by_text("测试消息已送达")).to_be_visible()
            await records.get_by_role("button", name="重发", exact=True).click()
            await expect(page.get_by_text("已放回发送队列：1 条，编号不变")).to_be_visible()
            await page.get_by_role("button", name="添加目标").click()
            await page.get_by_label("种类").select_option("webhook")
            await page.get_by_label("地址").fill("https://crm.example.com/hook")
            await page.get_by_role("button", name="保存").click()
            await expect(page.get_by_text("签名密钥，只显示这一次：whsec_")).to_be_visible()
            await expect(page.get_by_label("转交目标")).to_contain_text("crm.example.com")
        [row] = await store.outbox.messages("demo")
        assert row.state == "pending"

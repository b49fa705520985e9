"""The widget on a page of the shop: keyboard, hostile style, phone, origins that may embed it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.chromium import chromium
from tests.stream.chat.shop import open_shop
from tests.stream.chat.visit import DESK, PHONE, visiting


@pytest.mark.browser
async def test_embedded_with_one_tag_it_keeps_to_itself_and_to_the_keyboard() -> None:
    async with visiting("/shop", size=DESK) as visit:
        page = visit.page
        bubble = page.get_by_role("button", name="打开客服聊天")
        assert not visit.shop.store.rows, "a socket was opened before the visitor asked for it"
        await bubble.focus()
        await page.keyboard.press("Enter")
        await expect(visit.input).to_be_focused()
        await page.keyboard.type("能拆洗吗")
        await page.keyboard.press("Enter")
        await expect(visit.log).to_contain_text("外罩整套带拉链")
        style = "e => [getComputedStyle(e).color, getComputedStyle(e).fontSize]"
        assert await visit.log.locator(".bubble").first.evaluate(style) == ["rgb(23, 25, 29)", "15px"]
        await page.keyboard.press("Escape")
        await expect(bubble).to_be_focused()
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await visit.thread.operator_says("还在吗", operator="林小满")
        await expect(page.get_by_role("button", name="打开客服聊天，1 条未读")).to_be_visible()


HOSTILE = """
* { font-family: fantasy !important; color: lime !important; --text: lime !important; --bg: yellow !important; }
div, section, button, p { transform: rotate(3deg); zoom: 1.3; float: left !important; border: 5px solid !important; }
html { direction: rtl; font-size: 32px; } #zg-root { display: none !important; opacity: .2 !important; }
"""


@pytest.mark.browser
async def test_no_style_of_the_page_reaches_in() -> None:
    async with visiting("/shop", size=DESK) as visit:
        bubble = visit.page.get_by_role("button", name="打开客服聊天")
        before = await bubble.bounding_box()
        await visit.page.add_style_tag(content=HOSTILE)
        assert await bubble.bounding_box() == before
        await bubble.click()
        await visit.ask("能拆洗吗")
        await expect(visit.log).to_contain_text("外罩整套带拉链")
        style = "e => [getComputedStyle(e).color, getComputedStyle(e).direction, getComputedStyle(e).borderTopWidth]"
        assert await visit.log.locator(".bubble").first.evaluate(style) == ["rgb(23, 25, 29)", "ltr", "0px"]


@pytest.mark.browser
async def test_on_a_phone_it_is_modal_and_keeps_the_focus() -> None:
    async with visiting("/shop", size=PHONE) as visit:
        await visit.page.get_by_role("button", name="打开客服聊天").click()
        panel = visit.page.get_by_role("dialog")
        box = await panel.bounding_box()
        assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
        await expect(panel).to_have_attribute("aria-modal", "true")
        for _ in range(12):
            await visit.page.keyboard.press("Tab")
            assert await visit.page.evaluate("document.activeElement.id") == "zg-root"


@pytest.mark.browser
async def test_a_site_without_permission_is_told_so() -> None:
    async with open_shop() as shop, chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"http://localhost:{shop.port}/shop")
        await page.get_by_role("button", name="打开客服聊天").click()
        await expect(page.get_by_role("alert")).to_contain_text("没有获准嵌入")
        await expect(page.locator("textarea")).to_be_disabled()

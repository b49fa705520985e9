"""A visitor of the chat page, or of a page that embeds the widget, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, ViewportSize

from stream.chat import Thread
from tests.chromium import chromium
from tests.stream.chat.shop import ScriptedReplier, Shop, open_shop

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}


@dataclass
class Visit:
    """A visitor with a page open."""

    shop: Shop
    context: BrowserContext
    page: Page

    @property
    def log(self) -> Locator:
        return self.page.locator(".zg-log")

    @property
    def input(self) -> Locator:
        return self.page.locator("textarea")

    @property
    def thread(self) -> Thread:
        return next(iter(self.shop.hub.threads()))

    async def ask(self, text: str) -> None:
        await self.input.fill(text)
        await self.input.press("Enter")


@asynccontextmanager
async def visiting(path: str = "/chat/demo", *, size: ViewportSize = PHONE, **options: Any) -> AsyncIterator[Visit]:
    """Open `path` (or a whole URL) of a shop of its own; nothing may fail on the page, no third party be asked."""
    replier = ScriptedReplier(pause_s=options.pop("pause_s", 0.0))
    async with open_shop(replier=replier, window_s=options.pop("window_s", 0.1), **options) as shop, chromium() as one:
        context = await one.new_context(viewport=size, reduced_motion="reduce")
        page = await context.new_page()
        faults: list[str] = []
        strangers: list[str] = []
        own = (f"http://127.0.0.1:{shop.port}/", f"http://localhost:{shop.port}/", "data:")
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: strangers.append(asked.url) if not asked.url.startswith(own) else None)
        await page.goto(path if path.startswith("http") else f"http://127.0.0.1:{shop.port}{path}")
        yield Visit(shop, context, page)
        assert not faults
        assert not strangers, "a third party was asked"

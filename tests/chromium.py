"""Debian's Chromium under Playwright, with nothing that reaches for a network."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import async_playwright, expect
from playwright.sync_api import Browser, Playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
# What a page is waited for; 5 s is too little where a browser shares two busy cores with a room.
expect.set_options(timeout=30_000)


def launch(playwright: Playwright) -> Browser:
    """A headless browser; the test is left out (in CI: fails) where none is installed."""
    return playwright.chromium.launch(executable_path=_program(), headless=True, args=list(FLAGS))


@asynccontextmanager
async def chromium() -> AsyncIterator[AsyncBrowser]:
    """The same for a test that shares its loop with the server; closed at the end."""
    program = _program()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


def _program() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    return found

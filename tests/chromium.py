"""Debian's Chromium under Playwright, with nothing that reaches for a network."""

from __future__ import annotations

import shutil

import pytest
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


def launch(playwright: Playwright) -> Browser:
    """A headless browser; the test is left out (in CI: fails) where none is installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    return playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))

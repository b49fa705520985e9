"""Fixtures shared by every package's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The speech and face models' folder; `make test` fills it before pytest starts."""
    return Path(os.environ.get("ZHANGGUI_MODELS_DIR") or Path.home() / ".cache" / "zhanggui" / "models")


@pytest.fixture(scope="session")
def demo_shop() -> Path:
    """The demo merchant's own files."""
    return Path(__file__).resolve().parent.parent / "stream" / "demo" / "shop"

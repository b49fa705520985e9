"""Stores on both databases."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from dialogue.store import Store
from tests.dialogue.databases import Clock, postgres, postgres_programs

_NAMES = itertools.count()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is missing; install it with: apt-get install postgresql")
    with postgres(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """None for SQLite in the data folder, or the URL of an empty schema in PostgreSQL."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    name = f"test{next(_NAMES)}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{url}&options=-csearch_path%3D{name}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """A store on SQLite."""
    async with await Store.open(tmp_path, clock_ms=clock) as opened:
        yield opened


@pytest.fixture
async def any_store(tmp_path: Path, database_url: str | None, clock: Clock) -> AsyncIterator[Store]:
    """A store on SQLite and on PostgreSQL."""
    async with await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as opened:
        yield opened

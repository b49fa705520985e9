"""The service's own tasks: the outbox, platforms, retention, knowledge, spending."""

from __future__ import annotations

import asyncio
from pathlib import Path

from stream.app import Service
from stream.settings import Settings


async def test_a_task_that_fails_is_started_again(tmp_path: Path) -> None:
    runs: list[int] = []
    again = asyncio.Event()

    async def stumble() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise RuntimeError("nobody thought of this")
        again.set()
        await asyncio.Event().wait()

    service = Service(Settings(data_dir=tmp_path), machine_token="m")
    service._chore("outbox", stumble)
    async with asyncio.timeout(10):
        await again.wait()
    await service.__aexit__(None, None, None)
    assert len(runs) == 2

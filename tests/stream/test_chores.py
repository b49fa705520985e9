"""The service's own tasks: the outbox, platforms, retention of leads and recordings, knowledge, spending."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from stream.app import Service, open_service
from stream.output.retention import forget_recordings
from stream.settings import Settings
from tests.stream.live import eventually


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
    async with asyncio.timeout(60):
        await again.wait()
    await service.__aexit__(None, None, None)
    assert len(runs) == 2


async def test_old_recordings_of_a_room_that_records_no_more_go(tmp_path: Path) -> None:
    old, young = (tmp_path / "recordings" / "closed" / name for name in ("old.mp4", "young.mp4"))
    for path, days in ((old, 8), (young, 6)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"recorded")
        os.utime(path, (time.time() - days * 86_400,) * 2)
    async with open_service(Settings(data_dir=tmp_path)):
        await eventually(lambda: not old.exists())
    assert young.exists()


def test_of_too_many_recordings_the_oldest_go_and_the_one_being_written_stays(tmp_path: Path) -> None:
    for number in range(4):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(b"12345")
        os.utime(path, (1000 + number,) * 2)
    assert forget_recordings(tmp_path, now_s=1010, keep_bytes=11, spare=1) == 2
    assert forget_recordings(tmp_path, now_s=1010, keep_bytes=1, spare=1) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["3.mp4"]
    assert forget_recordings(tmp_path, now_s=1010, keep_bytes=1) == 1
    assert forget_recordings(tmp_path / "none", now_s=1010) == 0

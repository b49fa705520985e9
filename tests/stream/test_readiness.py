"""`/readyz` looks at the files below the database: what is stored in deleted ones, or on a full disk, is lost."""

import os
import sqlite3
from pathlib import Path

import pytest

from stream.app import open_service
from stream.readiness import file_problem
from stream.settings import Settings

linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux shows a process its own handles")


def disk(*, read_only: bool = False, free: int = 1 << 30) -> os.statvfs_result:
    flag = os.ST_RDONLY if read_only else 0
    return os.statvfs_result((4096, 4096, 1 << 20, free // 4096, free // 4096, 0, 0, 0, flag, 255))


@linux
@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_a_file_of_the_database_that_was_replaced_under_the_process_is_noticed(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "shop.db"
    held = sqlite3.connect(path)
    held.execute("PRAGMA journal_mode=WAL")
    held.execute("CREATE TABLE leads (phone TEXT)")
    assert file_problem(path) is None
    victim = tmp_path / f"shop.db{ending}"
    copy = victim.read_bytes()
    victim.unlink()
    victim.write_bytes(copy)
    problem = file_problem(path)
    assert problem is not None and str(victim) in problem and "\n" not in problem
    held.close()
    assert file_problem(path) is None, "a process that holds nothing has nothing to lose"


def test_a_disk_that_takes_nothing_more_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.touch()
    assert file_problem(path, statvfs=lambda _: disk()) is None
    assert "read-only" in (file_problem(path, statvfs=lambda _: disk(read_only=True)) or "")
    assert "full" in (file_problem(path, statvfs=lambda _: disk(free=31 << 20)) or "")


@linux
async def test_a_serving_process_whose_log_was_deleted_is_not_ready(tmp_path: Path) -> None:
    async with open_service(Settings(data_dir=tmp_path)) as service:
        probe = service.ready()["database"]
        await service.store.access.create_merchant("demo")
        assert await probe() is None
        (tmp_path / "zhanggui.db-wal").unlink()
        assert "zhanggui.db-wal" in (await probe() or "")

"""The measured process of `bench_soak`: the demo shop as `serve` opens it, and `/stats` beside it."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import re
import resource
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn

from dialogue.database.engine import READERS
from dialogue.database.transaction import Transaction
from dialogue.store import Store
from dialogue.store.journal import find_conversation
from stream.app import open_service
from stream.demo.shop_opening import ROOM, open_demo_shop
from stream.memory import bound_heap
from stream.settings import load_settings
from stream.site import create_app


class _Mallinfo(ctypes.Structure):
    """mallinfo(3), `struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]


def heap() -> dict[str, float]:
    """Megabytes that the C library took from the system, mapped apart, in use, and free; nothing without glibc."""
    call = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if call is None:
        return {}
    call.restype = _Mallinfo
    found = call()
    names = {"heap": found.arena, "mapped": found.hblkhd, "used": found.uordblks, "free": found.fordblks}
    return {name: round(size / 1e6, 1) for name, size in names.items()}


def resident() -> dict[str, float]:
    """Resident megabytes by kind, proc(5): `anon` is the process's own, `file` are pages of files it reads."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines if line.startswith("Rss"))
    return {name[3:].lower(): int(size.split()[0]) * 1024 / 1e6 for name, size in found.items()}


def _own(thread: threading.Thread) -> bool:
    """Whether it was started to stay. AnyIO's workers, at most 40, open files for replies and go when idle."""
    return thread.name != "AnyIO worker thread"


async def fill_pools(store: Store) -> None:
    """Start every thread, and open every connection, that a bounded pool may start later: it is no growth then.

    Raises `TimeoutError` when they are not there after a minute.
    """
    workers = min(32, (os.cpu_count() or 1) + 4)  # the documented bound of the loop's own pool

    def read(transaction: Transaction) -> None:
        find_conversation(transaction, "nobody")
        time.sleep(0.05)

    def started(pool: str) -> int:
        return sum(thread.name.startswith(pool) for thread in threading.enumerate())

    async with asyncio.timeout(60):
        # Again and again: a pool that believes a worker to be idle starts none.
        while started("zhanggui-reader") < READERS:
            await asyncio.gather(*(store.read(read) for _ in range(READERS)))
        while started("asyncio_") < workers:
            await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(workers)))
    await asyncio.gather(*(store.read(read) for _ in range(READERS)))


def open_files() -> list[str]:
    """What this process has open, sockets and pipes without their numbers."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the folder that is being read is gone by now
            found.append(re.sub(r":\[\d+\]$", "", os.readlink(f"/proc/self/fd/{number}")))
    return sorted(found)


def counts() -> dict[str, Any]:
    """What must not grow: resident megabytes, objects, tasks, threads and open files of this process."""
    gc.collect()
    objects = gc.get_objects()
    kinds = Counter(type(thing).__qualname__ for thing in objects)
    return {
        "rss": int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6,
        "objects": len(objects),
        "all_objects": len(objects) + gc.get_freeze_count(),
        # Those that come and go with every picture and line are not counted.
        "tasks": sum(task.get_name() not in ("render", "encode", "speak") for task in asyncio.all_tasks()),
        "threads": sum(_own(thread) for thread in threading.enumerate()),
        "thread_names": sorted(thread.name for thread in threading.enumerate()),
        "files": len(os.listdir("/proc/self/fd")),
        "file_names": open_files(),
        "heap": heap(),
        **resident(),
        "kinds": dict(kinds.most_common(400)),
    }


async def main() -> None:
    bound_heap()
    settings = load_settings(data_dir=Path(sys.argv[1]), port=0, log_level="warning")
    await open_demo_shop(settings, say=lambda line: None)
    async with open_service(settings) as service:
        app = create_app(service)
        live = service.house.rooms[ROOM]

        @app.get("/stats")
        async def stats() -> dict[str, Any]:
            room = live.room
            return {
                **counts(),
                "viewers": len(room.audience.viewers),
                "joined": room.audience.joined,
                "pages": live.feed.readers,
                "streams": sum(len(hub.streams) for hub in (*room.hubs.values(), room.audio_hub)),
                "ticks": room.ticks,
                "skipped": room.skipped_ticks,
                "frames": room.hubs[room.best].frames,
                "low_frames": sum(hub.frames for name, hub in room.hubs.items() if name != room.best),
                "moves": room.audience.moves,
                "restarts": sum(room.supervisor.restarts.values()),
            }

        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="websockets-sansio",
            ws_per_message_deflate=False, timeout_graceful_shutdown=3,
        )  # fmt: skip
        server = uvicorn.Server(config)
        await fill_pools(service.store)
        # As `serve` does: what was there at the start is not looked through again, neither here nor by the collector.
        gc.collect()
        gc.freeze()
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await serving


if __name__ == "__main__":
    asyncio.run(main())

"""The chat under load: time to the first delta, and what an idle socket costs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from dialogue.store import Store
from stream.demo.shop_opening import open_demo_shop
from stream.room.book import RoomBook
from stream.settings import Settings
from tests.bench.table import Row, print_table

QUESTIONS = (
    "云朵沙发多少钱", "有货吗", "能拆洗吗", "几天能到", "包邮吗", "支持七天无理由吗", "怎么退货",
    "餐桌多大", "台灯什么色温", "保修多久", "可以送到杭州吗", "有什么优惠", "材质是什么", "可以开发票吗",
)  # fmt: skip
SOCKETS, PER_SECOND, SECONDS, IDLE = 200, 20, 30, 2000


@asynccontextmanager
async def _server(*command: str) -> AsyncIterator[tuple[int, int]]:
    """A server's port, which it prints as (the end of) its first line that has one, and its process id."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        port = None
        while port is None:
            line = await process.stdout.readline()
            if not line:
                raise RuntimeError("the chat server did not start")
            port = re.search(rb"(?:127\.0\.0\.1:|^)(\d+)", line)
        await _listening(int(port[1]))
        yield int(port[1]), process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


async def _open(port: int, *, number: int = 0) -> ClientConnection:
    """A socket that has been welcomed. Thirty come from one address: more at once are refused as too many."""
    place = number // 30
    address = f"127.{place // 62_500}.{place // 250 % 250}.{place % 250 + 1}"
    socket = await connect(
        f"ws://127.0.0.1:{port}/ws/chat/demo", compression=None, ping_interval=None, local_addr=(address, 0)
    )
    await socket.send('{"type":"hello","protocol":1}')
    if json.loads(await socket.recv())["type"] != "welcome":
        raise RuntimeError("a socket was turned away")
    return socket


async def _turn(socket: ClientConnection, number: int, first: list[float], whole: list[float]) -> None:
    """One question on one socket; seconds to the first delta and to the complete message."""
    text = QUESTIONS[number % len(QUESTIONS)]
    began = time.perf_counter()
    await socket.send(json.dumps({"type": "message", "client_id": f"b{number}", "text": text}))
    seen = False
    while True:
        frame = json.loads(await socket.recv())
        if not seen and frame["type"] in ("delta", "message"):
            first.append(time.perf_counter() - began)
            seen = True
        if frame["type"] == "message":
            whole.append(time.perf_counter() - began)
            return


async def _load(port: int) -> tuple[list[float], list[float]]:
    """Questions at a steady rate, each on the socket that has been free the longest."""
    free: asyncio.Queue[ClientConnection] = asyncio.Queue()
    sockets = [await _open(port) for _ in range(SOCKETS)]
    for socket in sockets:
        free.put_nowait(socket)
    first: list[float] = []
    whole: list[float] = []

    async def ask(number: int) -> None:
        socket = await free.get()
        await _turn(socket, number, first, whole)
        free.put_nowait(socket)

    async with asyncio.TaskGroup() as group:
        began = time.perf_counter()
        for number in range(PER_SECOND * SECONDS):
            await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
            group.create_task(ask(number))
    for socket in sockets:
        await socket.close()
    return first, whole


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def _idle(port: int, pid: int) -> tuple[float, float]:
    asking = await _open(port, number=IDLE)
    await _turn(asking, 0, [], [])
    before = _resident_mb(pid)
    sockets = [asking]
    for start in range(0, IDLE, 50):
        sockets += await asyncio.gather(*(_open(port, number=start + index) for index in range(50)))
    await asyncio.sleep(2)
    after = _resident_mb(pid)
    await asyncio.gather(*(socket.close() for socket in sockets))
    return before, after


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


async def _close_rooms(data_dir: Path) -> None:
    async with await Store.open(data_dir) as store:
        book = RoomBook(store)
        await book.open()
        for spec in await book.rooms():
            await book.set_running(spec.name, False)


def rows() -> Iterator[Row]:
    """Measure; rows come as they are ready."""
    yield from asyncio.run(_measure())


async def _measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        await open_demo_shop(Settings(data_dir=data_dir), say=lambda line: None)
        await _close_rooms(data_dir)
        bench = ("tests.bench.chat_server", str(data_dir))
        async with _server(*bench) as (port, pid):
            before_s = _cpu_s(pid)
            first, whole = await _load(port)
            turn_ms = (_cpu_s(pid) - before_s) / len(whole) * 1000
        idle = []
        whole_server = ("stream.cli", "serve", "--port", "0", "--data-dir", str(data_dir))
        for what, command in (
            ("the channel and the store", (*bench, "--bare")),
            ("`zhanggui serve` without a room, knowledge and its model in use", whole_server),
        ):
            async with _server(*command) as (port, pid):
                idle.append((what, *await _idle(port, pid)))
    spread = ", ".join(f"p{share} {_at(first, share / 100):.0f} ms" for share in (50, 95, 99))
    return [
        (
            f"first delta, embedded answerer, {SOCKETS} open sockets, {PER_SECOND} messages/s",
            "p95 ≤ 100 ms",
            f"{spread}, {turn_ms:.0f} ms CPU a turn (n = {len(first)}, load {os.getloadavg()[0]:.1f})",
        ),
        (
            "the same, complete message (held for one second, because the customer may go on)",
            "—",
            f"p50 {_at(whole, 0.5):.0f} ms, p95 {_at(whole, 0.95):.0f} ms",
        ),
        *(
            (
                f"{IDLE} idle sockets in one process: {what}",
                "≤ 300 MB",
                f"{after:.0f} MB; {before:.0f} MB without sockets, {(after - before) * 1024 / IDLE:.0f} KB each",
            )
            for what, before, after in idle
        ),
    ]


if __name__ == "__main__":
    print_table(rows())

"""Measured: how fast files come in, what one changed file costs, and whether publishing disturbs those who ask."""

from __future__ import annotations

import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine

from knowledge import KnowledgeBase, KnowledgeError, Library
from knowledge.embedder import create_embedder
from tests.bench.table import Row, print_table

CHARS = 400
PRICES = {"0": "459元", "1": "399元"}


def open_library(data: Path) -> Library:
    """A library with the default embedder."""
    data.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{data / 'zhanggui.db'}", connect_args={"timeout": 30})
    return Library(data / "knowledge", engine=engine, create_embedder=lambda: create_embedder("use"))


def write_texts(folder: Path, *, files: int, passages: int) -> None:
    """`files` text files of `passages` paragraphs of 400 characters each, made of sentences that all differ."""
    words = "沙发 台灯 餐桌 落地灯 木蜡油 床品 地毯 收纳 清洁 安装 发货 保修 退换 尺寸 颜色 面料 海绵 客厅 卧室".split()
    dice = random.Random(5)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        paragraphs = []
        for _ in range(passages):
            text = ""
            while len(text) < CHARS - 24:
                first, second, third = dice.choices(words, k=3)
                text += f"{first}和{second}的{third}要看第{dice.randrange(10_000)}页。"
            paragraphs.append((text + "记" * CHARS)[: CHARS - 1] + "。")
        (folder / f"{number:03}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")


def write_shop(folder: Path, mark: str) -> None:
    """A shop whose price and answer both carry `mark`: a mixed version would show two."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "products.csv").write_text(
        f"编号,名称,价格\nLP-01,纸月落地灯,{PRICES[mark]}\nSF-01,云朵沙发,1699元\n", encoding="utf-8"
    )
    (folder / "faq.csv").write_text(
        f"问题,答案\n纸月落地灯多少钱？,现在{PRICES[mark]}。\n包邮吗？,包邮。\n", encoding="utf-8"
    )


def rows() -> Iterator[Row]:
    """Ingest, one changed file, publication under load."""
    with tempfile.TemporaryDirectory() as name:
        yield from ingest(Path(name))
    with tempfile.TemporaryDirectory() as name:
        yield asyncio.run(under_load(Path(name)))


def ingest(folder: Path) -> Iterator[Row]:
    shop = folder / "shop"
    write_texts(shop, files=4, passages=250)
    library = open_library(folder / "data")
    write_texts(folder / "warm", files=1, passages=5)
    library.add("warm", [folder / "warm"])
    wall, cpu = time.perf_counter(), time.process_time()
    passages = library.add("shop", [shop]).passages
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    measured = f"{passages / wall:.0f}/s wall, {passages / cpu:.0f}/s per CPU second (n={passages})"
    yield f"ingest, passages of {CHARS} characters, embedding included", "≥ 50/s", measured
    library.publish("shop")
    with (shop / "000.txt").open("a", encoding="utf-8") as file:
        file.write("\n\n新加的一段说明。")
    wall = time.perf_counter()
    library.add("shop", [shop])
    yield f"one paragraph added to a file, draft over {passages} passages", "", f"{time.perf_counter() - wall:.1f} s"
    wall = time.perf_counter()
    library.publish("shop")
    yield "publish", "", f"{(time.perf_counter() - wall) * 1000:.0f} ms"


async def under_load(folder: Path, *, rate: int = 50, seconds: float = 30.0) -> Row:
    """50 searches a second in this process while another one adds and publishes."""
    write_shop(folder / "shop", "0")
    library = open_library(folder / "data")
    library.add("shop", [folder / "shop"])
    versions = {library.publish("shop").version: "0"}
    latencies: list[float] = []
    errors: list[str] = []
    mixed = 0
    answers: list[tuple[str, str]] = []

    async def ask(base: KnowledgeBase) -> None:
        began = time.perf_counter()
        try:
            evidence = await base.search("纸月落地灯多少钱？", merchant="shop")
        except KnowledgeError as exc:
            errors.append(str(exc))
            return
        latencies.append((time.perf_counter() - began) * 1000)
        said = " ".join([*(fact.text for fact in evidence.facts), *(passage.text for passage in evidence.passages)])
        answers.append((evidence.version, said))

    async with library.base() as base:
        await base.warm("shop")
        publisher = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.bench_ingest", "publish", str(folder), stdout=subprocess.PIPE
        )
        async with asyncio.TaskGroup() as tasks:
            start = time.perf_counter()
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
                tasks.create_task(ask(base))
        publisher.terminate()
    told, _ = await publisher.communicate()
    for line in told.decode().splitlines():
        mark, version = line.split()
        versions[version] = mark
    for version, said in answers:
        mark = versions.get(version, "")
        mixed += not mark or PRICES["1" if mark == "0" else "0"] in said or PRICES[mark] not in said
    seen = len({version for version, _ in answers})
    latencies.sort()
    p95 = latencies[int(len(latencies) * 0.95)] if latencies else float("nan")
    measured = (
        f"{len(errors)} errors, {mixed} mixed, over {seen} versions (n={len(answers)}; "
        f"p50 {statistics.median(latencies):.0f} ms, p95 {p95:.0f} ms while the other process embeds)"
    )
    return f"publish while {rate} searches a second run", "no error, no mixed version", measured


def publish_in_a_loop(folder: Path) -> None:
    """The other process: change the price everywhere, add, publish, again."""
    library = open_library(folder / "data")
    mark = "0"
    while True:
        mark = "1" if mark == "0" else "0"
        write_shop(folder / "shop", mark)
        library.add("shop", [folder / "shop"])
        print(mark, library.publish("shop").version, flush=True)
        time.sleep(1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["publish"]:
        publish_in_a_loop(Path(sys.argv[2]))
    else:
        print_table(rows())

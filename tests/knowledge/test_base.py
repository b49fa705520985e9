"""Everybody who speaks reads the live version: at once after a publication, and never two versions mixed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from knowledge import BusyError, Decision, KnowledgeBase, KnowledgeError, Library
from knowledge.evidence import Evidence
from tests.knowledge.merchant import BigramEmbedder, open_library, write_shop


def open_base(data: Path, **options: int) -> KnowledgeBase:
    """A reader with its own connection, as another process has it."""
    embedder = BigramEmbedder()
    engine = create_engine(f"sqlite:///{data / 'zhanggui.db'}", connect_args={"timeout": 30})
    return KnowledgeBase(data / "knowledge", engine=engine, create_embedder=lambda: embedder, **options)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop")


@pytest.fixture
def library(data: Path, shop: Path) -> Library:
    library = open_library(data)
    library.add("shop", [shop])
    library.publish("shop")
    return library


def said(evidence: Evidence) -> str:
    return "\n".join([*(fact.text for fact in evidence.facts), *(passage.text for passage in evidence.passages)])


async def test_an_answer_names_its_version_and_its_source(library: Library, data: Path) -> None:
    async with open_base(data) as base:
        evidence = await base.search("包邮吗？", merchant="shop")
        assert evidence.version == library.pointer("shop").published == await base.version("shop")
        assert (evidence.passages[0].text, str(evidence.passages[0].source)) == ("满99元包邮。", "faq.csv:2")


async def test_records_and_answers_are_at_hand(library: Library, data: Path) -> None:
    async with open_base(data) as base:
        assert [record.id for record in await base.records("shop")] == ["SF-01", "SF-02", "LP-01"]
        for key in ("LP-01", "纸月落地灯", "落地灯"):
            record = await base.record("shop", key)
            assert record is not None and record.id == "LP-01"
        assert await base.record("shop", "没有的") is None
        assert len(await base.faqs("shop")) == 3
        assert await base.merchants() == ["shop"]


async def test_a_merchant_without_knowledge_is_refused(library: Library, data: Path) -> None:
    async with open_base(data) as base:
        evidence = await base.search("包邮吗？", merchant="nobody")
        assert (evidence.decision, evidence.version, evidence.passages) == (Decision.REFUSE, "", ())
        assert await base.records("nobody") == ()
        with pytest.raises(KnowledgeError, match="商家名"):
            await base.search("包邮吗？", merchant="../shop")


async def test_a_publication_is_seen_by_the_next_search(library: Library, data: Path, shop: Path) -> None:
    async with open_base(data) as base:
        await base.warm("shop")
        faq = shop / "faq.csv"
        faq.write_text(faq.read_text("utf-8").replace("满99元包邮", "满59元包邮"), encoding="utf-8")
        library.add("shop", [shop])
        assert "满99元包邮" in said(await base.search("包邮吗？", merchant="shop"))
        version = library.publish("shop").version
        evidence = await base.search("包邮吗？", merchant="shop")
        assert evidence.version == version
        assert "满59元包邮" in said(evidence) and "满99元包邮" not in said(evidence)
        library.rollback("shop")
        assert "满99元包邮" in said(await base.search("包邮吗？", merchant="shop"))


async def test_what_is_removed_stops_answering_everywhere(library: Library, data: Path, shop: Path) -> None:
    async with open_base(data) as base:
        assert "459元" in said(await base.search("纸月落地灯多少钱？", merchant="shop"))
        products = shop / "products.csv"
        kept = [line for line in products.read_text("utf-8").splitlines() if "LP-01" not in line]
        products.write_text("\n".join(kept), encoding="utf-8")
        library.add("shop", [shop])
        library.remove("shop", ["policy.md"])
        version = library.publish("shop").version
        assert await base.record("shop", "LP-01") is None
        assert all(record.id != "LP-01" for record in await base.records("shop"))
        for question in (
            "纸月落地灯多少钱？",
            "LP-01",
            "落地灯有什么颜色？",
            "灯具",
            "459元",
            "收货后几天可以退货？",
            "保修多久？",
        ):
            evidence = await base.search(question, merchant="shop", limit=50)
            assert "纸月" not in said(evidence) and "459" not in said(evidence) and "无理由" not in said(evidence)
            assert all(passage.source.file != "policy.md" for passage in evidence.passages)
            assert evidence.record is None or evidence.record.id != "LP-01"
        asked = await base.search("纸月落地灯多少钱？", merchant="shop")
        assert asked.decision is not Decision.ANSWER or not asked.facts
        words = "纸月落地灯".encode()
        left = [
            path
            for path in library.directory("shop", version).rglob("*")
            if path.is_file() and words in path.read_bytes()
        ]
        assert left == []


async def test_publishing_under_load_mixes_no_versions(library: Library, data: Path, shop: Path) -> None:
    """Each round changes every file; a search that mixed two rounds would show two numbers."""
    rounds = 4

    def write(number: int) -> None:
        (shop / "faq.csv").write_text(f"问题,答案\n包邮吗？,第{number}轮，满99元包邮。\n", encoding="utf-8")
        (shop / "policy.md").write_text(f"# 第{number}轮\n\n第{number}轮，包邮说明写在这里。\n", encoding="utf-8")

    write(0)
    library.add("shop", [shop])
    first = library.publish("shop").version
    versions = {first: "0"}
    done = asyncio.Event()
    seen: list[Evidence] = []

    async def ask(base: KnowledgeBase) -> None:
        while not done.is_set():
            seen.append(await base.search("包邮吗？", merchant="shop", limit=10))

    def publish(number: int) -> None:
        write(number)
        library.add("shop", [shop])
        versions[library.publish("shop").version] = str(number)

    async with open_base(data) as base, asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(ask(base))
        for number in range(1, rounds):
            await asyncio.to_thread(publish, number)
            after = await base.search("包邮吗？", merchant="shop")
            assert versions[after.version] == str(number)
        done.set()
    assert len(seen) > rounds
    for evidence in seen:
        number = versions[evidence.version]
        numbered = [passage.text for passage in evidence.passages if "轮" in passage.text]
        assert numbered and all(f"第{number}轮" in text for text in numbered)
    assert {versions[evidence.version] for evidence in seen} >= {"0", "3"}


async def test_more_waiting_than_the_bound_is_refused_at_once(library: Library, data: Path) -> None:
    async with open_base(data, waiting=2) as base:
        results = await asyncio.gather(
            *(base.search("包邮吗？", merchant="shop") for _ in range(6)), return_exceptions=True
        )
        assert sum(isinstance(result, BusyError) for result in results) == 4
        assert sum(isinstance(result, Evidence) for result in results) == 2


async def test_the_least_used_merchant_is_closed_first(library: Library, data: Path, shop: Path) -> None:
    for merchant in ("one", "two"):
        library.add(merchant, [shop / "faq.csv"])
        library.publish(merchant)
    async with open_base(data, merchants=2) as base:
        for merchant in ("shop", "one", "two", "shop"):
            assert (await base.search("包邮吗？", merchant=merchant)).passages
        assert list(base._opened) == ["two", "shop"]


async def test_a_closed_base_says_so(library: Library, data: Path) -> None:
    base = open_base(data)
    await base.search("包邮吗？", merchant="shop")
    await base.aclose()
    await base.aclose()
    with pytest.raises(KnowledgeError, match="关闭"):
        await base.search("包邮吗？", merchant="shop")

"""The same knowledge with its vectors on a real Chroma server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine

from knowledge import KnowledgeBase, KnowledgeError, Library
from tests.knowledge.merchant import BigramEmbedder, write_shop


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chroma server on a free port of this machine."""
    folder = tmp_path_factory.mktemp("chroma")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                if httpx.get(f"{url}/api/v2/heartbeat", timeout=2).status_code == 200:
                    break
            except httpx.HTTPError:
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"no Chroma server: {(folder / 'log').read_text('utf-8', 'replace')[-500:]}")
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def open_library(data: Path, url: str) -> Library:
    data.mkdir(parents=True, exist_ok=True)
    embedder = BigramEmbedder()
    engine = create_engine(f"sqlite:///{data / 'zhanggui.db'}")
    return Library(data / "knowledge", engine=engine, create_embedder=lambda: embedder, chroma_url=url)


def collections(url: str) -> set[str]:
    path = "/api/v2/tenants/default_tenant/databases/default_database/collections"
    return {collection["name"] for collection in httpx.get(f"{url}{path}", timeout=10).raise_for_status().json()}


async def test_knowledge_on_a_server_answers_changes_and_forgets(tmp_path: Path, chroma_url: str) -> None:
    library, shop = open_library(tmp_path / "data", chroma_url), write_shop(tmp_path / "shop")
    library.add("shop", [shop])
    first = library.publish("shop").version
    async with library.base() as base:
        evidence = await base.search("包邮吗？", merchant="shop")
        assert (evidence.version, evidence.passages[0].text) == (first, "满99元包邮。")
        library.remove("shop", ["faq.csv"])
        second = library.publish("shop").version
        evidence = await base.search("包邮吗？", merchant="shop", limit=50)
        assert evidence.version == second
        assert all(passage.source.file != "faq.csv" for passage in evidence.passages)
        library.rollback("shop")
        assert (await base.search("包邮吗？", merchant="shop")).passages[0].text == "满99元包邮。"


def test_a_discarded_draft_leaves_nothing_on_the_server(tmp_path: Path, chroma_url: str) -> None:
    before = collections(chroma_url)
    library, shop = open_library(tmp_path / "data", chroma_url), write_shop(tmp_path / "shop")
    library.add("shop", [shop])
    assert len(collections(chroma_url)) == len(before) + 1
    library.add("shop", [shop])
    library.discard("shop")
    assert collections(chroma_url) == before


async def test_two_data_folders_may_share_a_server(tmp_path: Path, chroma_url: str) -> None:
    shop = write_shop(tmp_path / "shop")
    libraries = [open_library(tmp_path / name, chroma_url) for name in ("one", "two")]
    for number, library in enumerate(libraries):
        (shop / "faq.csv").write_text(f"问题,答案\n包邮吗？,第{number}家店满99元包邮。\n", encoding="utf-8")
        library.add("shop", [shop])
        library.publish("shop")
    for number, library in enumerate(libraries):
        async with library.base() as base:
            evidence = await base.search("包邮吗？", merchant="shop")
            assert evidence.passages[0].text == f"第{number}家店满99元包邮。"


async def test_a_server_that_is_gone_is_one_clear_error(tmp_path: Path, chroma_url: str) -> None:
    library, shop = open_library(tmp_path / "data", chroma_url), write_shop(tmp_path / "shop")
    library.add("shop", [shop])
    library.publish("shop")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    away = open_library(tmp_path / "data", nobody)
    async with away.base() as base:
        with pytest.raises(KnowledgeError, match=r"127\.0\.0\.1"):
            await base.search("包邮吗？", merchant="shop")
    assert isinstance(away.base(), KnowledgeBase)
    (shop / "policy.md").write_text("新的说明。", encoding="utf-8")
    with pytest.raises(KnowledgeError):
        away.add("shop", [shop])
    assert away.pointer("shop").draft is None

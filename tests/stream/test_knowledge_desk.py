"""The knowledge desk's REST over a real library: what it shows, what it refuses, and what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI

from dialogue.access import Bearer, Role
from knowledge import Library
from stream.api import Gate, create_knowledge_router
from tests.knowledge.merchant import CATALOGUE, open_library, write_shop

TOKENS = {"o" * 20: Role.OWNER, "p" * 20: Role.OPERATOR, "v" * 20: Role.VIEWER}
CHEAPER = CATALOGUE.replace("1299元", "1199元")
TWO_PRICES = "商品名称,价格\n纸月落地灯,429元\n"


@asynccontextmanager
async def desk(library: Library, *, role: Role = Role.OWNER) -> AsyncIterator[httpx.AsyncClient]:
    """The desk of the shop `shop` with a token of this role."""

    async def verify(secret: str) -> Bearer | None:
        return Bearer("t", "shop", TOKENS[secret]) if secret in TOKENS else None

    app = FastAPI()
    app.include_router(create_knowledge_router(library, Gate(verify, machine_token="m" * 32)))
    secret = next(secret for secret, held in TOKENS.items() if held is role)
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as http:
        yield http


def stocked(folder: Path, catalogue: str = "", **more: str) -> Library:
    """A library whose first version is live; with `catalogue` or more files, also a draft with them."""
    library = open_library(folder / "data")
    files = write_shop(folder / "files")
    library.add("shop", [files])
    library.publish("shop")
    if catalogue:
        (files / "products.csv").write_text(catalogue, encoding="utf-8")
    for name, text in more.items():
        (files / f"{name}.csv").write_text(text, encoding="utf-8")
    if catalogue or more:
        library.add("shop", [files])
    return library


async def test_a_shop_without_files_has_an_empty_desk(tmp_path: Path) -> None:
    async with desk(open_library(tmp_path)) as http:
        shown = (await http.get("/api/knowledge")).json()
    assert (shown["published"], shown["draft"], shown["files"], shown["history"]) == (None, None, [], [])


async def test_the_draft_s_changes_are_shown_file_by_file_and_fact_by_fact(tmp_path: Path) -> None:
    library = stocked(tmp_path, CHEAPER)
    async with desk(library, role=Role.VIEWER) as http:
        shown = (await http.get("/api/knowledge")).json()
    assert {file["path"].rpartition("/")[2]: file["change"] for file in shown["files"]} == {
        "products.csv": "changed",
        "faq.csv": "",
        "policy.md": "",
    }
    assert shown["diff"]["counts"]["facts"] == 1
    assert [(fact["before"], fact["after"]) for fact in shown["diff"]["facts"]] == [("1299元", "1199元")]
    assert shown["errors"] == 0


async def test_an_owner_publishes_and_goes_back(tmp_path: Path) -> None:
    library = stocked(tmp_path, CHEAPER)
    first, draft = library.pointer("shop").published, library.pointer("shop").draft
    async with desk(library) as http:
        assert (await http.post("/api/knowledge/publish", json={"version": draft})).json()["version"] == draft
        assert library.pointer("shop").published == draft
        assert (await http.post("/api/knowledge/rollback", json={"version": first})).json()["previous"] == draft
        assert library.pointer("shop").published == first
        moves = (await http.get("/api/knowledge")).json()["history"]
    assert [move["action"] for move in moves] == ["rollback", "publish", "publish"]


async def test_a_finding_that_is_an_error_stops_publishing(tmp_path: Path) -> None:
    library = stocked(tmp_path, promotion=TWO_PRICES)
    async with desk(library) as http:
        shown = (await http.get("/api/knowledge")).json()
        assert shown["errors"] == 1 and shown["findings"][0]["severity"] == "error"
        refused = await http.post("/api/knowledge/publish", json={"version": shown["draft"]})
    assert refused.status_code == 409 and "没有发布" in refused.json()["detail"]
    assert library.pointer("shop").draft == shown["draft"]


async def test_a_draft_that_nobody_has_seen_is_not_published(tmp_path: Path) -> None:
    library = stocked(tmp_path, CHEAPER)
    async with desk(library) as http:
        refused = await http.post("/api/knowledge/publish", json={"version": "v0-of-yesterday"})
    assert refused.status_code == 409 and "换了" in refused.json()["detail"]


async def test_only_an_owner_publishes_and_nobody_sees_another_shop(tmp_path: Path) -> None:
    library = stocked(tmp_path, CHEAPER)
    async with desk(library, role=Role.OPERATOR) as http:
        assert (await http.post("/api/knowledge/publish", json={"version": "x"})).status_code == 403
        assert (await http.post("/api/knowledge/rollback", json={"version": "x"})).status_code == 403
        assert (await http.get("/api/knowledge?merchant=other")).status_code == 404
    async with desk(library) as http:
        assert (await http.post("/api/knowledge/rollback", json={"version": "never"})).status_code == 409

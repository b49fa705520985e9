"""REST for the knowledge desk: what is live, what the draft would change, what to look at first, publish, go back.

Files come in by the command line, which builds versions; here one pointer is swapped, and the rooms and chats follow.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from dialogue.access import Bearer, Role
from knowledge import KnowledgeError, Library
from stream.api.bearer import DENIED, FOUND, Gate, shop_of
from stream.api.period import Merchant

T = TypeVar("T")
MOST = 200
"""Changes of a sort, findings and moves that are listed; the counts are of all."""

_ACTING: dict[int | str, dict[str, Any]] = {**FOUND, 409: {"description": "it cannot be done; the text says why"}}


class Draft(BaseModel):
    """The draft that whoever publishes has seen."""

    model_config = ConfigDict(extra="forbid")
    version: str = Field(min_length=1, max_length=80)


class Move(BaseModel):
    """One move of the pointer."""

    version: str
    previous: str | None
    action: str
    """`publish` or `rollback`."""
    at: datetime


class File(BaseModel):
    """One file of the version that is shown."""

    path: str
    format: str
    size: int
    """Bytes."""
    change: str
    """`new`, `changed`, `removed` against the live version, else empty."""


class Desk(BaseModel):
    """Where a merchant's knowledge stands."""

    published: str | None
    draft: str | None
    files: list[File]
    diff: dict[str, Any] | None
    """What publishing would change (`before` is None where nothing is live yet); None without a draft."""
    findings: list[dict[str, Any]]
    """What to look at first: severity, rule, text, source; the gravest first. An `error` stops publishing."""
    errors: int
    history: list[Move]
    """Newest first."""


def create_knowledge_router(library: Library, gate: Gate) -> APIRouter:
    """`/api/knowledge…`. Reading needs a viewer's token, publishing and going back an owner's."""
    router = APIRouter(prefix="/api/knowledge", tags=["knowledge"], responses=DENIED)
    Viewer = Annotated[Bearer, Depends(gate.needs(Role.VIEWER))]
    Owner = Annotated[Bearer, Depends(gate.needs(Role.OWNER))]

    @router.get("", responses=FOUND)
    async def desk(bearer: Viewer, merchant: Merchant = None) -> Desk:
        """The live version, the draft, and what stands between them."""
        return await asyncio.to_thread(_desk, library, shop_of(bearer, merchant))

    @router.post("/publish", responses=_ACTING)
    async def publish(body: Draft, bearer: Owner, merchant: Merchant = None) -> Move:
        """Make the draft live. Refused while a finding is an error, or when the draft is not the one that was seen."""
        return await _done(_publish, library, shop_of(bearer, merchant), body.version)

    @router.post("/rollback", responses=_ACTING)
    async def rollback(body: Draft, bearer: Owner, merchant: Merchant = None) -> Move:
        """Make a version that was live before live again."""
        return await _done(_rollback, library, shop_of(bearer, merchant), body.version)

    return router


async def _done(work: Callable[[Library, str, str], Move], library: Library, merchant: str, version: str) -> Move:
    try:
        return await asyncio.to_thread(work, library, merchant, version)
    except KnowledgeError as exc:
        raise HTTPException(409, str(exc)) from exc


def _desk(library: Library, merchant: str) -> Desk:
    pointer = library.pointer(merchant)
    known = pointer.draft or pointer.published
    findings = [asdict(finding) for finding in library.lint(merchant, questions=None)] if known else []
    return Desk(
        published=pointer.published,
        draft=pointer.draft,
        files=_files(library, merchant, with_draft=pointer.draft is not None),
        diff=_shortened(asdict(library.diff(merchant))) if pointer.draft else None,
        findings=findings[:MOST],
        errors=_errors(findings),
        history=[Move(**asdict(move)) for move in reversed(library.publications.story(merchant)[-MOST:])],
    )


def _files(library: Library, merchant: str, *, with_draft: bool) -> list[File]:
    live = {row.path: row for row in library.documents(merchant)}
    if not with_draft:
        return [File(path=row.path, format=row.format, size=row.size, change="") for row in live.values()]
    draft = {row.path: row for row in library.documents(merchant, draft=True)}

    def change(path: str) -> str:
        if path not in live:
            return "new"
        return "" if live[path].fingerprint == draft[path].fingerprint else "changed"

    kept = [File(path=row.path, format=row.format, size=row.size, change=change(row.path)) for row in draft.values()]
    gone = [row for path, row in live.items() if path not in draft]
    return kept + [File(path=row.path, format=row.format, size=row.size, change="removed") for row in gone]


def _shortened(diff: dict[str, Any]) -> dict[str, Any]:
    """The same with at most `MOST` changes of a sort, and how many there are of each."""
    lists = {name: value for name, value in diff.items() if isinstance(value, tuple)}
    counts = {name: len(value) for name, value in lists.items()}
    return {**diff, **{name: value[:MOST] for name, value in lists.items()}, "counts": counts}


def _errors(findings: list[dict[str, Any]]) -> int:
    return sum(finding["severity"] == "error" for finding in findings)


def _publish(library: Library, merchant: str, version: str) -> Move:
    seen = library.pointer(merchant).draft
    if seen != version:
        raise HTTPException(409, "草稿已经换了，请先看看新的改动" if seen else "没有待发布的草稿")
    findings = [asdict(finding) for finding in library.lint(merchant, questions=None)]
    if errors := _errors(findings):
        raise HTTPException(409, f"还有 {errors} 处必须先改，没有发布：{findings[0]['text']}")
    return Move(**asdict(library.publish(merchant)))


def _rollback(library: Library, merchant: str, version: str) -> Move:
    return Move(**asdict(library.rollback(merchant, to=version)))

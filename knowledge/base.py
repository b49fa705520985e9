"""The knowledge base: what everybody who speaks asks. Read only, and always the version that is live."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.engine import Engine

from knowledge.content import Content
from knowledge.embedder import Embedder
from knowledge.errors import KnowledgeError
from knowledge.evidence import Decision, Evidence, Passage, Turn
from knowledge.record import Record
from knowledge.retrieval.reranker import Reranker
from knowledge.retrieval.retriever import Retriever
from knowledge.version.publication import Publications, check_merchant


class BusyError(KnowledgeError):
    """More searches are waiting than the machine can serve; ask again in a moment."""


class _Opened:
    """One opened version; closed when nobody uses it and it is no longer the current one."""

    def __init__(self, content: Content, retriever: Retriever) -> None:
        self.content = content
        self.retriever = retriever
        self.users = 0
        self.retired = False

    def close_if_idle(self) -> bool:
        if self.retired and self.users == 0:
            self.retriever.close()
            self.content.close()
            return True
        return False


class KnowledgeBase:
    """Answers from the live version of each merchant.

    Every call looks up the pointer first (one row by its key), so a publication is seen by the next search, in every
    process, without a restart; a search that is under way ends on the version it began with. At most `waiting`
    calls wait at a time, further ones raise BusyError. Use as `async with`, or `aclose` it.
    """

    def __init__(
        self,
        root: Path,
        *,
        engine: Engine,
        create_embedder: Callable[[], Embedder],
        chroma_url: str | None = None,
        reranker: Reranker | None = None,
        merchants: int = 64,
        waiting: int = 256,
    ) -> None:
        self._root = root
        self._publications = Publications(engine)
        self._publications.create_tables()
        self._create_embedder = create_embedder
        self._embedder: Embedder | None = None
        self._chroma_url = chroma_url
        self._reranker = reranker
        self._merchants = merchants
        self._waiting = waiting
        self._calls = 0
        self._opened: OrderedDict[str, _Opened] = OrderedDict()
        self._opening: dict[str, asyncio.Lock] = {}
        self._embedder_lock = threading.Lock()
        self._closed = False

    async def search(
        self,
        question: str,
        *,
        merchant: str,
        product: str | None = None,
        limit: int = 6,
        history: Sequence[Turn] = (),
    ) -> Evidence:
        """The evidence for one question: ranked passages, facts and whether they suffice to answer.

        `product` is the id or name of the record on show; `history` the turns before, oldest first. A merchant who
        has published nothing gets a refusal with the version "". Raises KnowledgeError.
        """
        async with self._version(merchant) as opened:
            if opened is None:
                return Evidence(question, merchant, "", Decision.REFUSE, 1.0)
            return await opened.retriever.search(question, product=product, limit=limit, history=history)

    async def records(self, merchant: str) -> tuple[Record, ...]:
        """All records of the live version, in the order of the files."""
        async with self._version(merchant) as opened:
            return () if opened is None else await asyncio.to_thread(lambda: opened.content.records)

    async def record(self, merchant: str, key: str) -> Record | None:
        """The record with this id, name or alias, or None."""
        async with self._version(merchant) as opened:
            return None if opened is None else await asyncio.to_thread(opened.content.record, key)

    async def faqs(self, merchant: str) -> tuple[Passage, ...]:
        """The answered questions of the live version, in the order of the files."""
        async with self._version(merchant) as opened:
            return () if opened is None else await asyncio.to_thread(lambda: opened.content.faqs)

    async def version(self, merchant: str) -> str | None:
        """The live version, or None."""
        return await asyncio.to_thread(self._publications.published, check_merchant(merchant))

    async def merchants(self) -> list[str]:
        """All merchants that have knowledge, live or prepared."""
        return await asyncio.to_thread(self._publications.merchants)

    async def warm(self, merchant: str) -> None:
        """Open the live version and the embedder now, so that the first customer does not wait for it."""
        async with self._version(merchant) as opened:
            if opened is not None:
                await opened.retriever.search("你好", limit=1)

    async def aclose(self) -> None:
        """Close all versions; those under search are closed when their search ends. May be called twice."""
        self._closed = True
        for merchant in list(self._opened):
            self._retire(merchant)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @asynccontextmanager
    async def _version(self, merchant: str) -> AsyncIterator[_Opened | None]:
        """The live version, held open for the length of the block."""
        if self._closed:
            raise KnowledgeError("知识库已经关闭")
        if self._calls >= self._waiting:
            raise BusyError("知识库正忙，请稍后再试")
        self._calls += 1
        try:
            opened = await self._current(check_merchant(merchant))
            if opened is None:
                yield None
                return
            opened.users += 1
            try:
                yield opened
            finally:
                opened.users -= 1
                opened.close_if_idle()
        finally:
            self._calls -= 1

    async def _current(self, merchant: str) -> _Opened | None:
        version = await asyncio.to_thread(self._publications.published, merchant)
        held = self._opened.get(merchant)
        if held is not None and held.content.version == version:
            self._opened.move_to_end(merchant)
            return held
        if held is None and version is None:
            return None
        # One at a time for each merchant: two customers must not open the same new version twice.
        async with self._opening.setdefault(merchant, asyncio.Lock()):
            # Another one may have opened it meanwhile, or the pointer moved again.
            version = await asyncio.to_thread(self._publications.published, merchant)
            held = self._opened.get(merchant)
            if held is not None and held.content.version == version:
                return held
            fresh = None if version is None else await asyncio.to_thread(self._open, merchant, version)
            self._retire(merchant)
            if fresh is not None:
                self._opened[merchant] = fresh
                while len(self._opened) > self._merchants:
                    self._retire(next(iter(self._opened)))
            return fresh

    def _retire(self, merchant: str) -> None:
        held = self._opened.pop(merchant, None)
        if held is not None:
            held.retired = True
            held.close_if_idle()

    def _open(self, merchant: str, version: str) -> _Opened:
        directory = self._root / merchant / version
        with self._embedder_lock:
            if self._embedder is None:
                self._embedder = self._create_embedder()
        content = Content.open(directory)
        try:
            retriever = Retriever.open(
                content,
                directory,
                embedder=self._embedder,
                merchant=merchant,
                chroma_url=self._chroma_url,
                reranker=self._reranker,
            )
        except BaseException:
            content.close()
            raise
        return _Opened(content, retriever)

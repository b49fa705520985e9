"""Knowledge as a LangChain retriever, for those who build their own chains."""

from __future__ import annotations

import asyncio

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from knowledge.base import KnowledgeBase
from knowledge.evidence import Evidence


class KnowledgeRetriever(BaseRetriever):
    """Passages of one merchant's live version as LangChain documents, best first.

    Each document's metadata carries the citation (`file`, `sheet`, `page`, `line`, `source`), the knowledge `version`,
    the `decision` (answer, ask, refuse) with its `confidence`, and the facts to quote. With `answer` and `ask` the
    facts asked for come first as documents of their own; with `refuse` there are none, so that a chain has nothing to
    make an answer of.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    base: KnowledgeBase
    merchant: str
    limit: int = 6

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        """For chains without an event loop; each call runs its own."""
        return asyncio.run(self._search(query))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return await self._search(query)

    async def _search(self, query: str) -> list[Document]:
        evidence = await self.base.search(query, merchant=self.merchant, limit=self.limit)
        return to_documents(evidence)


def to_documents(evidence: Evidence) -> list[Document]:
    """The facts and passages of an `Evidence` with their citations."""
    if evidence.decision == "refuse":
        return []
    shared = {
        "merchant": evidence.merchant,
        "version": evidence.version,
        "decision": evidence.decision.value,
        "confidence": evidence.confidence,
    }
    facts = [
        Document(
            page_content=f"{fact.record_name} {fact.title}：{fact.text}",
            metadata={
                **shared,
                "kind": "fact",
                "record_id": fact.record_id,
                "fact": fact.name,
                "file": fact.source.file,
                "sheet": fact.source.sheet,
                "page": fact.source.page,
                "line": fact.source.line,
                "source": str(fact.source),
            },
        )
        for fact in evidence.facts
    ]
    passages = [
        Document(
            id=passage.id,
            page_content=f"{passage.question}\n{passage.text}" if passage.question else passage.text,
            metadata={
                **shared,
                "kind": passage.kind.value,
                "record_id": passage.record_id,
                "heading": passage.heading,
                "score": passage.score,
                "file": passage.source.file,
                "sheet": passage.source.sheet,
                "page": passage.source.page,
                "line": passage.source.line,
                "source": str(passage.source),
            },
        )
        for passage in evidence.passages
    ]
    return [*facts, *passages]

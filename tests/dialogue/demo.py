"""The demo shop with its real knowledge: parsed, indexed and searched as in the product."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import create_engine

from dialogue import Engine
from knowledge import KnowledgeBase, Library, Record
from knowledge.embedder import create_embedder
from tests.dialogue.attack import NOON

MERCHANT = "demo"
FOLDER = Path(__file__).resolve().parents[2] / "stream" / "demo" / "shop"


@asynccontextmanager
async def demo_shop(data: Path) -> AsyncIterator[tuple[KnowledgeBase, tuple[Record, ...]]]:
    """The published demo shop below `data` (built there at the first call), and its records."""
    database = create_engine(f"sqlite:///{data / 'demo.db'}")
    embedder = create_embedder("use")
    library = Library(data / "knowledge", engine=database, create_embedder=lambda: embedder)
    if not library.publications.published(MERCHANT):
        library.add(MERCHANT, [FOLDER])
        library.publish(MERCHANT)
    async with KnowledgeBase(data / "knowledge", engine=database, create_embedder=lambda: embedder) as knowledge:
        await knowledge.warm(MERCHANT)
        yield knowledge, await knowledge.records(MERCHANT)
    database.dispose()


def demo_engine(knowledge: KnowledgeBase, records: tuple[Record, ...]) -> Engine:
    """An engine over the demo shop at noon."""
    return Engine(knowledge, clock=lambda: NOON, shelf=lambda merchant: records, audit=lambda line: None)


def corpus(records: tuple[Record, ...], faqs: list[str]) -> str:
    """All that the shop's material says, for the leak judge."""
    facts = [f"{f.record_id} {f.record_name} {f.title} {f.text}" for record in records for f in record.facts]
    documents = [path.read_text("utf-8") for path in sorted(FOLDER.glob("*.md"))]
    return "\n".join([*facts, *faqs, *documents, *(" ".join(record.aliases) for record in records)])

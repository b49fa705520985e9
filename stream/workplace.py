"""What commands open of a data folder without a server: the merchant's library, conversations and leads."""

from __future__ import annotations

from dialogue.store import Store
from knowledge.library import Library
from stream.backends import embedder_of, open_database
from stream.settings import Settings


def open_library(settings: Settings) -> Library:
    """The knowledge of all merchants in this data folder, for reading in, comparing and publishing."""
    return Library(
        settings.data_dir / "knowledge",
        engine=open_database(settings),
        create_embedder=embedder_of(settings),
        chroma_url=settings.chroma_url,
    )


async def open_store(settings: Settings) -> Store:
    """Conversations and leads of this data folder; a server may run on it at the same time."""
    return await Store.open(settings.data_dir, database_url=settings.database_url)

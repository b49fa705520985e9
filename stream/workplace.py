"""What commands open of a data folder: the merchant's library, without a server."""

from __future__ import annotations

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

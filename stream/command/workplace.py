"""What commands open of a data folder without a server: the merchant's library, conversations and leads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dialogue.store import Store
from knowledge import Library, Summary
from stream.backends import embedder_of, open_database
from stream.settings import Settings
from stream.shop.pictures import pictures_folder, take_in


class StockedLibrary(Library):
    """A library that also keeps the pictures among the merchant's files: catalogues name them, pages show them."""

    def __init__(self, settings: Settings, **parts: Any) -> None:
        super().__init__(settings.data_dir / "knowledge", **parts)
        self._data_dir = settings.data_dir

    def add(self, merchant: str, paths: Iterable[Path], **options: Any) -> Summary:
        """See `Library.add`; pictures are taken in once the files were."""
        found = list(paths)
        summary = super().add(merchant, found, **options)
        if not options.get("dry_run"):
            take_in(found, pictures_folder(self._data_dir, merchant))
        return summary


def open_library(settings: Settings) -> Library:
    """The knowledge of all merchants in this data folder, for reading in, comparing and publishing."""
    return StockedLibrary(
        settings,
        engine=open_database(settings),
        create_embedder=embedder_of(settings),
        chroma_url=settings.chroma_url,
    )


async def open_store(settings: Settings) -> Store:
    """Conversations and leads of this data folder; a server may run on it at the same time."""
    return await Store.open(settings.data_dir, database_url=settings.database_url)

"""Loads the demo shop as a merchant would: files in, published, pictures beside them, a room set up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from dialogue.store import Store
from stream.command.workplace import open_library
from stream.room.book import RoomBook, RoomSpec
from stream.settings import Settings

MERCHANT = ROOM = "demo"
SHOP_NAME = "栖木家居"
SHOP = Path(str(resources.files("stream") / "demo" / "shop"))


async def open_demo_shop(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Make sure that the demo merchant, its published knowledge and its room are there. Twice is as once."""
    async with await Store.open(settings.data_dir, database_url=settings.database_url) as store:
        await store.access.ensure_merchant(MERCHANT, name=SHOP_NAME)
        book = RoomBook(store)
        await book.open()
        await book.ensure(RoomSpec(ROOM, MERCHANT, host="xiaoqi"))
    summary = await asyncio.to_thread(_load, settings)
    say(summary)


def _load(settings: Settings) -> str:
    library = open_library(settings)
    summary = library.add(MERCHANT, [SHOP])
    if summary.draft is not None:
        library.publish(MERCHANT)
    new = len(summary.added) + len(summary.changed)
    return f"{SHOP_NAME}：{new} 个文件已载入，{len(summary.unchanged)} 个没有变化 / demo shop loaded"

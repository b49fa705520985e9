"""The chat alone, with the real store, knowledge and answerer, for `bench_chat`: prints its port, then serves."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from dialogue.engine import Engine
from dialogue.handoff import HandoffPolicy
from dialogue.search import Knows
from dialogue.store import Store
from knowledge import Decision, Evidence, Turn
from stream.chat import ChatHub, ChatLimits, ChatShop, Rate, TokenSigner, create_chat_router

SOCKETS: dict[str, Any] = {"host": "127.0.0.1", "ws": "websockets-sansio", "ws_per_message_deflate": False}
PLENTY = Rate(1_000_000, 1_000_000)


async def serve(data_dir: Path, *, bare: bool) -> None:
    """Serve until the process is ended; `bare` leaves the knowledge out, to see the channel by itself."""
    policy = HandoffPolicy()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(await Store.open(data_dir))
        knowledge = Nothing() if bare else await stack.enter_async_context(_knowledge(data_dir))
        engine = Engine(knowledge, clock=datetime.now, handoff=policy)
        limits = ChatLimits(
            visitor_messages=PLENTY, address_messages=PLENTY, address_opens=PLENTY, idle_timeout_s=600.0
        )
        hub = ChatHub(store=store, forms=store.leads, replier=engine, limits=limits, policy=policy)
        stack.push_async_callback(hub.aclose)
        app = FastAPI()
        app.include_router(create_chat_router(hub=hub, shops=_shop, signer=TokenSigner(b"k" * 32)))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off", **SOCKETS))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  (uvicorn offers no event for it)
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await serving


class Nothing:
    """Knows nothing and takes no memory for it."""

    async def search(
        self,
        question: str,
        *,
        merchant: str,
        product: str | None = None,
        limit: int = 6,
        history: tuple[Turn, ...] = (),
    ) -> Evidence:
        return Evidence(question, merchant, "none", Decision.REFUSE, 0.0)


@asynccontextmanager
async def _knowledge(data_dir: Path) -> AsyncIterator[Knows]:
    from knowledge.base import KnowledgeBase
    from stream.backends import embedder_of, open_database
    from stream.settings import Settings

    settings = Settings(data_dir=data_dir)
    database = open_database(settings)
    async with KnowledgeBase(
        data_dir / "knowledge", engine=database, create_embedder=embedder_of(settings)
    ) as knowledge:
        await knowledge.warm("demo")
        yield knowledge


async def _shop(merchant: str) -> ChatShop | None:
    return ChatShop(merchant, "栖木家居")


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), bare="--bare" in sys.argv))

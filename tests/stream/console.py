"""A shop with its console and its REST open, over the real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import httpx
from fastapi.staticfiles import StaticFiles

from dialogue.access import Role
from dialogue.lead import AskingPolicy, Postman
from dialogue.store import Store
from stream.api import Gate, create_funnel_router, create_lead_router, create_outbox_router
from stream.api.inbox import create_inbox_router
from stream.chat.incoming import Say
from tests.stream.chat.shop import Shop, open_shop

NAMES = {"SF-01": "云朵单人沙发"}
EVERYBODY_IS_ASKED = AskingPolicy(hold_out=0.0)  # nobody's arm is left to chance
WEB = Path(str(resources.files("stream") / "web"))


@dataclass
class Console:
    """A shop with its console open."""

    shop: Shop
    store: Store
    http: httpx.AsyncClient
    owner: str
    operator: str
    viewer: str
    stranger: str

    async def visit(self, *texts: str) -> str:
        """A customer who says these texts; returns the conversation."""
        thread, _ = await self.shop.hub.start(merchant="demo")
        for number, text in enumerate(texts):
            await thread.say(Say(client_id=f"c{number}", text=text), None)
            async with asyncio.timeout(60):
                while not thread.quiet:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        return thread.id


@asynccontextmanager
async def open_console(folder: Path) -> AsyncIterator[Console]:
    postman = Postman(allow_private=True, timeout_s=5)
    async with (
        await Store.open(folder, policies=lambda _: EVERYBODY_IS_ASKED) as store,
        open_shop(store=store, forms=store.leads, window_s=0.0) as shop,
        aclosing(postman),
    ):
        await store.access.ensure_merchant("demo", name="栖木家居")
        await store.access.ensure_merchant("other", name="别家")
        owner = (await store.access.create_token("demo", role=Role.OWNER))[1]
        operator = (await store.access.create_token("demo", role=Role.OPERATOR))[1]
        viewer = (await store.access.create_token("demo", role=Role.VIEWER))[1]
        stranger = (await store.access.create_token("other", role=Role.OWNER))[1]
        gate = Gate(store.access.verify, machine_token="m" * 32)
        shop.app.include_router(create_inbox_router(store=store, hub=shop.hub, gate=gate, names=lambda _: dict(NAMES)))
        shop.app.include_router(create_lead_router(store, gate))
        shop.app.include_router(create_funnel_router(store, gate))
        shop.app.include_router(create_outbox_router(store, postman, gate))
        shop.app.mount("/web", StaticFiles(directory=WEB))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{shop.port}", timeout=10) as http:
            yield Console(shop, store, http, owner, operator, viewer, stranger)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}

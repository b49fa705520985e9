"""A shop for the chat tests: scripted answers, a store in memory, a real server on loopback."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from websockets.asyncio.client import ClientConnection, connect

from dialogue import Citation, Done, Emotion, Event, Handoff, LeadForm, LeadUpdate, Locale, Sentence, Suggestions
from dialogue.conversation import Conversation
from dialogue.handoff import HandoffPolicy
from dialogue.lead.form import FormError
from stream.chat import ChatHub, ChatLimits, ChatShop, Rate, TokenSigner, create_chat_router

KEY = b"k" * 32
OPEN_ALL_DAY = HandoffPolicy(opens=HandoffPolicy().opens, closes=HandoffPolicy().opens)
NO_LIMITS = ChatLimits(
    visitor_messages=Rate(10_000, 10_000), address_messages=Rate(10_000, 10_000), address_opens=Rate(10_000, 10_000)
)

EMBEDDING = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><link rel="icon" href="data:,">
<style>p, button, h2 { color: red !important; font-size: 40px; } * { letter-spacing: 3px }</style><h1>云朵单人沙发</h1>
<script src="http://127.0.0.1:PORT/widget.js" data-merchant="demo" data-name="栖木家居" defer></script></html>"""
"""A shop's page with hostile style and the one script tag."""


@dataclass(frozen=True)
class Row:
    id: str
    merchant: str
    channel: str
    visitor: str
    last_seq: int


@dataclass(frozen=True)
class MemoryEvent:
    seq: int
    kind: str
    payload: Mapping[str, Any]
    at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)


@dataclass(frozen=True)
class MemoryReceived:
    seq: int
    duplicate: bool
    lead: LeadUpdate | None = None
    consent: str | None = None
    consent_due: bool = False
    reachable: bool = False


@dataclass(frozen=True)
class MemorySaved:
    seq: int
    complete: bool = True
    duplicate: bool = False


@dataclass
class MemoryStore:
    """`ChatStore` and `LeadForms` without a disk."""

    rows: dict[str, Row] = field(default_factory=dict)
    logs: dict[str, list[MemoryEvent]] = field(default_factory=dict)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    products: dict[str, str | None] = field(default_factory=dict)
    declined: list[str] = field(default_factory=list)
    consents: list[tuple[str, ...]] = field(default_factory=list)

    async def open_conversation(
        self, *, merchant: str, channel: str, visitor: str, conversation_id: str | None = None
    ) -> Row:
        known = self.rows.get(conversation_id or "")
        if known is not None:
            return Row(known.id, merchant, channel, visitor, len(self.logs[known.id]))
        row = Row(conversation_id or f"conv_{len(self.rows) + 1}", merchant, channel, visitor, 0)
        self.rows[row.id] = row
        self.logs[row.id] = []
        return row

    async def receive(self, conversation_id: str, *, client_id: str, text: str) -> MemoryReceived:
        known = self.seen.get((conversation_id, client_id))
        if known is not None:
            return MemoryReceived(known, True)
        seq = await self.append(conversation_id, kind="message", payload={"role": "visitor", "text": text})
        self.seen[conversation_id, client_id] = seq
        found = LeadUpdate("lead_1", True) if re.search(r"1[3-9]\d{9}", text) else None
        return MemoryReceived(seq, False, found)

    async def append(self, conversation_id: str, *, kind: str, payload: dict[str, Any]) -> int:
        await asyncio.sleep(0)
        log = self.logs[conversation_id]
        log.append(MemoryEvent(len(log) + 1, kind, payload))
        return len(log)

    async def events_after(self, conversation_id: str, after_seq: int, *, limit: int) -> Sequence[MemoryEvent]:
        await asyncio.sleep(0)
        return [event for event in self.logs[conversation_id] if event.seq > after_seq][:limit]

    async def set_state(self, conversation_id: str, state: str) -> None:
        self.states[conversation_id] = state

    async def set_product(self, conversation_id: str, product: str | None) -> None:
        self.products[conversation_id] = product

    async def submit(
        self, conversation_id: str, *, client_id: str, fields: Mapping[str, str], consent: Collection[str]
    ) -> MemorySaved:
        known = self.seen.get((conversation_id, client_id))
        if known is not None:
            return MemorySaved(known, duplicate=True)
        if not re.fullmatch(r"1[3-9]\d{9}", re.sub(r"[\s-]", "", fields.get("phone", ""))):
            raise FormError("phone", "手机号好像不对，请检查一下")
        payload = {"client_id": client_id, "complete": True}
        seq = await self.append(conversation_id, kind="lead_saved", payload=payload)
        self.seen[conversation_id, client_id] = seq
        self.consents.append(tuple(consent))
        return MemorySaved(seq)

    async def next_offer(
        self, conversation_id: str, merchant: str, text: str, *, locale: Locale = Locale.ZH
    ) -> LeadForm | None:
        return None

    async def close_offer(self, conversation_id: str, outcome: str) -> None:
        self.declined.append(conversation_id)

    async def consent_asked(self, conversation_id: str, seq: int) -> None:
        self.declined.append(conversation_id)


class ScriptedReplier:
    """Says what its script says; `pause_s` lies before each sentence after the first."""

    def __init__(self, *, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s
        self.asked: list[str] = []
        self.cancelled = 0

    async def reply(
        self, conversation: Conversation, text: str, *, channel: str, lead: LeadUpdate | None = None
    ) -> AsyncGenerator[Event, None]:
        self.asked.append(text)
        conversation.hear(text, at=0.0)
        if conversation.handoff.silent:
            yield Done("silent")
            return
        if "故障" in text:
            raise RuntimeError("the engine broke")
        events = script(text)
        try:
            for index, event in enumerate(events):
                if index:
                    await asyncio.sleep(self.pause_s)
                if isinstance(event, Sentence):
                    conversation.say(event.text, at=0.0)
                yield event
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise


def script(text: str) -> list[Event]:
    """The answer to a text: two sentences naming it, and what its words ask for besides."""
    cite = Citation(file="care-guide.pdf", quote="外罩三十度以下机洗，不要烘干。", page=2)
    sheet = Citation(file="products.xlsx", quote="云朵单人沙发外罩 ¥269", sheet="商品", line=7)
    events: list[Event] = [
        Sentence(f"您问的是「{text.replace(chr(10), '、')}」。", Emotion.JOY),
        Sentence("外罩整套带拉链，三十度以下机洗，不要烘干。", citations=(cite,)),
        Sentence("真勾坏了，单买一套外罩 ¥269。", citations=(sheet,)),
        Suggestions(("送货上楼吗", "有苔绿色吗", "怎么退换")),
    ]
    if "报价" in text:
        events.append(LeadForm(("name", "city", "phone"), "发一份带公章的报价给您", "contact-1", share="转交" in text))
    if "回电" in text:
        events.append(LeadForm(("phone", "time"), "同事回电解答您的问题", "callback-1"))
    if "人工" in text:
        events.append(Handoff("requested", "要找人处理；商品：SF-01"))
    return [*events, Done("answer", "SF-01")]


async def demo_shop(merchant: str) -> ChatShop | None:
    """The only shop there is."""
    if merchant != "demo":
        return None
    return ChatShop(
        "demo",
        "栖木家居",
        greeting="您好，尺寸、面料、送货都能问。",
        suggestions=("能拆洗吗", "到杭州要几天", "怎么退换"),
        origins=("https://shop.example",),
    )


@dataclass
class Shop:
    """A running server."""

    port: int
    hub: ChatHub
    store: Any
    replier: Any
    server: uvicorn.Server
    serving: asyncio.Task[None]
    app: FastAPI

    async def stop(self) -> None:
        """Go down as a crash does: sockets are cut."""
        await self.hub.aclose()
        self.server.should_exit = self.server.force_exit = True
        await self.serving

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/chat/demo"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/chat/demo"


@asynccontextmanager
async def open_shop(
    *,
    store: Any = None,
    forms: Any = None,
    replier: Any = None,
    limits: ChatLimits = NO_LIMITS,
    window_s: float = 0.2,
    policy: HandoffPolicy = OPEN_ALL_DAY,
    port: int = 0,
    token_ttl_s: int = 3600,
    wall: Callable[[], float] = time.time,
) -> AsyncIterator[Shop]:
    """Serve the chat on loopback until the block ends."""
    store = store if store is not None else MemoryStore()
    replier = replier or ScriptedReplier()
    hub = ChatHub(store=store, forms=forms or store, replier=replier, limits=limits, window_s=window_s, policy=policy)
    app = FastAPI()

    @app.get("/shop")
    async def embedding() -> HTMLResponse:
        return HTMLResponse(EMBEDDING.replace("PORT", str(server.servers[0].sockets[0].getsockname()[1])))

    app.include_router(
        create_chat_router(hub=hub, shops=demo_shop, signer=TokenSigner(KEY, ttl_s=token_ttl_s), wall=wall)
    )
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn offers no event for it)
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    shop = Shop(port, hub, store, replier, server, serving, app)
    try:
        yield shop
    finally:
        await shop.stop()


class Client:
    """A client that keeps what it got."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame, ensure_ascii=False))

    async def next(self, *kinds: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """The next frame, or the next of these kinds."""
        async with asyncio.timeout(timeout_s):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.recv())
                self.frames.append(frame)
                if not kinds or frame["type"] in kinds:
                    return frame


@asynccontextmanager
async def client(shop: Shop, **hello: Any) -> AsyncIterator[Client]:
    """A client that has said hello; the `welcome` is its first frame."""
    async with connect(shop.url) as socket:
        found = Client(socket)
        await found.send(**{"type": "hello", "protocol": 1, **hello})
        await found.next("welcome", "error")
        yield found

"""The operators' inbox: conversations, taking one over, answering, giving back; and a socket that tells changes."""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, WebSocket
from fastapi.responses import FileResponse
from pydantic import BaseModel, StringConstraints
from starlette.websockets import WebSocketDisconnect

from dialogue.access import Bearer, Role
from dialogue.store import ConversationRow, Store, StoredEvent
from stream.api.bearer import ANY_MERCHANT, DENIED, Gate, own, shop_of
from stream.chat.hub import ChatHub
from stream.chat.thread import Thread
from stream.room.public_text import public

_LOG = logging.getLogger(__name__)
_HELLO_S = 10.0
_IDLE_S = 120.0
_GATHER_S = 0.2
"""Changes within this time are told together."""
_PREVIEW = 4
"""Events looked at for the last words of a conversation."""
_PAGE = 500
_PAGE_FILE = Path(str(resources.files("stream") / "web" / "console.html"))
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_ACTING: dict[int | str, dict[str, Any]] = {
    404: {"description": "no such conversation"},
}
_NUMBER = re.compile(r"(?<!\d)\d(?:[\s.-]?\d){6,}")


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]


class Reply(BaseModel):
    """What a colleague writes to the customer."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    operator: Name = "客服"
    """The name the customer sees."""


class Take(BaseModel):
    """Who takes the conversation."""

    operator: Name = "客服"


def create_inbox_router(
    *, store: Store, hub: ChatHub, gate: Gate, names: Callable[[str], dict[str, str]] = lambda _: {}
) -> APIRouter:
    """`/console`, `/api/conversations…` and `WS /ws/inbox`. Reading needs a viewer's token, acting an operator's.

    `names` gives a merchant's products, name by number: lists keep the numbers, colleagues know the names.
    What customers wrote is given with digits masked; the AI is silent from the moment a colleague takes or writes.
    """
    router = APIRouter(tags=["inbox"], responses=DENIED)
    Viewer = Annotated[Bearer, Depends(gate.needs(Role.VIEWER))]
    Operator = Annotated[Bearer, Depends(gate.needs(Role.OPERATOR))]

    @router.get("/api/session")
    async def session(bearer: Viewer) -> dict[str, Any]:
        """Whom the token stands for, and the merchants it may see."""
        known = [row for row in await store.access.merchants() if bearer.merchant in (row.id, ANY_MERCHANT)]
        return {"role": bearer.role, "merchants": [{"id": row.id, "name": row.name} for row in known]}

    @router.get("/api/products", responses={404: {"description": "no such merchant of this token"}})
    async def products(bearer: Viewer, merchant: str | None = None) -> dict[str, str]:
        """The names of the products that are live, by number."""
        return names(shop_of(bearer, merchant))

    async def find(bearer: Bearer, conversation_id: str) -> ConversationRow:
        row = await store.conversation(conversation_id)
        if row is None:
            raise HTTPException(404, "没有找到")
        own(bearer, row.merchant)
        return row

    async def thread_of(row: ConversationRow) -> Thread:
        return await hub.find(row.id, merchant=row.merchant, visitor=row.visitor, channel=row.channel)

    @router.get("/api/conversations", responses={404: {"description": "no such merchant of this token"}})
    async def conversations(
        bearer: Viewer,
        merchant: str | None = None,
        state: Annotated[str | None, Query(pattern="^(bot|requested|human|callback|closed)$")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> list[dict[str, Any]]:
        """The last active first, each with its last words."""
        rows = await store.conversations(shop_of(bearer, merchant), state=state, limit=limit)
        return list(await asyncio.gather(*(_listed(store, row) for row in rows if row.last_seq)))

    @router.get("/api/conversations/{conversation_id}", responses={404: {"description": "no such conversation"}})
    async def conversation(
        bearer: Viewer, conversation_id: str, after_seq: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0
    ) -> dict[str, Any]:
        """One conversation with its events after `after_seq` and, where there is one, its lead, masked."""
        row = await find(bearer, conversation_id)
        events = await store.events_after(row.id, after_seq, limit=_PAGE)
        lead = await store.leads.get(row.merchant, row.lead_id) if row.lead_id else None
        return {
            **_shown(row),
            "events": [_event(event) for event in events],
            "lead": lead.as_json() if lead is not None else None,
        }

    @router.post("/api/conversations/{conversation_id}/take", responses=_ACTING)
    async def take(bearer: Operator, conversation_id: str, body: Take) -> dict[str, str]:
        """Take the conversation; the AI is silent."""
        thread = await thread_of(await find(bearer, conversation_id))
        await thread.take_over(body.operator)
        return {"state": thread.handoff}

    @router.post("/api/conversations/{conversation_id}/messages", responses=_ACTING)
    async def reply(bearer: Operator, conversation_id: str, body: Reply) -> dict[str, int]:
        """Write to the customer; takes the conversation where that has not happened."""
        thread = await thread_of(await find(bearer, conversation_id))
        return {"seq": await thread.operator_says(body.text, operator=body.operator)}

    @router.post("/api/conversations/{conversation_id}/return", responses=_ACTING)
    async def give_back(bearer: Operator, conversation_id: str) -> dict[str, str]:
        """Give the conversation back to the AI."""
        thread = await thread_of(await find(bearer, conversation_id))
        await thread.give_back()
        return {"state": thread.handoff}

    @router.get("/console", include_in_schema=False)
    async def console() -> FileResponse:
        return FileResponse(_PAGE_FILE, headers=_HEADERS)

    async def inbox_socket(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await _serve(websocket, hub, gate)
        except (WebSocketDisconnect, TimeoutError, RuntimeError) as exc:
            _LOG.debug("an inbox socket ended: %s", type(exc).__name__)

    router.add_api_websocket_route("/ws/inbox", inbox_socket)
    return router


async def _serve(websocket: WebSocket, hub: ChatHub, gate: Gate) -> None:
    """`hello{token, merchant?}` in, `ready` out, then `changed{conversations}` and `typing{conversations, on}` (whose
    customers are typing now, and whose have spoken since) until the peer goes.

    Also in: `ping{}`, and `typing{conversation}` while a colleague writes in a conversation they have taken.
    """
    async with asyncio.timeout(_HELLO_S):
        hello = _object(await websocket.receive_text())
    try:
        bearer = await gate.bearer(str(hello.get("token", "")))
        merchant = str(hello.get("merchant") or bearer.merchant)
        own(bearer, merchant)
    except HTTPException as exc:
        await websocket.send_json({"type": "error", "message": exc.detail})
        await websocket.close(4401)
        return
    changed: set[str] = set()
    typing: dict[str, bool] = {}
    wake = asyncio.Event()

    def observer(of: str, conversation_id: str) -> None:
        if of == merchant:
            changed.add(conversation_id)
            wake.set()

    def typist(of: str, conversation_id: str, on: bool) -> None:
        if of == merchant:
            typing[conversation_id] = on
            wake.set()

    async def tell() -> None:
        while True:
            await wake.wait()
            await asyncio.sleep(_GATHER_S)
            wake.clear()
            grown, types = sorted(changed), dict(typing)
            changed.clear()
            typing.clear()
            if grown:
                await websocket.send_json({"type": "changed", "conversations": grown})
            for on in (True, False):
                if ids := sorted(one for one, now in types.items() if now is on):
                    await websocket.send_json({"type": "typing", "conversations": ids, "on": on})

    end = hub.observe(observer, typing=typist)
    teller = asyncio.create_task(tell(), name="inbox-tell")
    try:
        await websocket.send_json({"type": "ready"})
        while True:
            async with asyncio.timeout(_IDLE_S):
                frame = _object(await websocket.receive_text())
            if frame.get("type") == "typing" and bearer.role.allows(Role.OPERATOR):
                thread = hub.live(str(frame.get("conversation")))
                if thread is not None and thread.conversation.merchant == merchant and thread.handoff == "human":
                    thread.types()
            else:
                await websocket.send_json({"type": "pong"})
    finally:
        end()
        teller.cancel()
        await asyncio.gather(teller, return_exceptions=True)


def _object(raw: str) -> dict[str, Any]:
    try:
        value = json.loads(raw[:4096])
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


async def _listed(store: Store, row: ConversationRow) -> dict[str, Any]:
    events = await store.events_after(row.id, max(0, row.last_seq - _PREVIEW), limit=_PREVIEW)
    last = next((event for event in reversed(events) if event.kind == "message"), None)
    preview = (
        {} if last is None else {"text": _hidden(str(last.payload["text"]))[:80], "role": last.payload.get("role")}
    )
    return {**_shown(row), "preview": preview}


def _shown(row: ConversationRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "channel": row.channel,
        "visitor": row.id[-4:].upper(),
        "state": row.state,
        "product": row.product,
        "lead_id": row.lead_id,
        "last_seq": row.last_seq,
        "created_at_ms": row.created_at_ms,
        "updated_at_ms": row.updated_at_ms,
    }


def _event(event: StoredEvent) -> dict[str, Any]:
    payload = dict(event.payload)
    for name in ("text", "summary"):
        if isinstance(payload.get(name), str):
            payload[name] = _hidden(payload[name])
    return {"seq": event.seq, "kind": event.kind, "at_ms": event.at_ms, **payload}


def _hidden(text: str) -> str:
    """Contacts masked, and long numbers without all but their last four digits; who needs them reveals the lead."""
    shown, _, _ = public(text)
    return _NUMBER.sub(lambda found: re.sub(r"\d(?=(?:\D*\d){4})", "*", found[0]), shown)

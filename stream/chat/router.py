"""The chat's place on the web: the websocket, the page, the widget and the protocol's AsyncAPI document."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from fastapi import APIRouter, HTTPException, Request, Response, WebSocket

from stream.chat.asyncapi import asyncapi_document
from stream.chat.endpoint import ChatEndpoint, ShopFinder
from stream.chat.hub import ChatHub
from stream.chat.page import PAGE_HEADERS, chat_page_of, widget_script
from stream.chat.token import TokenSigner


def create_chat_router(
    *,
    hub: ChatHub,
    shops: ShopFinder,
    signer: TokenSigner,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
) -> APIRouter:
    """Routes of the chat: `WS /ws/chat/{merchant}`, `/chat/{merchant}`, `/widget.js`, `/api/asyncapi.json`.

    The caller opens and closes `hub`. Serve with per-message compression off: it costs 300 KB a socket.
    """
    endpoint = ChatEndpoint(hub=hub, shops=shops, signer=signer, clock=clock, wall=wall)
    router = APIRouter(tags=["chat"])

    async def chat_socket(websocket: WebSocket) -> None:
        await endpoint.serve(websocket, websocket.path_params["merchant"])

    # Starlette's own route: FastAPI's keeps its machinery for dependencies as long as the socket is open.
    router.add_websocket_route("/ws/chat/{merchant}", chat_socket)

    @router.get("/chat/{merchant}", include_in_schema=False)
    async def chat_page(merchant: str, lang: str = "zh", theme: str = "auto") -> Response:
        shop = await shops(merchant)
        if shop is None:
            raise HTTPException(404, "没有这家店")
        return Response(chat_page_of(shop, language=lang, theme=theme), media_type="text/html", headers=PAGE_HEADERS)

    @router.get("/widget.js", include_in_schema=False)
    async def widget(request: Request) -> Response:
        script = widget_script()
        headers = {
            "ETag": script.tag,
            "Cache-Control": "public, max-age=300",
            "Access-Control-Allow-Origin": "*",
            "Vary": "Accept-Encoding",
        }
        if script.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(script.packed, media_type="text/javascript", headers=headers)
        return Response(script.text, media_type="text/javascript", headers=headers)

    @router.get("/api/asyncapi.json", include_in_schema=False)
    async def document(request: Request) -> Response:
        host = request.headers.get("host", "127.0.0.1")
        body = json.dumps(asyncapi_document(host=host, limits=hub.limits), ensure_ascii=False)
        return Response(body, media_type="application/json")

    return router

"""The web application of an opened service: every route, and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.routing import Match

from avatar import host_folders
from dialogue.database import DatabaseBusyError
from dialogue.platform import webhooks
from stream.api import (
    Gate,
    create_funnel_router,
    create_health_router,
    create_knowledge_router,
    create_lead_router,
    create_outbox_router,
    create_room_api,
)
from stream.api.inbox import create_inbox_router
from stream.api.merchants import create_merchant_router
from stream.app import Service
from stream.chat.platform import create_channel_router
from stream.chat.router import create_chat_router
from stream.chat.token import TokenSigner
from stream.home import HOME_HEADERS, RoomDoor, ShopDoor, home_page
from stream.output.hls_router import hls_router
from stream.room.book import RoomSpec
from stream.room.house import House
from stream.room.proxy import RoomProxy
from stream.room.socket import Limits, create_room_router
from stream.shop.pictures import pictures_folder
from stream.viewer.whep_router import whep_router

if TYPE_CHECKING:
    from stream.output.hls import HlsOutput
    from stream.room.room import Room

LIVE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self' ws: wss:; frame-src 'self'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""Headers of the live page: nothing but its own; it may stand in a shop's page."""
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
WEB = Path(str(resources.files("stream") / "web"))


def create_app(service: Service) -> FastAPI:
    """The web application of an opened service."""
    settings = service.settings
    app = FastAPI(title="Zhanggui", version="1", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    gate = Gate(service.store.access.verify, machine_token=service.machine_token)
    signer = TokenSigner(_visitor_key(settings.data_dir / "keys" / "visitor.key"))
    house = service.house
    token = settings.viewer_token.get_secret_value() if settings.viewer_token else None

    def audience_of(name: str) -> Room | None:
        live = house.rooms.get(name)
        return live.room if live else None

    async def staff(name: str, secret: str) -> bool:
        live = house.rooms.get(name)
        return live is not None and await gate.staff(secret, live.merchant)

    app.include_router(whep_router(audience_of, token=token, staff=staff))
    app.include_router(create_room_router(house.rooms, limits=Limits(), staff=gate.staff))
    app.include_router(create_chat_router(hub=service.hub, shops=service.chat_shop, signer=signer))
    app.include_router(
        create_channel_router(hub=service.hub, joined=service.store.platforms, connect=webhooks(service.postman))
    )
    app.include_router(create_merchant_router(service.store, gate))
    app.include_router(create_room_api(house.rooms, service, gate, elsewhere=house.processes))
    app.include_router(create_lead_router(service.store, gate))
    app.include_router(create_funnel_router(service.store, gate))
    app.include_router(create_knowledge_router(service.library, gate))
    app.include_router(create_outbox_router(service.store, service.postman, gate))
    names = service.published.names
    app.include_router(create_inbox_router(store=service.store, hub=service.hub, gate=gate, names=names))
    app.include_router(hls_router(lambda name: hls_of(service, name)))
    metrics_token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    app.include_router(
        create_health_router(probes=service.ready(), registry=service.registry, metrics_token=metrics_token)
    )
    _pages(app, service)
    app.add_exception_handler(DatabaseBusyError, _busy)
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _not_allowed)
    app.add_middleware(RoomProxy, find=house.processes.get)
    return app


async def _not_allowed(request: Request, exc: Exception) -> Response:
    """405 with every method the address takes (RFC 9110, section 15.5.6); the router would name only the first."""
    methods = [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]
    # A page elsewhere may read what it did wrong.
    headers = {"Allow": ", ".join(methods), "Access-Control-Allow-Origin": "*"}
    return JSONResponse(
        {"detail": "这个地址不接受这种请求 / this address does not take this method"}, 405, headers=headers
    )


async def _busy(request: Request, exc: Exception) -> Response:
    """Too much waits for the disk: nothing was kept of this request, and it may come again."""
    return JSONResponse({"detail": "太忙了，请稍后再试"}, 503, headers={"Retry-After": "1"})


def _door(house: House, spec: RoomSpec, names: Mapping[str, str]) -> RoomDoor:
    shop = names.get(spec.merchant, spec.merchant)
    live, process = house.rooms.get(spec.name), house.processes.get(spec.name)
    if live is not None:
        return RoomDoor(spec.name, shop, live.showing, live.room.live)
    return RoomDoor(spec.name, shop, "", process is not None and process.problem is None)


def hls_of(service: Service, name: str) -> HlsOutput | None:
    """The room's HLS output, None while it has none."""
    live = service.house.rooms.get(name)
    output = live.room.outputs.running.get("hls") if live else None
    if output is None:
        return None
    from stream.output.hls import HlsOutput

    return output if isinstance(output, HlsOutput) else None


def _pages(app: FastAPI, service: Service) -> None:
    @app.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        found = [await service.chat_shop(row.id) for row in await service.store.access.merchants()]
        shops = [shop for shop in found if shop is not None]
        names = {shop.merchant: shop.name for shop in shops}
        page = home_page(
            rooms=[_door(service.house, spec, names) for spec in await service.book.rooms()],
            shops=[ShopDoor(shop.merchant, shop.name, shop.suggestions) for shop in shops],
            healthy=not [name for name, probe in service.ready().items() if await probe() is not None],
            release=version("zhanggui"),
            origin=str(request.base_url).rstrip("/"),
        )
        return HTMLResponse(page, headers=HOME_HEADERS)

    @app.get("/hosts/{room}.webp", include_in_schema=False)
    async def host_picture(room: str) -> Response:
        spec = next((spec for spec in await service.book.rooms() if spec.name == room), None)
        folders = {path.name: path for path in reversed([*host_folders(service.settings.data_dir / "hosts")])}
        path = folders[spec.host] / "picture.webp" if spec is not None and spec.host in folders else None
        if path is None or not path.is_file():
            raise HTTPException(404, "没有这张图")
        return FileResponse(path, media_type="image/webp", headers={"Cache-Control": "public, max-age=300"})

    @app.get("/live/{room}", include_in_schema=False)
    async def live_page(room: str) -> Response:
        # A room that is off air has its page too: who has the link is told so, and is there when it begins.
        known = room in service.house.names() or any(spec.name == room for spec in await service.book.rooms())
        return FileResponse(WEB / "live.html", 200 if known else 404, headers=LIVE_HEADERS)

    @app.get("/pictures/{merchant}/{name}", include_in_schema=False)
    async def picture(merchant: str, name: str) -> Response:
        path = pictures_folder(service.settings.data_dir, Path(merchant).name) / Path(name).name
        if path.suffix != ".jpg" or not path.is_file():
            raise HTTPException(404, "没有这张图")
        return FileResponse(path, headers={"Cache-Control": "public, max-age=300"})

    app.mount("/web", StaticFiles(directory=WEB), name="web")


def _visitor_key(path: Path) -> bytes:
    """The key of visitor tokens, made at the first start; outlives restarts."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_bytes(32))
        draft.replace(path)
    return path.read_bytes()

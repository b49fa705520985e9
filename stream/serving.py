"""`zhanggui serve`: bind, open everything, tell where it is, and leave in order."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import secrets
import signal
import socket

import typer
import uvicorn

from stream.app import open_service
from stream.errors import StreamError
from stream.local_server import announced
from stream.settings import Settings
from stream.site import create_app

logger = logging.getLogger(__name__)

_GRACE_S = 8
_WS_MAX_BYTES = 1 << 20
"""Above what the protocols take: a frame that is too long for them gets its line instead of a broken socket."""


class BindError(StreamError):
    """The address cannot be served; the text says what to do."""


def bind(settings: Settings) -> socket.socket:
    """A listening socket. Raises `BindError` when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except (OSError, OverflowError) as exc:
        listener.close()
        reason = getattr(exc, "strerror", None) or exc
        raise BindError(
            f"{settings.host}:{settings.port} 用不了（{reason}）；换一个端口：--port 0 / choose another port"
        ) from exc
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def serve_forever(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises `BindError`, or what opening the store and the knowledge raises."""
    logging.getLogger().setLevel(settings.log_level.upper())
    for chatty in ("aioice", "aiortc", "httpx", "chromadb"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    listener = bind(settings)
    token = secrets.token_urlsafe(24)
    try:
        async with open_service(settings, machine_token=token) as service:
            if not is_loopback(settings.host) and not await service.store.access.tokens():
                raise BindError(
                    f"{settings.host} 能从外面访问，先建一个令牌：zhanggui token create --merchant M / "
                    "a token is needed before binding wider than this machine"
                )
            config = uvicorn.Config(
                create_app(service),
                log_level="warning",
                access_log=False,
                ws="websockets-sansio",
                ws_max_size=_WS_MAX_BYTES,
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=_GRACE_S,
                server_header=False,
            )
            server = uvicorn.Server(config)
            host, port = listener.getsockname()[:2]
            url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
            with announced(settings, url=url, token=token):
                _tell(url, list(service.rooms), [row.id for row in await service.store.access.merchants()])
                for name, why in service.problems.items():
                    typer.echo(f"直播间 {name} 没有开播 / room not on air: {why}", err=True)
                await _run(server, listener)
    finally:
        listener.close()


async def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()

    def leave() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave)
    await server._serve([listener])


def _tell(url: str, rooms: list[str], merchants: list[str]) -> None:
    for room in rooms:
        typer.echo(f"直播间  live   {url}/live/{room}")
    for merchant in merchants:
        typer.echo(f"客服    chat   {url}/chat/{merchant}")
    typer.echo(f"状态    health {url}/readyz")
    typer.echo("按 Ctrl-C 关店 / press Ctrl-C to stop")

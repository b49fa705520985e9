"""`zhanggui serve`: bind or take over, open everything, tell where it is, and leave in order."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import secrets
import signal
import socket

import typer
import uvicorn
from fastapi import FastAPI

from stream.app import Service, open_service
from stream.errors import StreamError
from stream.handover import Door, Predecessor, meet
from stream.local_server import NoServerError, announced, local_server
from stream.memory import bound_heap
from stream.settings import Settings
from stream.site import create_app

logger = logging.getLogger(__name__)

_GRACE_S = 8
_WS_MAX_BYTES = 1 << 20
"""Above what the protocols take: a frame that is too long for them gets its line instead of a broken socket."""
_TELL_S = 1.0
"""The pages have this long to hear that they are to join anew, before their sockets are closed."""


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
            f"{settings.host}:{settings.port} 用不了（{reason}）；换一个端口：--port 0，接替正在运行的：--replace / "
            "choose another port, or take over from a running serve with --replace"
        ) from exc
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def serve_forever(settings: Settings, *, replace: bool = False) -> None:
    """Serve until SIGINT (leaves at once), SIGTERM or a successor (leaves when the viewers have, within `drain_s`).

    With `replace` the address is taken over from the process that serves this data folder, if one does, without a
    connection refused. Raises `BindError`, `HandoverError`, or what opening the store and the knowledge raises.
    """
    quiet_log(settings)
    bound_heap()
    before = await asyncio.to_thread(_predecessor, settings) if replace else None
    listener = before.listener if before is not None else bind(settings)
    token = secrets.token_urlsafe(24)
    try:
        waits = before is not None
        async with open_service(settings, machine_token=token, outputs_wait=waits, rooms=False) as service:
            if not is_loopback(listener.getsockname()[0]) and not await service.store.access.tokens():
                raise BindError(
                    f"{settings.host} 能从外面访问，先建一个令牌：zhanggui token create --merchant M / "
                    "a token is needed before binding wider than this machine"
                )
            # Building the pages' schemas stops a room that is on air for a third of a second.
            server = WebServer(create_app(service), service, listener)
            await service.open_rooms()
            if before is not None:
                await before.take_over()
                await service.house.open_outputs()
            host, port = listener.getsockname()[:2]
            url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
            async with Door(listener, token=token, yield_=server.let_go) as door:
                with announced(settings, url=url, token=token, door=door.path):
                    _tell(url, service.house.names(), [row.id for row in await service.store.access.merchants()])
                    for name, why in service.house.problems.items():
                        typer.echo(f"直播间 {name} 没有开播 / room not on air: {why}", err=True)
                    await server.run(drain_s=settings.drain_s, taken=door.taken)
    finally:
        if before is not None:
            before.close()
        listener.close()


class WebServer:
    """uvicorn on a socket that may be shared with the next process, and the ways to leave it."""

    def __init__(self, app: FastAPI, service: Service, listener: socket.socket, *, behind_front: bool = False) -> None:
        """`behind_front`: whoever connects is the serving process, and tells the viewer's address."""
        self._config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=_WS_MAX_BYTES,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=_GRACE_S,
            server_header=False,
            forwarded_allow_ips="*" if behind_front else None,
        )
        self._config.load()
        gc.collect()
        self._server = uvicorn.Server(self._config)
        self._service = service
        self._listener = listener
        self._told = asyncio.Event()
        self._drain = False

    async def run(self, *, drain_s: float, taken: asyncio.Event | None = None) -> None:
        """Serve until `leave` is called, a signal comes, or the next process has `taken` over."""
        loop = asyncio.get_running_loop()
        for number, drain in ((signal.SIGINT, False), (signal.SIGTERM, True)):
            loop.add_signal_handler(number, self.leave, drain)
        # What was loaded stays: the collector need not look through half a million objects again and again.
        # (Looked through once before the rooms go on air: it takes a sixth of a second.)
        gc.freeze()
        serving = asyncio.create_task(self._server._serve([self._listener]), name="web")
        waits = [serving, asyncio.create_task(self._told.wait())]
        if taken is not None:
            waits.append(asyncio.create_task(taken.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                if self._drain or not self._told.is_set():
                    await self._send_away(drain_s)
                self._server.should_exit = True
            await serving
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def leave(self, drain: bool) -> None:
        """Stop serving; with `drain`, once those who watch have gone."""
        self._drain = drain and not self._told.is_set()
        self._told.set()

    async def let_go(self) -> None:
        """The next process is ready: leave the platforms to it, and accept nothing more."""
        await self._service.house.stop_outputs()
        self._accept_no_more()

    def _accept_no_more(self) -> None:
        for server in self._server.servers:
            server.close()

    async def _send_away(self, within_s: float) -> None:
        """Tell the pages to join anew, and wait for those who watch; whoever connects meets the next process."""
        self._accept_no_more()
        away = asyncio.create_task(self._service.house.drain(within_s), name="drain")
        try:
            # A kept connection would bring a page back to this process.
            self._hang_up(plain=True)
            done, _ = await asyncio.wait({away}, timeout=_TELL_S)
            if not done:
                self._hang_up(plain=False)
            await away
        finally:
            away.cancel()

    def _hang_up(self, *, plain: bool) -> None:
        for connection in list(self._server.server_state.connections):
            if not plain or isinstance(connection, self._config.http_protocol_class):
                connection.shutdown()


def quiet_log(settings: Settings) -> None:
    """Log from the chosen level on, and of chatty libraries only warnings."""
    logging.getLogger().setLevel(settings.log_level.upper())
    for chatty in ("aioice", "aiortc", "httpx", "chromadb"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _predecessor(settings: Settings) -> Predecessor | None:
    try:
        return meet(local_server(settings))
    except NoServerError:
        return None


def _tell(url: str, rooms: list[str], merchants: list[str]) -> None:
    typer.echo(f"首页    home   {url}/")
    for room in rooms:
        typer.echo(f"直播间  live   {url}/live/{room}")
    for merchant in merchants:
        typer.echo(f"客服    chat   {url}/chat/{merchant}")
    typer.echo(f"运营台  console {url}/console")
    typer.echo(f"状态    health {url}/readyz")
    typer.echo("按 Ctrl-C 关店 / press Ctrl-C to stop")

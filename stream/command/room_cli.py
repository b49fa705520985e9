"""`zhanggui room …`: set rooms up in the data folder, and speak to the server that runs them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from dialogue.store import Store
from stream.errors import StreamError
from stream.local_server import local_server
from stream.room.book import RoomBook, RoomSpec
from stream.settings import Settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据目录 / data folder", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
Name = Annotated[str, typer.Argument(help="直播间 / room")]
_TIMEOUT_S = 150.0
"""A room in a process of its own loads its speech model before it is on air."""


class RoomCommandError(StreamError):
    """The server did not do it; the text is its answer."""


def create_app(settings_of: Callable[[Path | None], Settings]) -> typer.Typer:
    """The command group."""
    app = typer.Typer(no_args_is_help=True, help="直播间：新建、查看、说话、暂停、继续。/ Rooms.")

    def run(work: Callable[[RoomBook], Any], data_dir: Path | None) -> Any:
        async def opened() -> Any:
            settings = settings_of(data_dir)
            async with await Store.open(settings.data_dir, database_url=settings.database_url) as store:
                book = RoomBook(store)
                await book.open()
                return await work(book)

        return asyncio.run(opened())

    @app.command()
    def create(
        name: Name,
        merchant: Annotated[str, typer.Option("--merchant", help="商家 / merchant")],
        host: Annotated[str, typer.Option("--host", help="主播，见 zhanggui avatar list / host")] = "xiaoqi",
        voice: Annotated[str, typer.Option("--voice", help="音色，如 kokoro:zf_xiaoxiao / voice")] = "",
        background: Annotated[str, typer.Option("--background", help="背景 / background")] = "",
        push: Annotated[str, typer.Option("--push", help="平台的 RTMP 推流地址 / RTMP address")] = "",
        process: Annotated[bool, typer.Option("--process", help="单独一个进程 / a process of its own")] = False,
        data_dir: DataDir = None,
    ) -> None:
        """新建直播间，下次 serve 时开播。/ Set a room up; `serve` opens it."""
        spec = RoomSpec(name, merchant, host, voice, background, True, push, process)
        run(lambda book: book.create(spec), data_dir)
        typer.echo(f"直播间 {name} 已建好，运行 zhanggui serve 开播")

    @app.command("list")
    def list_rooms(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """所有直播间。/ All rooms."""
        specs: list[RoomSpec] = run(lambda book: book.rooms(), data_dir)
        if as_json:
            typer.echo(json.dumps([spec.to_json() for spec in specs], ensure_ascii=False, indent=2))
            return
        for spec in specs:
            place = "\t单独进程" if spec.own_process else ""
            typer.echo(f"{spec.name}\t{spec.merchant}\t{spec.host}\t{'开播' if spec.running else '停播'}{place}")

    @app.command()
    def start(
        name: Name,
        process: Annotated[
            bool | None,
            typer.Option(
                "--process/--shared",
                help="单独一个进程，还是和别的直播间一起；不写就照旧 / its own process, or a shared one",
            ),
        ] = None,
        data_dir: DataDir = None,
    ) -> None:
        """开播。/ Put the room on air, now and at every start."""
        run(lambda book: book.set_running(name, True, own_process=process), data_dir)
        _ask(settings_of(data_dir), name, "start")

    @app.command()
    def stop(name: Name, data_dir: DataDir = None) -> None:
        """下播。/ Take the room off air."""
        run(lambda book: book.set_running(name, False), data_dir)
        _ask(settings_of(data_dir), name, "stop")

    @app.command()
    def say(
        name: Name, text: Annotated[str, typer.Argument(help="要说的话 / words")], data_dir: DataDir = None
    ) -> None:
        """让主播马上说一句话。/ Let the host say something next."""
        _ask(settings_of(data_dir), name, "say", {"text": text})

    @app.command()
    def pause(name: Name, data_dir: DataDir = None) -> None:
        """说完这句就休息。/ Hold script and answers back."""
        _ask(settings_of(data_dir), name, "pause")

    @app.command()
    def resume(name: Name, data_dir: DataDir = None) -> None:
        """继续。/ Go on."""
        _ask(settings_of(data_dir), name, "resume")

    return app


def _ask(settings: Settings, room: str, action: str, body: dict[str, str] | None = None) -> None:
    server = local_server(settings)
    try:
        answer = httpx.post(
            f"{server.url}/api/rooms/{room}/{action}",
            json=body,
            headers={"Authorization": f"Bearer {server.token}"},
            timeout=_TIMEOUT_S,
            trust_env=False,
        )
    except httpx.HTTPError as exc:
        raise RoomCommandError(f"{server.url}: {exc or type(exc).__name__}") from exc
    if answer.status_code == 404:
        raise RoomCommandError(f"没有正在播的直播间 {room}；看看 zhanggui room list")
    if answer.status_code == 409:
        raise RoomCommandError(f"{room}: {answer.json()['detail']}")
    if answer.is_error:
        raise RoomCommandError(f"{room}: {answer.status_code} {answer.text[:200]}")
    typer.echo("好的")

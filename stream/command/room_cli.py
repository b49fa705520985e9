"""`zhanggui room …`: set rooms up in the data folder, and speak to the server that runs them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from avatar import check_voice, host_folders
from dialogue.store import Store
from stream.errors import StreamError
from stream.local_server import local_server, running_server
from stream.output.push_address import check_targets
from stream.room.book import RoomBook, RoomSpec
from stream.settings import Settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据目录 / data folder", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
Name = Annotated[str, typer.Argument(help="直播间 / room")]
_PUSH = "- 为从标准输入读，推流码就不进命令行"
_STATES = {"live": "开播", "paused": "暂停", "stopped": "停播", "restarting": "重新开播中"}
_OUTPUTS = {"live": "在推", "waiting": "准备中", "connecting": "连接中", "retrying": "重试中", "stopped": "已停"}
_LOOK_S = 5.0
_TIMEOUT_S = 150.0
"""A room in a process of its own loads its speech model before it is on air."""


class RoomCommandError(StreamError):
    """The server did not do it; the text is its answer."""


def create_app(settings_of: Callable[[Path | None], Settings]) -> typer.Typer:
    """The command group."""
    app = typer.Typer(no_args_is_help=True, help="直播间：新建、查看、说话、暂停、继续。/ Rooms.")

    def run(work: Callable[[RoomBook, Store], Any], data_dir: Path | None) -> Any:
        async def opened() -> Any:
            settings = settings_of(data_dir)
            async with await Store.open(settings.data_dir, database_url=settings.database_url) as store:
                book = RoomBook(store)
                await book.open()
                return await work(book, store)

        return asyncio.run(opened())

    @app.command()
    def create(
        name: Name,
        merchant: Annotated[str, typer.Option("--merchant", help="商家 / merchant")],
        host: Annotated[str, typer.Option("--host", help="主播，见 zhanggui avatar list / host")] = "xiaoqi",
        voice: Annotated[str, typer.Option("--voice", help="音色，如 kokoro:zf_xiaoxiao / voice")] = "",
        background: Annotated[str, typer.Option("--background", help="背景 / background")] = "",
        push: Annotated[str, typer.Option("--push", help=f"平台的推流地址；{_PUSH} / push address")] = "",
        process: Annotated[bool, typer.Option("--process", help="单独一个进程 / a process of its own")] = False,
        data_dir: DataDir = None,
    ) -> None:
        """新建直播间，下次 serve 时开播。/ Set a room up; `serve` opens it."""
        settings = settings_of(data_dir)
        hosts = sorted({folder.name for folder in host_folders(settings.data_dir / "hosts")})
        if host not in hosts:
            raise RoomCommandError(
                f"没有名为“{host}”的主播，可选：{'、'.join(hosts)} / no such host; choose one of these"
            )
        if voice:
            check_voice(voice, allow_cloud=settings.cloud_voice, base_url=settings.speech_base_url)
        behind = _background(background)
        if behind:
            from avatar import create_stage  # loads OpenCV, which the other commands need not

            # The stage is set up as the room will do it: whatever it cannot show is said now.
            create_stage(host, hosts_dir=settings.data_dir / "hosts", background=behind)
        spec = RoomSpec(name, merchant, host, voice, behind, True, _push_url(push) or "", process)

        async def create(book: RoomBook, store: Store) -> None:
            if await store.access.merchant(merchant) is None:
                raise RoomCommandError(
                    f"没有商家 {merchant}，先建：zhanggui merchant create {merchant} / no such merchant"
                )
            await book.create(spec)

        run(create, data_dir)
        if running_server(settings) is not None:
            typer.echo(f"直播间 {name} 已建好，运行 zhanggui room start {name} 开播 / now start it")
        else:
            typer.echo(f"直播间 {name} 已建好，运行 zhanggui serve 开播 / now serve")

    @app.command("list")
    def list_rooms(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """所有直播间。/ All rooms."""
        specs: list[RoomSpec] = run(lambda book, _: book.rooms(), data_dir)
        seen = _seen(settings_of(data_dir))
        rows = [{**spec.to_json(), **_now(seen, spec.name)} for spec in specs]
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for spec, row in zip(specs, rows, strict=True):
            place = "\t单独进程" if spec.own_process else ""
            state = _STATES.get(str(row["state"]), row["state"])
            watched = f"\t{row['viewers']} 人在看" if row["viewers"] else ""
            pushed = "".join(f"\t{_output(output)}" for output in row["outputs"])
            typer.echo(f"{spec.name}\t{spec.merchant}\t{spec.host}\t{state}{place}{watched}{pushed}")

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
        push: Annotated[
            str | None, typer.Option("--push", help=f"换推流地址，空为不推；{_PUSH} / push it elsewhere")
        ] = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """开播。/ Put the room on air, now and at every start."""
        address = _push_url(push)
        run(lambda book, _: book.set_running(name, True, own_process=process, push_url=address), data_dir)
        _ask(settings_of(data_dir), name, "start", as_json=as_json)

    @app.command()
    def stop(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """下播。/ Take the room off air."""
        run(lambda book, _: book.set_running(name, False), data_dir)
        if running_server(settings_of(data_dir)) is None:
            _tell({"state": "stopped"}, as_json=as_json)
        else:
            _ask(settings_of(data_dir), name, "stop", missing=True, as_json=as_json)

    @app.command()
    def say(
        name: Name,
        text: Annotated[str, typer.Argument(help="要说的话 / words")],
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """让主播马上说一句话。/ Let the host say something next."""
        _ask(settings_of(data_dir), name, "say", {"text": text}, as_json=as_json)

    @app.command()
    def pause(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """说完这句就休息。/ Hold script and answers back."""
        _ask(settings_of(data_dir), name, "pause", as_json=as_json)

    @app.command()
    def resume(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """继续。/ Go on."""
        _ask(settings_of(data_dir), name, "resume", as_json=as_json)

    return app


def _background(given: str) -> str:
    """As given; a picture by its whole path, since `serve` may run in another folder."""
    picture = Path(given).expanduser()
    return str(picture.resolve()) if given and picture.is_file() else given


def _push_url(push: str | None) -> str | None:
    """The address as given, or typed: command lines are seen by everybody on the machine. Raises `StreamError`."""
    address = sys.stdin.readline().strip() if push == "-" else push
    if address is not None:
        check_targets(address)
    return address


def _seen(settings: Settings) -> dict[str, dict[str, Any]]:
    """The rooms that are on air, as the server that runs here tells; none without one."""
    server = running_server(settings)
    if server is None:
        return {}
    try:
        answer = httpx.get(
            f"{server.url}/api/rooms",
            headers={"Authorization": f"Bearer {server.token}"},
            timeout=_LOOK_S,
            trust_env=False,
        ).raise_for_status()
    except httpx.HTTPError as exc:
        raise RoomCommandError(f"{server.url} 没有回答 / the server does not answer: {type(exc).__name__}") from exc
    return {room["name"]: room for room in answer.json()}


def _now(seen: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    room = seen.get(name, {})
    return {
        "state": room.get("state", "stopped"),
        "viewers": room.get("viewers", 0),
        "outputs": room.get("outputs", []),
    }


def _output(told: dict[str, str]) -> str:
    """Where a room is pushed to, and why it does not arrive there."""
    why = f"（{told['error']}）" if told["error"] else ""
    return f"{told['name']} {_OUTPUTS.get(told['state'], told['state'])}{why}"


def _ask(
    settings: Settings,
    room: str,
    action: str,
    body: dict[str, str] | None = None,
    *,
    missing: bool = False,
    as_json: bool = False,
) -> None:
    """Let the server do it; with `missing` a room that is not on air is as good. Prints what it answered, or that it is
    done."""
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
    if answer.status_code == 404 and not missing:
        raise RoomCommandError(f"没有正在播的直播间 {room}；看看 zhanggui room list / not on air")
    if answer.status_code == 422:
        raise RoomCommandError("要说的话是 1 到 500 个字 / 1 to 500 characters can be said")
    if answer.status_code == 409:
        raise RoomCommandError(f"{room}: {answer.json()['detail']}")
    if answer.is_error and answer.status_code != 404:
        raise RoomCommandError(f"{room}: {answer.status_code} {answer.text[:200]}")
    # Of a room that is not on air there is nothing to tell but that.
    _tell({"state": "stopped"} if answer.is_error else answer.json(), as_json=as_json)


def _tell(answer: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2) if as_json else "好的")

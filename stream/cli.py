"""The command `zhanggui`: one place for everything a merchant, an operator and a machine ask for."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from avatar import AvatarError
from dialogue import DialogueError
from dialogue.store import Store
from knowledge import KnowledgeError
from stream.errors import StreamError
from stream.settings import Settings, load_settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据目录 / data folder", show_default=False)]
Host = Annotated[str | None, typer.Option("--host", help="监听地址，默认 127.0.0.1 / address to bind")]
Port = Annotated[int | None, typer.Option("--port", help="端口，0 为任意空闲端口 / TCP port", min=0, max=65535)]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]

app = typer.Typer(
    name="zhanggui",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"zhanggui {version('zhanggui')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="版本 / version", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """掌柜：数字人直播和私信客服，只说商家自己的资料。/ A live host and a message agent of your own files."""


def _settings(data_dir: Path | None) -> Settings:
    return load_settings(data_dir=data_dir)


@app.command()
def serve(
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="接替正在运行的，观众不断 / take over from the one that runs, without a break"),
    ] = False,
) -> None:
    """开店：打开所有直播间和客服。/ Serve every room and chat of this data folder."""
    from stream.serving import serve_forever

    asyncio.run(serve_forever(load_settings(data_dir=data_dir, host=host, port=port), replace=replace))


@app.command("room-process", hidden=True)
def room_process(
    name: str,
    socket: Annotated[Path, typer.Option("--socket")],
    data_dir: DataDir = None,
) -> None:
    """What `serve` starts for a room in a process of its own."""
    from stream.room_serving import serve_room

    asyncio.run(serve_room(_settings(data_dir), name, socket))


@app.command()
def demo(data_dir: DataDir = None, host: Host = None, port: Port = None) -> None:
    """载入示例店铺并开播。/ Load the demo shop and serve it."""
    from stream.demo.shop_opening import open_demo_shop
    from stream.serving import serve_forever

    settings = load_settings(data_dir=data_dir, host=host, port=port)
    asyncio.run(open_demo_shop(settings, say=lambda line: typer.echo(line)))
    asyncio.run(serve_forever(settings))


@app.command()
def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """检查这台机器：有什么、缺什么、怎么补。/ What is present, what is missing, how to mend it."""
    from stream.command.doctor import examine

    findings = examine(_settings(data_dir))
    if as_json:
        typer.echo(json.dumps([finding.to_json() for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            sign = "✓" if finding.ok else ("✗" if finding.required else "–")
            typer.echo(f"{sign} {finding.what}: {finding.detail}" + ("" if finding.ok else f"\n    → {finding.mend}"))
    if any(finding.required and not finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def chat(
    merchant: Annotated[str, typer.Argument(help="商家 / merchant")] = "demo",
    url: Annotated[str | None, typer.Option("--url", help="服务地址，默认本机 / server, ws://host:port")] = None,
    data_dir: DataDir = None,
) -> None:
    """在终端里和客服聊天。/ Talk to the shopkeeper from a terminal."""
    from stream.command.chat_client import chat as talk
    from stream.command.terminal import typed_lines
    from stream.local_server import local_server

    base = url or local_server(_settings(data_dir)).url.replace("http", "ws", 1)
    asyncio.run(talk(f"{base.rstrip('/')}/ws/chat/{merchant}", lines=typed_lines(), write=typer.echo))


_SERVERS = (["serve"], ["demo"], ["room-process"])
"""Commands that live long and need no other: what the other groups load (60 MB) is left out of them."""


def _mount() -> None:
    """Hang the packages' own command groups under the root; each is handed how to open its part."""
    from avatar import open_models
    from avatar.command.cli import create_app as avatar_app
    from avatar.command.cli import reporting
    from avatar.command.models_cli import create_app as models_app
    from avatar.command.video_cli import add_video_command
    from dialogue.command.access_cli import create_merchant_app, create_token_app
    from dialogue.command.channel_cli import create_channel_app
    from dialogue.command.cli import create_app as leads_app
    from knowledge.command.cli import create_app as knowledge_app
    from stream.backends import postman_of
    from stream.command.backup_cli import add_backup_commands
    from stream.command.room_cli import create_app as room_app
    from stream.command.workplace import open_library, open_store

    def store_of(data_dir: Path | None) -> Awaitable[Store]:
        return open_store(_settings(data_dir))

    app.add_typer(knowledge_app(lambda data_dir: open_library(_settings(data_dir))), name="knowledge")
    app.add_typer(leads_app(store_of, lambda data_dir: postman_of(_settings(data_dir))), name="leads")
    app.add_typer(create_merchant_app(store_of), name="merchant")
    app.add_typer(create_token_app(store_of), name="token")
    app.add_typer(create_channel_app(store_of), name="channel")
    app.add_typer(avatar_app(_settings), name="avatar")
    app.add_typer(models_app(lambda data_dir: open_models(_settings(data_dir).models_dir)), name="models")
    app.add_typer(room_app(_settings), name="room")
    add_video_command(app, _settings, reporting)
    add_backup_commands(app, _settings)


def main(arguments: list[str] | None = None) -> None:
    """Run the command; errors made on purpose are one line on stderr and exit code 1, wrong usage is 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] not in _SERVERS:
        _mount()
    guarded(lambda: app(args=arguments))


def guarded(run: Callable[[], object]) -> None:
    """Turn a known error into one line and exit code 1."""
    try:
        run()
    except (StreamError, DialogueError, KnowledgeError, AvatarError) as error:
        typer.echo(f"zhanggui: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()

"""`zhanggui channel …`: platforms whose private messages this shop answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from dialogue.command.shell import Actor, AsJson, DataDir, Merchant, OpenStore, only, print_json, run
from dialogue.platform import JoinedChannel
from dialogue.store import Store


def create_channel_app(open_store: OpenStore) -> typer.Typer:
    """The command group `channel`."""
    app = typer.Typer(no_args_is_help=True, help="平台渠道：接入、查看、移除别的平台的私信（docs/channels.md）。")

    @app.command()
    def add(
        name: Annotated[str, typer.Argument(help="渠道名：小写字母、数字、- 和 _，如 weshop")],
        address: Annotated[str, typer.Argument(help="收回答的网址（POST）")],
        merchant: Merchant = None,
        secret: Annotated[str, typer.Option("--secret", help="双向签名的密钥（whsec_…）；不写就新生成一个")] = "",
        actor: Actor = "cli",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """接入一个平台；同名的再写一次就是修改。服务不用重启。"""

        async def work(store: Store) -> JoinedChannel:
            return await store.platforms.add(
                await only(store, merchant), name=name, address=address, secret=secret, actor=actor
            )

        row = run(open_store, data_dir, work)
        if as_json:
            print_json(row.to_json() | {"secret": row.secret})
            return
        typer.echo(f"已接入 {row.name}，平台把消息发到 POST {row.inbound}")
        if not secret:
            typer.echo(f"签名密钥（只显示这一次）：{row.secret}")

    @app.command("list")
    def list_channels(merchant: Merchant = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """列出渠道，和还没送到的会话；密钥不显示。"""

        async def work(store: Store) -> Sequence[JoinedChannel]:
            return await store.platforms.list(merchant)

        rows = run(open_store, data_dir, work)
        if as_json:
            print_json([row.to_json() for row in rows])
            return
        if not rows:
            typer.echo("还没有接入平台；接入一个：zhanggui channel add 渠道名 https://收回答的网址")
        for row in rows:
            typer.echo(describe(row))

    @app.command()
    def remove(
        name: Annotated[str, typer.Argument(help="渠道名")],
        merchant: Merchant = None,
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """移除一个渠道；还没送出的不再送，会话记录保留。"""

        async def work(store: Store) -> None:
            await store.platforms.remove(await only(store, merchant), name, actor=actor)

        run(open_store, data_dir, work)
        typer.echo(f"已移除 {name}")

    return app


def describe(row: JoinedChannel) -> str:
    """One channel on one line."""
    one = row.to_json()
    late = f"{row.waiting} 个会话没送到" if row.waiting else ""
    lost = f"放弃 {row.lost} 条" if row.lost else ""
    parts = (row.merchant, row.name, one["address"], late, lost, row.last_error if row.waiting or row.lost else "")
    return "  ".join(part for part in parts if part)

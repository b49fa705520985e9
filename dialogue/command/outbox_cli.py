"""`zhanggui leads replay`, `outbox`, `target …`: where leads are passed on to, and what did not arrive."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dialogue.command.shell import Actor, AsJson, DataDir, Merchant, OpenStore, fail, only, print_json, run
from dialogue.lead import OutboxRow, Postman, Target, TargetKind
from dialogue.store import Store

_STATES = ("pending", "delivered", "dead")


OpenPostman = Callable[[Path | None], Postman]
"""`--data-dir` to what carries messages out; the caller closes it."""


def add_outbox_commands(app: typer.Typer, open_store: OpenStore, open_postman: OpenPostman) -> None:
    """Adds the commands to the group `leads`."""
    targets = typer.Typer(no_args_is_help=True, help="线索转交到哪里：webhook、邮箱、企业微信/钉钉/飞书机器人。")
    app.add_typer(targets, name="target")

    @app.command()
    def replay(
        message: Annotated[str | None, typer.Argument(help="消息编号；不写就重发全部死信")] = None,
        merchant: Merchant = None,
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """重发没有送达的消息（编号不变，对方可以去重）。"""

        async def work(store: Store) -> int:
            return await store.outbox.replay(await only(store, merchant), message_id=message, actor=actor)

        typer.echo(f"已放回发送队列：{run(open_store, data_dir, work)} 条")

    @app.command()
    def outbox(
        merchant: Merchant = None,
        state: Annotated[str | None, typer.Option("--state", help="pending、delivered 或 dead")] = None,
        limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 50,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """查看转交队列和死信。"""
        if state is not None and state not in _STATES:
            raise typer.BadParameter("--state 只能是 pending、delivered 或 dead / must be one of these")

        async def work(store: Store) -> list[OutboxRow]:
            return list(await store.outbox.messages(await only(store, merchant), state=state, limit=limit))

        rows = run(open_store, data_dir, work)
        if as_json:
            print_json([asdict(row) for row in rows])
            return
        if not rows:
            typer.echo("队列是空的。")
        for row in rows:
            typer.echo(
                f"{row.id}  {row.state}  第 {row.attempts} 次  {row.event}  {row.lead_id}  {row.last_error}".rstrip()
            )

    @targets.command("add")
    def add(
        kind: Annotated[TargetKind, typer.Argument(help="webhook、email、wecom、dingtalk 或 feishu")],
        address: Annotated[str, typer.Argument(help="网址，或邮箱")],
        merchant: Merchant = None,
        secret: Annotated[str, typer.Option("--secret", help="签名密钥；webhook 不写就新生成一个")] = "",
        label: Annotated[str, typer.Option("--label", help="名称")] = "",
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """添加一个转交目标。只有客户同意“转交”的线索才会发出去。"""

        async def work(store: Store) -> Target:
            return await store.outbox.add_target(
                await only(store, merchant), kind=kind, address=address, secret=secret, label=label, actor=actor
            )

        target = run(open_store, data_dir, work)
        typer.echo(f"已添加 {target.id}")
        if kind == TargetKind.WEBHOOK and not secret:
            typer.echo(f"签名密钥（只显示这一次）：{target.secret}")

    @targets.command("list")
    def list_targets(merchant: Merchant = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """列出转交目标；地址里的密钥不显示。"""

        async def work(store: Store) -> list[Target]:
            return list(await store.outbox.targets(await only(store, merchant)))

        rows = run(open_store, data_dir, work)
        shown = [{"id": row.id, "kind": row.kind, "label": row.label, "address": row.shown_address} for row in rows]
        if as_json:
            print_json(shown)
            return
        if not shown:
            typer.echo("还没有转交目标。")
        for one in shown:
            typer.echo("  ".join(one.values()))

    @targets.command("test")
    def test(
        target: Annotated[str, typer.Argument(help="目标编号")],
        merchant: Merchant = None,
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """发一条编造的线索过去，看能不能收到；不含任何顾客的数据。"""

        async def work(store: Store) -> str | None:
            async with aclosing(open_postman(data_dir)) as postman:
                return await store.outbox.try_target(await only(store, merchant), target, postman, actor=actor)

        problem = run(open_store, data_dir, work)
        if problem is not None:
            fail(f"没送到 / not delivered: {problem}")
        typer.echo("测试消息已送达")

    @targets.command("remove")
    def remove(
        target: Annotated[str, typer.Argument(help="目标编号")],
        merchant: Merchant = None,
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """移除一个转交目标；还没发出的不再发。"""

        async def work(store: Store) -> None:
            await store.outbox.remove_target(await only(store, merchant), target, actor=actor)

        run(open_store, data_dir, work)
        typer.echo(f"已移除 {target}")

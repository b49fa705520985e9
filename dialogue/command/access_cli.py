"""`zhanggui merchant …` and `zhanggui token …`: shops, and who may enter them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from dialogue.access import MerchantRow, Role, TokenRow
from dialogue.command.shell import Actor, AsJson, DataDir, Merchant, OpenStore, only, print_json, run
from dialogue.store import Store


def create_merchant_app(open_store: OpenStore) -> typer.Typer:
    """The command group `merchant`."""
    app = typer.Typer(no_args_is_help=True, help="商家：新建、查看、移除。")

    @app.command()
    def create(
        merchant: Annotated[str, typer.Argument(help="商家编号：小写字母、数字、- 和 _")],
        name: Annotated[str, typer.Option("--name", help="店名")] = "",
        data_dir: DataDir = None,
    ) -> None:
        """新建一个商家。"""
        row = run(open_store, data_dir, lambda store: store.access.create_merchant(merchant, name=name))
        typer.echo(f"已新建商家 {row.id}（{row.name}）")

    @app.command("list")
    def list_merchants(
        removed: Annotated[bool, typer.Option("--removed", help="也列出已移除的")] = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """列出商家。"""

        async def work(store: Store) -> list[MerchantRow]:
            return await store.access.merchants(removed=removed)

        rows = run(open_store, data_dir, work)
        if as_json:
            print_json([asdict(row) for row in rows])
            return
        if not rows:
            typer.echo("还没有商家；新建一个：zhanggui merchant create 编号 --name 店名")
        for row in rows:
            parts = (row.id, row.name, " ".join(row.origins), "（已移除）" if row.removed_at_ms else "")
            typer.echo("  ".join(part for part in parts if part))

    @app.command("set")
    def set_merchant(
        merchant: Annotated[str, typer.Argument(help="商家编号")],
        name: Annotated[str | None, typer.Option("--name", help="店名", show_default=False)] = None,
        origin: Annotated[
            list[str] | None,
            typer.Option(
                "--origin", help="允许嵌入客服的网站，如 https://shop.example；可写多次，替换原来的", show_default=False
            ),
        ] = None,
        no_origins: Annotated[bool, typer.Option("--no-origins", help="只许本机页面嵌入")] = False,
        actor: Actor = "cli",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """修改一个商家：店名、允许嵌入客服的网站；马上生效。"""
        if no_origins and origin:
            raise typer.BadParameter("--origin 和 --no-origins 只能写一个 / take one of the two")
        if name is None and not origin and not no_origins:
            raise typer.BadParameter("写要改什么：--name、--origin 或 --no-origins / say what to change")
        origins = [] if no_origins else origin or None

        async def work(store: Store) -> MerchantRow:
            return await store.access.set_merchant(merchant, name=name, origins=origins, actor=actor)

        row = run(open_store, data_dir, work)
        if as_json:
            print_json(asdict(row))
            return
        typer.echo(f"{row.id}（{row.name}）；允许嵌入的网站：{'、'.join(row.origins) or '只有本机页面'}")

    @app.command()
    def remove(
        merchant: Annotated[str, typer.Argument(help="商家编号")],
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """移除一个商家并作废它的令牌；线索保留，直到过期或被删除。"""

        async def work(store: Store) -> None:
            await store.access.remove_merchant(merchant, actor=actor)

        run(open_store, data_dir, work)
        typer.echo(f"已移除商家 {merchant}")

    return app


def create_token_app(open_store: OpenStore) -> typer.Typer:
    """The command group `token`."""
    app = typer.Typer(no_args_is_help=True, help="令牌：后台和接口的登录凭证。")

    @app.command()
    def create(
        merchant: Merchant = None,
        role: Annotated[Role, typer.Option("--role", help="owner、operator 或 viewer")] = Role.OPERATOR,
        label: Annotated[str, typer.Option("--label", help="给谁用的")] = "",
        days: Annotated[int | None, typer.Option("--days", help="几天后失效，不写为长期", min=1, max=3650)] = None,
        actor: Actor = "cli",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """新建一个令牌；完整内容只显示这一次。"""

        async def work(store: Store) -> tuple[TokenRow, str]:
            return await store.access.create_token(
                await only(store, merchant),
                role=role,
                label=label,
                lifetime_s=None if days is None else days * 86_400,
                actor=actor,
            )

        row, secret = run(open_store, data_dir, work)
        if as_json:
            print_json({**asdict(row), "token": secret})
            return
        typer.echo(f"{row.id}（{row.merchant}，{row.role}），请现在保存，以后看不到：\n{secret}")

    @app.command("list")
    def list_tokens(merchant: Merchant = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """列出令牌（不含内容）。"""

        async def work(store: Store) -> list[TokenRow]:
            return await store.access.tokens(merchant)

        rows = run(open_store, data_dir, work)
        if as_json:
            print_json([asdict(row) for row in rows])
            return
        if not rows:
            typer.echo("还没有令牌；新建一个：zhanggui token create")
        for row in rows:
            typer.echo(
                f"{row.id}  {row.merchant}  {row.role}  {row.label}" + ("  （已作废）" if row.revoked_at_ms else "")
            )

    @app.command()
    def revoke(
        token: Annotated[str, typer.Argument(help="令牌编号（tok_…）")],
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """马上作废一个令牌。"""

        async def work(store: Store) -> None:
            await store.access.revoke_token(token, actor=actor)

        run(open_store, data_dir, work)
        typer.echo(f"已作废 {token}")

    return app

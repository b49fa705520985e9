"""`zhanggui leads …`: thin shell over the store; Chinese for people, `--json` for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dialogue.command.lead_lines import PURPOSES, STATES, day_of, describe, describe_funnel
from dialogue.command.outbox_cli import OpenPostman, add_outbox_commands
from dialogue.command.shell import (
    BEIJING,
    Actor,
    AsJson,
    DataDir,
    Merchant,
    OpenStore,
    Since,
    Until,
    Zone,
    fail,
    only,
    print_json,
    read_days,
    read_zone,
    run,
)
from dialogue.lead import ConsentState, FunnelRow, LeadRow, Purpose, Retention, uplift
from dialogue.store import Store
from dialogue.store.spending import SpentDay


def create_app(open_store: OpenStore, open_postman: OpenPostman) -> typer.Typer:
    """The command group `leads`; `open_store` and `open_postman` get what `--data-dir` said."""
    app = typer.Typer(no_args_is_help=True, help="客户线索：查看、导出、删除、统计、转交。")

    @app.command("list")
    def list_leads(
        merchant: Merchant = None,
        reveal: Annotated[bool, typer.Option("--reveal", help="显示完整联系方式（记入审计）")] = False,
        partial: Annotated[bool, typer.Option("--partial", help="只看还没有联系方式的")] = False,
        complete: Annotated[bool, typer.Option("--complete", help="只看有联系方式的")] = False,
        since: Since = None,
        until: Until = None,
        zone: Zone = BEIJING,
        limit: Annotated[int, typer.Option("--limit", help="最多几条", min=1, max=100_000)] = 100,
        actor: Actor = "cli",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """列出线索，最新的在前；联系方式默认打码。"""
        if partial and complete:
            raise typer.BadParameter("--partial 和 --complete 不能一起用 / take one of the two")
        begin, end = read_days(since, until, read_zone(zone))

        async def work(store: Store) -> Sequence[LeadRow]:
            rows = await store.leads.list(
                merchant,
                complete=True if complete else False if partial else None,
                since_ms=begin,
                until_ms=end,
                limit=limit,
            )
            if not reveal:
                return rows
            shown: dict[str, LeadRow] = {}
            for name in {row.merchant for row in rows}:
                ids = [row.id for row in rows if row.merchant == name]
                shown |= {row.id: row for row in await store.leads.reveal(name, ids, actor=actor)}
            return [shown[row.id] for row in rows if row.id in shown]

        rows = run(open_store, data_dir, work)
        if as_json:
            print_json([row.as_json() for row in rows])
            return
        if not rows:
            typer.echo("还没有线索。")
        for row in rows:
            typer.echo(describe(row, read_zone(zone)))

    @app.command()
    def export(
        contact: Annotated[
            str | None, typer.Argument(help="某位客户的联系方式：导出关于这位客户的全部数据（JSON）")
        ] = None,
        csv: Annotated[
            Path | None, typer.Option("--csv", help="导出 CSV 到这个文件，- 为屏幕", show_default=False)
        ] = None,
        merchant: Merchant = None,
        since: Since = None,
        until: Until = None,
        zone: Zone = BEIJING,
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """导出：给商家的 CSV（只含已同意联系的），或按联系方式导出一位客户的全部数据。"""
        if (contact is None) == (csv is None):
            raise typer.BadParameter("写一个联系方式，或者 --csv 文件，二选一 / give a contact, or --csv FILE")
        place = read_zone(zone)
        begin, end = read_days(since, until, place)

        async def person(store: Store) -> Sequence[Any]:
            return await store.leads.export_contact(await only(store, merchant), contact or "", actor=actor)

        async def table(store: Store) -> tuple[str, int]:
            return await store.leads.export_csv(
                await only(store, merchant), actor=actor, zone=place, since_ms=begin, until_ms=end
            )

        if csv is None:
            print_json(run(open_store, data_dir, person))
            return
        text, count = run(open_store, data_dir, table)
        if str(csv) == "-":
            sys.stdout.write(text)
            return
        try:
            csv.write_text(text, encoding="utf-8", newline="")
            csv.chmod(0o600)
        except OSError as exc:
            fail(f"{csv} 写不了（{exc.strerror}），换一个位置 / cannot be written; choose another place")
        typer.echo(f"已导出 {count} 条到 {csv}")

    @app.command()
    def erase(
        contact: Annotated[str, typer.Argument(help="客户的手机号、微信号（wechat:ID）、QQ（qq:号码）或邮箱")],
        merchant: Merchant = None,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="不再询问")] = False,
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """按联系方式删除一位客户的全部线索、同意记录和聊天原文，不能恢复。"""
        if not yes:
            typer.confirm("删除后不能恢复，确定吗？", abort=True)

        async def work(store: Store) -> int:
            return await store.leads.erase_contact(await only(store, merchant), contact, actor=actor)

        count = run(open_store, data_dir, work)
        if count == 0:
            fail("没有这个联系方式的线索 / no lead holds this contact; see: zhanggui leads list")
        typer.echo(f"已删除 {count} 条线索")

    @app.command()
    def consent(
        lead: Annotated[str, typer.Argument(help="线索编号（lead_…）")],
        purpose: Annotated[Purpose, typer.Argument(help="contact 联系顾客，share 转交别的系统")],
        state: Annotated[ConsentState, typer.Argument(help="granted、refused 或 withdrawn")],
        merchant: Merchant = None,
        actor: Actor = "cli",
        data_dir: DataDir = None,
    ) -> None:
        """补记顾客在别处说的同意或撤回，比如电话里；记入审计。"""

        async def work(store: Store) -> None:
            await store.leads.set_consent(await only(store, merchant), lead, purpose, state, actor=actor)

        run(open_store, data_dir, work)
        typer.echo(f"已记下：{PURPOSES[purpose]}{STATES[state]}")

    @app.command()
    def stats(
        merchant: Merchant = None,
        by: Annotated[
            str | None, typer.Option("--by", help="分组：day、channel、product 或 variant", show_default=False)
        ] = None,
        since: Since = None,
        until: Until = None,
        zone: Zone = BEIJING,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """漏斗：会话 → 开口 → 留资 → 有效留资；首响时间、回答、反问、拒答、转人工、单条成本。"""
        if by is not None and by not in ("day", "channel", "product", "variant"):
            raise typer.BadParameter("--by 只能是 day、channel、product 或 variant / must be one of these")
        place = read_zone(zone)
        begin, end = read_days(since, until, place)

        async def work(
            store: Store,
        ) -> tuple[Sequence[FunnelRow], Sequence[FunnelRow], Sequence[Any], Sequence[SpentDay]]:
            name = await only(store, merchant)
            return (
                await store.leads.stats(name, by=by, zone=place, since_ms=begin, until_ms=end),
                await store.leads.stats(name, by="variant", zone=place, since_ms=begin, until_ms=end),
                await store.leads.unanswered(name, since_ms=begin),
                await store.spending.days(name, since=day_of(begin, place), until=day_of(end, place, before=True)),
            )

        rows, arms, questions, spent = run(open_store, data_dir, work)
        gain = uplift(arms)
        if as_json:
            print_json(
                {
                    "rows": [asdict(row) for row in rows],
                    "uplift": asdict(gain) if gain else None,
                    "unanswered": [asdict(one) for one in questions],
                    "spending": [asdict(one) for one in spent],
                }
            )
            return
        if not rows:
            typer.echo("这段时间还没有会话。")
        for row in rows:
            typer.echo(describe_funnel(row))
        if gain:
            typer.echo(
                f"主动邀约的提升：{gain.asked:.1%} 比对照组 {gain.held_out:.1%}，"
                f"相差 {gain.difference:+.1%}（95% 区间 {gain.low:+.1%} 到 {gain.high:+.1%}）"
            )
        if spent:
            tokens = sum(day.usage.tokens for day in spent)
            cost = sum(day.cost_micros for day in spent) / 1e6
            typer.echo(f"大模型：{sum(day.requests for day in spent)} 次，{tokens} 词元，费用 {cost:.4f}")
        for one in questions:
            typer.echo(f"没答上来的问题（{one.count} 次）：{one.text}")

    @app.command("rotate-key")
    def rotate_key(actor: Actor = "cli", data_dir: DataDir = None) -> None:
        """更换加密密钥，把所有数据重新加密；服务可以照常运行。"""
        count = run(open_store, data_dir, lambda store: store.leads.rotate_key(actor=actor))
        typer.echo(f"密钥已更换，重新加密 {count} 项。请备份新的密钥文件，旧的已作废")

    @app.command()
    def purge(
        lead_days: Annotated[int, typer.Option("--lead-days", help="线索保留几天", min=1)] = 365,
        conversation_days: Annotated[
            int, typer.Option("--conversation-days", help="没留资的会话保留几天", min=1)
        ] = 180,
        data_dir: DataDir = None,
    ) -> None:
        """删除超过保留期的线索和会话（服务运行时每小时自动做一次）。"""

        async def work(store: Store) -> tuple[int, int]:
            leads = talks = 0
            while True:
                done = await store.leads.purge(Retention(lead_days, conversation_days))
                leads, talks = leads + done.leads, talks + done.conversations
                if not done.more:
                    return leads, talks

        leads, talks = run(open_store, data_dir, work)
        typer.echo(f"已删除 {leads} 条线索、{talks} 个会话")

    @app.command()
    def audit(
        merchant: Merchant = None,
        limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 50,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """谁看过、导出过、删除过什么。"""
        rows = run(open_store, data_dir, lambda store: store.leads.audits(merchant, limit=limit))
        if as_json:
            print_json([asdict(row) for row in rows])
            return
        for row in rows:
            when = datetime.fromtimestamp(row.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
            typer.echo(f"{when}  {row.actor}  {row.action}  {row.subject}  {row.detail}".rstrip())

    add_outbox_commands(app, open_store, open_postman)
    return app

"""What the commands of `dialogue` share: their options, opening the store, errors, days and zones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from dialogue.errors import DialogueError
from dialogue.store import Store

OpenStore = Callable[[Path | None], Awaitable[Store]]
"""`--data-dir` to an open store."""

Result = TypeVar("Result")
Merchant = Annotated[str | None, typer.Option("--merchant", "-m", help="商家；只有一家时可以不写", show_default=False)]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据文件夹；不写就用默认的", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON，给程序读")]
Actor = Annotated[str, typer.Option("--actor", help="谁在操作，记入审计")]
Since = Annotated[str | None, typer.Option("--since", help="从哪天起，YYYY-MM-DD", show_default=False)]
Until = Annotated[str | None, typer.Option("--until", help="到哪天止（含当天），YYYY-MM-DD", show_default=False)]
Zone = Annotated[str, typer.Option("--zone", help="按哪个时区算日期")]

BEIJING = "Asia/Shanghai"


def run(open_store: OpenStore, data_dir: Path | None, work: Callable[[Store], Awaitable[Result]]) -> Result:
    """Opens the store, runs `work`, closes it; an error made on purpose becomes one line and exit code 1."""

    async def whole() -> Result:
        async with await open_store(data_dir) as store:
            return await work(store)

    try:
        return asyncio.run(whole())
    except DialogueError as exc:
        fail(str(exc))


def fail(message: str) -> NoReturn:
    """One line on stderr, exit code 1."""
    typer.echo(f"zhanggui: {message}", err=True)
    raise typer.Exit(1)


async def only(store: Store, merchant: str | None) -> str:
    """The merchant named, or the only one there is."""
    known = [row.id for row in await store.access.merchants()]
    if merchant is None:
        if len(known) == 1:
            return known[0]
        names = "、".join(known) or "还没有 / none yet"
        raise DialogueError(f"请用 --merchant 指定商家 / choose one with --merchant: {names}")
    return merchant


def print_json(value: object) -> None:
    """JSON for programs, UTF-8 as it is."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def read_zone(name: str) -> tzinfo:
    """The time zone; Beijing's also where the machine has no zone data."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        if name == BEIJING:
            return timezone(timedelta(hours=8), "CST")
        raise typer.BadParameter(f"不认识的时区 / unknown time zone: {name}") from None


def read_days(since: str | None, until: str | None, zone: tzinfo) -> tuple[int | None, int | None]:
    """The period from the start of `since` to the end of `until`, milliseconds since 1970."""
    try:
        begin = datetime.fromisoformat(since).replace(tzinfo=zone) if since else None
        end = datetime.fromisoformat(until).replace(tzinfo=zone) + timedelta(days=1) if until else None
    except ValueError:
        raise typer.BadParameter("日期要写成 YYYY-MM-DD / write a date as YYYY-MM-DD") from None
    return (
        None if begin is None else int(begin.timestamp() * 1000),
        None if end is None else int(end.timestamp() * 1000),
    )

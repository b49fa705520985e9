"""`zhanggui models …`: which model files there are, and fetching them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from avatar.models.carrier import CarrierError, Model, ModelStore

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据文件夹")]


def create_app(open_store: Callable[[Path | None], ModelStore]) -> typer.Typer:
    """Return the command group; `open_store` is given `--data-dir`."""
    app = typer.Typer(help="模型文件：查看与下载", no_args_is_help=True)

    @app.command("list")
    def list_models(
        data_dir: DataDir = None, as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False
    ) -> None:
        """列出模型、来源、许可和是否已下载。"""
        store = open_store(data_dir)
        rows = [_row(store, model) for model in store.models.values()]
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for row in rows:
            sign = "✓" if row["present"] else ("–" if row["optional"] else "✗")
            typer.echo(f"{sign} {row['name']:18} {row['megabytes']:>6} MB  {row['purpose']}  [{row['licence']}]")
        typer.echo(f"目录：{store.root}")

    @app.command("fetch")
    def fetch(
        names: Annotated[list[str] | None, typer.Argument(help="模型名；不写则下载运行所需的全部")] = None,
        with_tests: Annotated[bool, typer.Option("--with-tests", help="连测试与测量用的模型一起下载")] = False,
        data_dir: DataDir = None,
    ) -> None:
        """下载缺少的模型（通过 pip 和 npm），校验 SHA-256；中断后再次运行会接着下载。"""
        store = open_store(data_dir)
        wanted = names or [m.name for m in store.models.values() if with_tests or not m.optional]
        missing = [store.model(name) for name in wanted if not store.present(name)]
        if not missing:
            typer.echo("模型都已就绪")
            return
        console = Console(stderr=True)
        failures = _fetch_each(store, missing, console)
        for model, failure in failures:
            hint = f"\n  {model.fallback}" if model.fallback else ""
            console.print(f"[yellow]{model.name}：{failure}{hint}[/yellow]", highlight=False)
        if any(not model.fallback for model, _ in failures) or (names and failures):
            raise typer.Exit(1)

    return app


def _fetch_each(store: ModelStore, models: list[Model], console: Console) -> list[tuple[Model, CarrierError]]:
    """Fetch one model after another behind one progress bar; returns those that failed and why."""
    failures = []
    columns = (TextColumn("{task.description:42}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("下载模型", total=sum(model.size for model in models))
        done = 0
        for model in models:

            def advance(now: int, _total: int, what: str, before: int = done) -> None:
                bar.update(task, completed=before + now, description=what)

            try:
                store.fetch([model.name], progress=advance)
            except CarrierError as exc:
                failures.append((model, exc))
            done += model.size
            bar.update(task, completed=done)
    return failures


def _row(store: ModelStore, model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "purpose": model.purpose,
        "licence": model.licence,
        "megabytes": round(model.size / 1e6),
        "present": store.present(model.name),
        "optional": model.optional,
        "carriers": [f"{carrier.registry}:{carrier.title}" for carrier in model.carriers],
    }

"""How the knowledge commands behave at a terminal: errors in one line, progress while files are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from knowledge.errors import KnowledgeError


@contextmanager
def reported(interrupted: str = "已中断") -> Iterator[None]:
    """Errors raised on purpose become one line on stderr and exit code 1."""
    try:
        yield
    except KnowledgeError as exc:
        typer.echo(f"错误：{exc}", err=True)
        raise typer.Exit(1) from exc
    except OSError as exc:
        typer.echo(f"错误：{exc.filename or '磁盘'}：{exc.strerror or exc}", err=True)
        raise typer.Exit(1) from exc
    except KeyboardInterrupt as exc:
        typer.echo(interrupted, err=True)
        raise typer.Exit(1) from exc


@contextmanager
def progress_bars() -> Iterator[tuple[Callable[[int, int], None], Callable[[int, int], None]]]:
    """Two progress bars on stderr: files read, passages embedded. Silent where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        read = progress.add_task("读取文件", total=None)
        embed = progress.add_task("建立索引", total=None, visible=False)
        yield (
            lambda done, total: progress.update(read, completed=done, total=total),
            lambda done, total: progress.update(
                embed,
                completed=done,
                total=total,
                visible=True,
                # After the last passage the index is calibrated and synced, which takes a moment too.
                description="建立索引" if done < total else "校准把握",
            ),
        )

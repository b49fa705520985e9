"""`zhanggui knowledge …`: thin shell over `Library`; Chinese for people, `--json` for programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from knowledge.diff import describe
from knowledge.document import RefusedError
from knowledge.errors import KnowledgeError
from knowledge.evaluation_command import add_eval
from knowledge.evidence import Evidence
from knowledge.library import Library
from knowledge.limits import MEBIBYTE, Limits
from knowledge.lint import EVERYDAY_QUESTIONS, Severity
from knowledge.listing import (
    evidence_to_json,
    print_documents,
    print_evidence,
    print_findings,
    print_json,
    print_summary,
    print_versions,
)
from knowledge.parsers.plain import decode
from knowledge.template import write_template

OpenLibrary = Callable[[Path | None], Library]

Merchant = Annotated[str, typer.Option("--merchant", "-m", help="商家名（英文字母、数字、- 和 _）")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据文件夹；不写就用默认的")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON，给程序读")]


def create_app(open_library: OpenLibrary) -> typer.Typer:
    """The command group; `open_library` gets what `--data-dir` said."""
    app = typer.Typer(no_args_is_help=True, help="商家知识库：添加文件、检查、比较、发布、退回。")

    @app.command()
    def add(
        paths: Annotated[list[Path], typer.Argument(help="文件、文件夹或通配符", metavar="PATH...")],
        merchant: Merchant,
        publish: Annotated[bool, typer.Option("--publish", help="添加后马上发布")] = False,
        mirror: Annotated[bool, typer.Option("--mirror", help="文件夹里已经删掉的文件，也从知识库移除")] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会发生什么，不写任何东西")] = False,
        mapping: Annotated[
            Path | None, typer.Option("--mapping", help="列名对照文件（.json 或 .csv：列名,含义）")
        ] = None,
        strict: Annotated[bool, typer.Option("--strict", help="有文件被拒绝就算失败")] = False,
        max_file_mb: Annotated[int | None, typer.Option("--max-file-mb", min=1, help="单个文件最大多少 MB")] = None,
        max_rows: Annotated[int | None, typer.Option("--max-rows", min=1, help="一张表最多多少行")] = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """添加或更新文件，生成一个草稿版本。没有变化的文件不会重复处理。"""
        with _reported("已中断：草稿没有改动，已发布的版本不受影响"):
            if publish and dry_run:
                raise typer.BadParameter("--publish 和 --dry-run 不能一起用")
            library = open_library(data_dir)
            if max_file_mb is not None:
                library.limits = replace(library.limits, file_bytes=max_file_mb * MEBIBYTE)
            if max_rows is not None:
                library.limits = replace(library.limits, rows=max_rows)
            meanings = read_mapping(mapping) if mapping else None
            with _bars() as (reading, embedding):
                summary = library.add(
                    merchant,
                    paths,
                    mapping=meanings,
                    mirror=mirror,
                    dry_run=dry_run,
                    reading=reading,
                    progress=embedding,
                )
            live = None
            if publish and library.pointer(merchant).draft is not None:
                _warn(library, merchant, strict=False)
                live = library.publish(merchant).version
            if as_json:
                print_json({**asdict(summary), "dry_run": dry_run, "published": live})
            else:
                print_summary(summary, dry_run=dry_run, live=live)
            taken = summary.added or summary.changed or summary.unchanged or summary.removed
            if summary.refused and (strict or not taken):
                raise typer.Exit(1)

    @app.command()
    def remove(
        names: Annotated[
            list[str], typer.Argument(help="文件名，和 list 显示的一样；可以用 * 和 ?", metavar="NAME...")
        ],
        merchant: Merchant,
        publish: Annotated[bool, typer.Option("--publish", help="移除后马上发布")] = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """移除文件，生成一个草稿版本。发布后，这些文件里的内容就不会再被回答。"""
        with _reported("已中断：草稿没有改动，已发布的版本不受影响"):
            library = open_library(data_dir)
            with _bars() as (_, embedding):
                summary = library.remove(merchant, names, progress=embedding)
            live = library.publish(merchant).version if publish and summary.draft else None
            if as_json:
                print_json({**asdict(summary), "published": live})
            else:
                print_summary(summary, dry_run=False, live=live)
            if summary.refused and not summary.removed:
                raise typer.Exit(1)

    @app.command("list")
    def list_files(
        merchant: Merchant,
        draft: Annotated[bool, typer.Option("--draft", help="列出草稿里的文件")] = False,
        versions: Annotated[bool, typer.Option("--versions", help="列出发布过的版本")] = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """列出已发布（或草稿）的文件和版本。"""
        with _reported():
            library = open_library(data_dir)
            if versions:
                print_versions(library, merchant, as_json=as_json)
            else:
                print_documents(library, merchant, draft=draft, as_json=as_json)

    @app.command()
    def search(
        question: Annotated[str, typer.Argument(help="顾客会问的话")],
        merchant: Merchant,
        product: Annotated[str | None, typer.Option("--product", help="顾客正在看的商品：编号或名称")] = None,
        limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="最多几段")] = 6,
        draft: Annotated[bool, typer.Option("--draft", help="在草稿里找")] = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """试一个问题：找到了什么，有没有把握回答。"""
        with _reported():
            evidence = _search(open_library(data_dir), question, merchant, product, limit, draft=draft)
            if as_json:
                print_json(evidence_to_json(evidence))
            else:
                print_evidence(evidence)

    @app.command("diff")
    def diff_versions(
        merchant: Merchant,
        before: Annotated[str | None, typer.Option("--from", help="版本；不写就是已发布的版本")] = None,
        after: Annotated[str | None, typer.Option("--to", help="版本；不写就是草稿")] = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """发布草稿会改变什么：价格、答案、商品、文件。"""
        with _reported():
            diff = open_library(data_dir).diff(merchant, before=before, after=after)
            if as_json:
                print_json(asdict(diff))
            else:
                typer.echo(f"{diff.before or '（还没有发布）'} → {diff.after}")
                for line in describe(diff):
                    typer.echo(line)

    @app.command("lint")
    def check(
        merchant: Merchant,
        questions: Annotated[
            Path | None, typer.Option("--questions", help="顾客常问的问题，一行一个；不写就用内置的")
        ] = None,
        quick: Annotated[bool, typer.Option("--quick", help="不试问题，只检查内容")] = False,
        strict: Annotated[bool, typer.Option("--strict", help="有错误就算失败（退出码 1）")] = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """发布前检查草稿：价格打架、促销过期、广告法禁用语、重复问题、问不到的问题。"""
        with _reported():
            asked = EVERYDAY_QUESTIONS if questions is None else _lines(questions)
            findings = open_library(data_dir).lint(merchant, questions=None if quick else asked)
            if as_json:
                print_json([asdict(finding) for finding in findings])
            else:
                print_findings(findings)
            if strict and any(finding.severity is Severity.ERROR for finding in findings):
                raise typer.Exit(1)

    @app.command()
    def template(
        path: Annotated[Path, typer.Argument(help="写到哪个 .xlsx 文件或文件夹")] = Path("知识库模板.xlsx"),
        force: Annotated[bool, typer.Option("--force", help="覆盖已有的文件")] = False,
        data_dir: DataDir = None,
    ) -> None:
        """生成可以直接填写的商品和问答模板。"""
        with _reported():
            target = write_template(path, overwrite=force)
            typer.echo(f"已生成 {target}：填好后执行 knowledge add {target} --merchant 商家名")

    @app.command()
    def publish(
        merchant: Merchant,
        strict: Annotated[bool, typer.Option("--strict", help="检查出错误就不发布（退出码 1）")] = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """发布草稿：一步切换，正在进行的对话不受影响。"""
        with _reported("已中断：已发布的版本不受影响"):
            library = open_library(data_dir)
            if library.pointer(merchant).draft is not None:
                _warn(library, merchant, strict=strict)
            done = library.publish(merchant)
            if as_json:
                print_json({**asdict(done), "at": done.at.isoformat()})
            else:
                before = f"（之前是 {done.previous}）" if done.previous else ""
                typer.echo(f"已发布 {done.version}{before}")

    @app.command()
    def rollback(
        merchant: Merchant,
        to: Annotated[str | None, typer.Option("--to", help="退回到这个版本；不写就退回上一个")] = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """退回到以前发布过的版本。"""
        with _reported("已中断：已发布的版本不受影响"):
            done = open_library(data_dir).rollback(merchant, to=to)
            if as_json:
                print_json({**asdict(done), "at": done.at.isoformat()})
            else:
                typer.echo(f"已退回到 {done.version}（之前是 {done.previous}）")

    @app.command()
    def discard(merchant: Merchant, data_dir: DataDir = None) -> None:
        """丢掉草稿；已发布的版本不变。"""
        with _reported():
            draft = open_library(data_dir).discard(merchant)
            typer.echo(f"已丢掉草稿 {draft}" if draft else "没有草稿")

    add_eval(app, open_library)
    return app


def read_mapping(path: Path) -> dict[str, str]:
    """Column title → meaning, from a JSON object or a two-column csv; raises KnowledgeError naming the file."""
    try:
        text = decode(path.read_bytes(), limits=Limits())
        if path.suffix.lower() == ".json":
            found = json.loads(text)
            if not isinstance(found, dict) or not all(isinstance(said, str) for said in found.values()):
                raise KnowledgeError(f'{path}：列名对照要写成 {{"列名": "含义"}}')
            return found
        rows = [line.replace("，", ",").split(",", 1) for line in text.splitlines() if line.strip()]
    except OSError as exc:
        raise KnowledgeError(f"{path}：打不开（{exc.strerror}）") from exc
    except (ValueError, RefusedError) as exc:
        raise KnowledgeError(f"{path}：列名对照读不懂（{exc}）") from exc
    if any(len(row) != 2 for row in rows):
        raise KnowledgeError(f"{path}：每行要写成“列名,含义”")
    return {title.strip(): meaning.strip() for title, meaning in rows if title.strip() != "列名"}


def _warn(library: Library, merchant: str, *, strict: bool) -> None:
    """Say on stderr how many errors the draft has; with `strict` they are the end."""
    errors = [f for f in library.lint(merchant, questions=None) if f.severity is Severity.ERROR]
    if errors and strict:
        raise KnowledgeError(f"检查出 {len(errors)} 个错误，没有发布：{errors[0].text}（用 knowledge lint 查看全部）")
    if errors:
        typer.echo(f"注意：检查出 {len(errors)} 个错误，用 knowledge lint 查看", err=True)


def _lines(path: Path) -> list[str]:
    try:
        text = decode(path.read_bytes(), limits=Limits())
    except RefusedError as exc:
        raise KnowledgeError(f"{path}：{exc}") from exc
    return [line.strip() for line in text.splitlines() if line.strip()]


def _search(
    library: Library, question: str, merchant: str, product: str | None, limit: int, *, draft: bool
) -> Evidence:
    pointer = library.pointer(merchant)
    version = pointer.draft if draft else pointer.published
    if version is None:
        what = "没有草稿" if draft else "还没有发布过知识：先用 knowledge add … --publish"
        raise KnowledgeError(f"商家 {merchant} {what}")
    with library.retriever(merchant, version) as retriever:
        return asyncio.run(retriever.search(question, product=product, limit=limit))


@contextmanager
def _reported(interrupted: str = "已中断") -> Iterator[None]:
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
def _bars() -> Iterator[tuple[Callable[[int, int], None], Callable[[int, int], None]]]:
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

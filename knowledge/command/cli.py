"""`zhanggui knowledge …`: thin shell over `Library`; Chinese for people, `--json` for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from knowledge.command.evaluation_command import add_eval
from knowledge.command.listing import (
    evidence_to_json,
    print_documents,
    print_evidence,
    print_findings,
    print_json,
    print_summary,
    print_versions,
)
from knowledge.command.terminal import progress_bars, reported
from knowledge.document import RefusedError
from knowledge.errors import KnowledgeError
from knowledge.evidence import Evidence
from knowledge.intake.mapping import read_mapping
from knowledge.library import Library
from knowledge.limits import MEBIBYTE, Limits
from knowledge.lint import EVERYDAY_QUESTIONS, Severity
from knowledge.parsers.plain import decode
from knowledge.table.template import write_template
from knowledge.version.diff import describe

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
        with reported("已中断：草稿没有改动，已发布的版本不受影响"):
            if publish and dry_run:
                raise typer.BadParameter("--publish 和 --dry-run 不能一起用")
            library = open_library(data_dir)
            if max_file_mb is not None:
                library.limits = replace(library.limits, file_bytes=max_file_mb * MEBIBYTE)
            if max_rows is not None:
                library.limits = replace(library.limits, rows=max_rows)
            meanings = read_mapping(mapping) if mapping else None
            with progress_bars() as (reading, embedding):
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
        with reported("已中断：草稿没有改动，已发布的版本不受影响"):
            library = open_library(data_dir)
            with progress_bars() as (_, embedding):
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
        with reported():
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
        with reported():
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
        with reported():
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
        with reported():
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
        with reported():
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
        with reported("已中断：已发布的版本不受影响"):
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
        with reported("已中断：已发布的版本不受影响"):
            done = open_library(data_dir).rollback(merchant, to=to)
            if as_json:
                print_json({**asdict(done), "at": done.at.isoformat()})
            else:
                typer.echo(f"已退回到 {done.version}（之前是 {done.previous}）")

    @app.command()
    def discard(merchant: Merchant, data_dir: DataDir = None) -> None:
        """丢掉草稿；已发布的版本不变。"""
        with reported():
            draft = open_library(data_dir).discard(merchant)
            typer.echo(f"已丢掉草稿 {draft}" if draft else "没有草稿")

    add_eval(app, open_library)
    return app


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

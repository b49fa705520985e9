"""What the knowledge commands print: Chinese lines for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import typer

from knowledge.evidence import Evidence
from knowledge.intake.folder import Refusal
from knowledge.library import Library
from knowledge.lint import Finding, Severity
from knowledge.version.summary import Summary

_SEVERITIES = {Severity.ERROR: "错误", Severity.WARNING: "警告", Severity.HINT: "提示"}
_DECISIONS = {"answer": "可以回答", "ask": "需要反问", "refuse": "没有把握，不回答"}


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """What `search --json` prints."""
    return {
        "question": evidence.question,
        "merchant": evidence.merchant,
        "version": evidence.version,
        "decision": evidence.decision.value,
        "confidence": round(evidence.confidence, 4),
        "record": evidence.record and {"id": evidence.record.id, "name": evidence.record.name},
        "facts": [
            {
                "record": fact.record_name,
                "name": fact.name,
                "title": fact.title,
                "text": fact.text,
                "source": str(fact.source),
            }
            for fact in evidence.facts
        ],
        "passages": [
            {
                "id": passage.id,
                "kind": passage.kind.value,
                "score": round(passage.score, 4),
                "question": passage.question,
                "text": passage.text,
                "source": str(passage.source),
            }
            for passage in evidence.passages
        ],
        "ask": evidence.ask,
        "choices": list(evidence.choices),
    }


def print_json(data: Any) -> None:
    """Any data as indented JSON on stdout."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=1, default=str))


def print_summary(summary: Summary, *, dry_run: bool, live: str | None) -> None:
    """What an `add` or `remove` did, a line a file, then the sums; refusals on stderr."""
    counts: Mapping[str, Sequence[str]] = {
        "新增": summary.added,
        "更新": summary.changed,
        "移除": summary.removed,
        "没有变化": summary.unchanged,
    }
    for what, names in counts.items():
        for name in names if what != "没有变化" else ():
            typer.echo(f"{what} {name}")
    print_refusals("拒绝", summary.refused)
    print_refusals("注意", summary.notes)
    for name in summary.vanished:
        typer.echo(
            f"注意 {name}：文件夹里已经没有了，知识库里还有；要移除请加 --mirror 或用 knowledge remove", err=True
        )
    said = [f"{what} {len(names)}" for what, names in counts.items() if names]
    said += [f"拒绝 {len(summary.refused)}"] if summary.refused else []
    said += [f"跳过图片和音视频 {summary.media}"] if summary.media else []
    typer.echo("；".join(said) or "没有找到可以添加的文件")
    if dry_run:
        typer.echo(f"试运行：将有 {summary.records} 条商品记录、{summary.passages} 段内容；没有写入任何东西")
    elif live:
        typer.echo(f"已发布 {live}：共 {summary.records} 条商品记录、{summary.passages} 段内容")
    elif summary.draft:
        typer.echo(f"草稿 {summary.draft}：共 {summary.records} 条商品记录、{summary.passages} 段内容")
        typer.echo(f"下一步：knowledge lint、knowledge diff，然后 knowledge publish --merchant {summary.merchant}")
    elif summary.unchanged:
        typer.echo("没有变化，不需要新的草稿")
    else:
        typer.echo("没有可以收录的文件，草稿没有改动")


def print_refusals(what: str, refusals: Sequence[Refusal], *, most: int = 50) -> None:
    """One line a refusal on stderr, at most `most`."""
    for refusal in refusals[:most]:
        typer.echo(f"{what} {refusal.name}：{refusal.reason}", err=True)
    if len(refusals) > most:
        typer.echo(f"{what} 还有 {len(refusals) - most} 条；加 --json 查看全部", err=True)


def print_findings(findings: Sequence[Finding]) -> None:
    """One line a finding, the gravest first."""
    for finding in findings:
        where = f"  [{finding.source}]" if finding.source else ""
        typer.echo(f"{_SEVERITIES[finding.severity]} {finding.text}{where}")
    typer.echo(f"共 {len(findings)} 处" if findings else "没有发现问题")


def print_documents(library: Library, merchant: str, *, draft: bool, as_json: bool) -> None:
    """The files of the live version or of the draft."""
    pointer = library.pointer(merchant)
    documents = library.documents(merchant, draft=draft)
    if as_json:
        print_json(
            {
                "merchant": merchant,
                "published": pointer.published,
                "draft": pointer.draft,
                "documents": [
                    {
                        "path": document.path,
                        "format": document.format,
                        "size": document.size,
                        "sha256": document.sha256,
                        "passages": document.passages,
                        "records": document.records,
                        "notes": list(document.notes),
                    }
                    for document in documents
                ],
            }
        )
        return
    typer.echo(f"已发布：{pointer.published or '（无）'}；草稿：{pointer.draft or '（无）'}")
    for document in documents:
        notes = f"，{len(document.notes)} 处没有收录" if document.notes else ""
        typer.echo(f"{document.path}  商品 {document.records}，内容 {document.passages} 段{notes}")
    if not documents:
        typer.echo("草稿里没有文件" if draft else "还没有发布任何文件")


def print_versions(library: Library, merchant: str, *, as_json: bool) -> None:
    """How the live version moved."""
    pointer = library.pointer(merchant)
    story = library.versions(merchant)
    if as_json:
        moves = [{**asdict(move), "at": move.at.isoformat()} for move in story]
        print_json({"merchant": merchant, "published": pointer.published, "draft": pointer.draft, "history": moves})
        return
    for move in story:
        what = "发布" if move.action == "publish" else "退回"
        mark = "  ← 现在" if move.version == pointer.published and move == story[-1] else ""
        typer.echo(f"{move.at:%Y-%m-%d %H:%M}  {what}  {move.version}{mark}")
    if pointer.draft:
        typer.echo(f"草稿  {pointer.draft}")


def print_evidence(evidence: Evidence) -> None:
    """Decision, question to ask back, facts and passages with their sources."""
    typer.echo(
        f"{_DECISIONS[evidence.decision.value]}（把握 {evidence.confidence:.0%}，版本 {evidence.version}）"
        + (f"  关于：{evidence.record.name}" if evidence.record else "")
    )
    if evidence.ask:
        typer.echo(f"反问：{evidence.ask}" + (f"（{' / '.join(evidence.choices)}）" if evidence.choices else ""))
    for fact in evidence.facts:
        typer.echo(f"事实  {fact.record_name} {fact.title}：{fact.text}  [{fact.source}]")
    for passage in evidence.passages:
        said = f"{passage.question} → {passage.text}" if passage.question else passage.text
        typer.echo(f"{passage.score:.2f}  {' '.join(said.split())[:120]}  [{passage.source}]")

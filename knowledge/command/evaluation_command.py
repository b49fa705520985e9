"""`zhanggui knowledge eval`: measure a version on a dataset of questions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from knowledge.content import Content
from knowledge.errors import KnowledgeError
from knowledge.evaluation.evaluation import Case, Judge, Report, read_cases
from knowledge.evaluation.measure import share
from knowledge.evidence import Decision, Passage
from knowledge.library import Library
from knowledge.record import Record
from knowledge.retrieval.retriever import Retriever

OpenLibrary = Callable[[Path | None], Library]

FOLDS = 8
"""Parts in which the asked-for records are taken away, so that most of the catalogue stays."""


def add_eval(app: typer.Typer, open_library: OpenLibrary) -> None:
    """Add the command `eval` to the command group."""

    @app.command("eval")
    def evaluate_version(
        dataset: Annotated[Path, typer.Option("--dataset", help="问题文件，JSON Lines，一行一个问题")],
        merchant: Annotated[str, typer.Option("--merchant", "-m", help="商家名")],
        removed: Annotated[
            bool, typer.Option("--removed", help="另外把被问到的条目拿掉再问一遍：应该不答或反问")
        ] = False,
        minimum: Annotated[
            list[str] | None, typer.Option("--min", help="指标=下限，例如 field_accuracy=0.9；达不到就算失败")
        ] = None,
        worst: Annotated[int, typer.Option("--worst", min=0, help="列出几个答错的问题")] = 10,
        draft: Annotated[bool, typer.Option("--draft", help="评测草稿")] = False,
        data_dir: Annotated[Path | None, typer.Option("--data-dir", help="数据文件夹；不写就用默认的")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，给程序读")] = False,
    ) -> None:
        """用一批问题评测检索、事实和拒答：准确率、召回率、95 % 区间和答错的问题。"""
        try:
            least = read_minimum(minimum or ())
            cases = read_cases(dataset.read_text("utf-8"), name=str(dataset))
            library = open_library(data_dir)
            pointer = library.pointer(merchant)
            version = pointer.draft if draft else pointer.published
            if version is None:
                raise KnowledgeError(f"{merchant} 还没有{'草稿' if draft else '发布任何版本'}：先执行 knowledge add")
            report = run(library, merchant, version, cases, removed=removed)
        except OSError as exc:
            typer.echo(f"{dataset}: 不能读取（{exc.strerror}）", err=True)
            raise typer.Exit(1) from exc
        except KnowledgeError as exc:
            typer.echo(str(exc), err=True)
            raise typer.Exit(1) from exc
        short = report.below(least)
        if as_json:
            typer.echo(
                json.dumps({"version": version, **report.as_json(), "below": short}, ensure_ascii=False, indent=1)
            )
        else:
            for measure in report.measures:
                typer.echo(str(measure))
            typer.echo(f"invented: {report.invented}")
            for miss in report.misses[:worst]:
                typer.echo(f"- {miss.kind} [{miss.id}] {miss.question} 应为：{miss.expected} 得到：{miss.got}")
        for line in short:
            typer.echo(line, err=True)
        if short:
            raise typer.Exit(1)


def run(library: Library, merchant: str, version: str, cases: Sequence[Case], *, removed: bool = False) -> Report:
    """Ask every case of one version; with `removed`, ask the field questions once more without their records."""
    with library.retriever(merchant, version) as retriever:
        content = library.open(merchant, version)
        try:
            records = content.records
            judge = Judge(records)
            for case in cases:
                judge.take(case, retriever.search_now(case.question, product=case.product, history=case.history))
            report = judge.report()
            if not removed:
                return report
            outcomes = list(without_their_record(retriever, content, cases))
            measures = (*report.measures, share("removed_declined", outcomes))
            return Report(measures, report.misses, report.invented, report.notes)
        finally:
            content.close()


def without_their_record(retriever: Retriever, content: Content, cases: Sequence[Case]) -> Iterator[bool]:
    """For each field question whether it was refused or asked back once its record was taken away."""
    about = [case for case in cases if case.entity and case.answers]
    names = sorted({case.entity for case in about if case.entity})
    for part in range(FOLDS):
        gone = frozenset(names[part::FOLDS])
        asked = [case for case in about if case.entity in gone]
        if not asked:
            continue
        less = retriever.over(Remaining(content, gone))
        for case in asked:
            evidence = less.search_now(case.question, product=case.product, history=case.history)
            yield evidence.decision is not Decision.ANSWER


@dataclass(frozen=True, slots=True)
class Remaining:
    """A version's content without the records of these names."""

    content: Content
    gone: frozenset[str]

    @property
    def version(self) -> str:
        return self.content.version

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(record for record in self.content.records if record.name not in self.gone)

    @property
    def faqs(self) -> tuple[Passage, ...]:
        return self.content.faqs

    def record(self, key: str) -> Record | None:
        found = self.content.record(key)
        return None if found is None or found.name in self.gone else found

    def passages_by_id(self, ids: Iterable[str]) -> Iterator[Passage]:
        taken = {record.id for record in self.content.records if record.name in self.gone}
        return (passage for passage in self.content.passages_by_id(ids) if passage.record_id not in taken)

    def passages_of(self, record_id: str) -> tuple[Passage, ...]:
        return self.content.passages_of(record_id)


def read_minimum(wanted: Iterable[str]) -> dict[str, float]:
    """`name=value` pairs; raises `typer.BadParameter` for anything else."""
    least: dict[str, float] = {}
    for text in wanted:
        name, sign, value = text.partition("=")
        try:
            least[name.strip()] = float(value)
        except ValueError as exc:
            raise typer.BadParameter(f"--min {text}：应为 指标=数字，例如 field_accuracy=0.9") from exc
        if not sign or not 0 <= least[name.strip()] <= 1:
            raise typer.BadParameter(f"--min {text}：数字应在 0 和 1 之间")
    return least

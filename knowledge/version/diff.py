"""What changes between two versions, in words a shop owner understands. Pure over two `Content`s."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from knowledge.content import Content
from knowledge.evidence import Passage
from knowledge.record import Fact, Record
from knowledge.table.merging import folded_name


@dataclass(frozen=True, slots=True)
class FactChange:
    """One field of one record; `before` or `after` is None where it is new or gone."""

    record_id: str
    record_name: str
    title: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """The answer to one question; `before` or `after` is None where it is new or gone."""

    question: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """Running text of one file."""

    file: str
    added: int
    """Passages."""
    removed: int


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that publishing would change."""

    before: str | None
    """Version; None where nothing is live yet."""
    after: str
    files_added: tuple[str, ...] = ()
    files_removed: tuple[str, ...] = ()
    records_added: tuple[str, ...] = ()
    records_removed: tuple[str, ...] = ()
    facts: tuple[FactChange, ...] = ()
    answers: tuple[AnswerChange, ...] = ()
    texts: tuple[FileChange, ...] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether customers would notice nothing."""
        return not (self.records_added or self.records_removed or self.facts or self.answers or self.texts)


def compare(before: Content | None, after: Content) -> Diff:
    """The difference from the live version to a draft."""
    old_files = {document.path for document in before.documents} if before else set()
    new_files = {document.path for document in after.documents}
    old = {record.id: record for record in before.records} if before else {}
    new = {record.id: record for record in after.records}
    return Diff(
        before=before.version if before else None,
        after=after.version,
        files_added=tuple(sorted(new_files - old_files)),
        files_removed=tuple(sorted(old_files - new_files)),
        records_added=tuple(record.name for key, record in new.items() if key not in old),
        records_removed=tuple(record.name for key, record in old.items() if key not in new),
        facts=tuple(change for key, record in new.items() if key in old for change in _fact_changes(old[key], record)),
        answers=tuple(_answer_changes(before.faqs if before else (), after.faqs)),
        texts=tuple(_text_changes(before, after, sorted(old_files | new_files))),
    )


def describe(diff: Diff, *, most: int = 40) -> list[str]:
    """The difference as lines, the gravest first; at most `most` lines of each sort."""
    lines: list[str] = []
    priced = [change for change in diff.facts if change.before is not None and change.after is not None]
    rest = [change for change in diff.facts if change.before is None or change.after is None]
    lines += _capped([f"{c.record_name}：{c.title} {c.before} → {c.after}" for c in priced], most, "处修改")
    lines += _capped(
        [
            f"{c.record_name}：新增{c.title} {c.after}"
            if c.before is None
            else f"{c.record_name}：去掉{c.title}（原来是 {c.before}）"
            for c in rest
        ],
        most,
        "处增减",
    )
    lines += _named("新增商品", diff.records_added, most)
    lines += _named("移除商品", diff.records_removed, most)
    for title, changes in (
        ("修改答案", [c for c in diff.answers if c.before is not None and c.after is not None]),
        ("新增问答", [c for c in diff.answers if c.before is None]),
        ("移除问答", [c for c in diff.answers if c.after is None]),
    ):
        lines += _named(title, [c.question for c in changes], most)
    for text in diff.texts:
        said = [f"新增 {text.added} 段" if text.added else "", f"移除 {text.removed} 段" if text.removed else ""]
        lines.append(f"{text.file}：文字{'、'.join(filter(None, said))}")
    lines += [f"新增文件 {name}" for name in diff.files_added[:most]]
    lines += [f"移除文件 {name}" for name in diff.files_removed[:most]]
    return lines or ["内容没有变化"]


def _fact_changes(old: Record, new: Record) -> Iterable[FactChange]:
    before, after = _by_title(old.facts), _by_title(new.facts)
    for title in dict.fromkeys((*after, *before)):
        if before.get(title) != after.get(title):
            yield FactChange(new.id, new.name, title, before.get(title), after.get(title))


def _by_title(facts: Sequence[Fact]) -> dict[str, str]:
    said: dict[str, str] = {}
    for fact in facts:
        said[fact.title] = f"{said[fact.title]}；{fact.text}" if fact.title in said else fact.text
    return said


def _answer_changes(before: Sequence[Passage], after: Sequence[Passage]) -> Iterable[AnswerChange]:
    old, new = _by_question(before), _by_question(after)
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key), new.get(key)
        if (was and was[1]) != (now and now[1]):
            question = (now or was or ("", ""))[0]
            yield AnswerChange(question, was[1] if was else None, now[1] if now else None)


def _by_question(faqs: Sequence[Passage]) -> dict[str, tuple[str, str]]:
    said: dict[str, tuple[str, str]] = {}
    for passage in faqs:
        question = passage.question or ""
        key = folded_name(question)
        said[key] = (question, f"{said[key][1]}\n{passage.text}" if key in said else passage.text)
    return said


def _text_changes(before: Content | None, after: Content, files: Iterable[str]) -> Iterable[FileChange]:
    for file in files:
        old = {p.id for p in before.passages_in(file) if p.kind == "text"} if before else set()
        new = {p.id for p in after.passages_in(file) if p.kind == "text"}
        if old != new:
            yield FileChange(file, len(new - old), len(old - new))


def _named(what: str, names: Sequence[str], most: int) -> list[str]:
    if not names:
        return []
    shown = "、".join(f"“{name}”" for name in names[:most])
    return [f"{what} {len(names)} 个：{shown}" + ("等" if len(names) > most else "")]


def _capped(lines: Sequence[str], most: int, what: str) -> list[str]:
    return [*lines[:most], *([f"……还有 {len(lines) - most} {what}"] if len(lines) > most else [])]

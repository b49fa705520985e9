"""The merchant's side of the knowledge: files in and out of a draft, publish, go back.

Blocking; for the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from sqlalchemy.engine import Engine

from knowledge.base import KnowledgeBase
from knowledge.content import Content, DocumentRow
from knowledge.embedder import Embedder
from knowledge.errors import LibraryError
from knowledge.intake.folder import Refusal, gather
from knowledge.intake.intake import read_files
from knowledge.limits import Limits
from knowledge.lint import EVERYDAY_QUESTIONS, Finding, Severity, lint, unanswered
from knowledge.manifest import Manifest
from knowledge.retrieval.retriever import Retriever
from knowledge.version.diff import Diff
from knowledge.version.publication import Pointer, Publication, Publications, check_merchant
from knowledge.version.shelf import Shelf
from knowledge.version.summary import Summary
from knowledge.version.workshop import Change, Progress


class Library:
    """Knowledge of all merchants below `root`, with the pointers in the database behind `engine`.

    The embedder is made at the first build, so listing and publishing cost nothing.
    """

    def __init__(
        self,
        root: Path,
        *,
        engine: Engine,
        create_embedder: Callable[[], Embedder],
        limits: Limits | None = None,
        chroma_url: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        kept_versions: int = 10,
    ) -> None:
        self.root = root
        self._shelf = Shelf(root, chroma_url=chroma_url)
        self.limits = limits or Limits()
        self._engine = engine
        self.publications = Publications(engine, clock=clock)
        self.publications.create_tables()
        self._create_embedder = create_embedder
        self._embedder: Embedder | None = None
        self._chroma_url = chroma_url
        self._clock = clock
        self._kept_versions = kept_versions

    def add(
        self,
        merchant: str,
        paths: Iterable[Path],
        *,
        mapping: Mapping[str, str] | None = None,
        mirror: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
        reading: Callable[[int, int], None] | None = None,
    ) -> Summary:
        """Prepare a draft with the files behind `paths` added or renewed; unchanged files cost a checksum.

        With `mirror`, files that were added with one of these folders and are no longer in it are removed; without,
        they are named in `Summary.vanished` and stay. `mapping` (column title → meaning) holds for these files and is
        remembered for the next time. `reading` is called with (files read, files to read), `progress` with (passages
        embedded, passages to embed). A refused file leaves what was known from it before. Raises LibraryError;
        whatever happens, the live version stays.
        """
        gathered = gather(paths, limits=self.limits, but=self.root)
        with self._shelf.locked(merchant):
            pointer = self.publications.pointer(merchant)
            base = pointer.draft or pointer.published
            held = {document.path: document for document in self._shelf.documents(merchant, base)}
            vanished = self._shelf.vanished(merchant, base, gathered)
            intake = read_files(
                gathered.files,
                held=held,
                mapping=mapping,
                limits=self.limits,
                progress=reading,
            )
            refused, notes = list(gathered.refused), list[Refusal]()
            added, changed, unchanged = list[str](), list[str](), list[str]()
            totals = [0, 0]

            def changes() -> Iterator[Change]:
                for item in intake:
                    if item.reading is None or item.document is None:
                        if item.reason is None:
                            unchanged.append(item.file.name)
                        else:
                            refused.append(Refusal(item.file.name, item.reason))
                        continue
                    (changed if item.file.name in held else added).append(item.file.name)
                    notes.extend(Refusal(item.file.name, note) for note in item.reading.notes)
                    totals[0] += len(item.reading.passages)
                    totals[1] += len(item.reading.records)
                    yield Change(item.document, item.reading, item.file.folder)

            draft = None
            if dry_run:
                for _ in changes():
                    pass
            else:
                draft, totals = self._build(merchant, pointer, changes(), vanished if mirror else (), progress)
        return Summary(
            merchant=merchant,
            draft=draft,
            added=tuple(added),
            changed=tuple(changed),
            unchanged=tuple(unchanged),
            removed=vanished if mirror else (),
            vanished=() if mirror else vanished,
            refused=tuple(refused),
            notes=tuple(notes),
            media=gathered.media,
            passages=totals[0],
            records=totals[1],
        )

    def remove(self, merchant: str, names: Sequence[str], *, progress: Progress | None = None) -> Summary:
        """Prepare a draft without the files of these names (as `list` shows them; * and ? allowed)."""
        with self._shelf.locked(merchant):
            pointer = self.publications.pointer(merchant)
            held = [document.path for document in self._shelf.documents(merchant, pointer.draft or pointer.published)]
            gone: list[str] = []
            refused = []
            for name in names:
                matches = [
                    path for path in held if path == name or fnmatchcase(path, name) or path.startswith(f"{name}/")
                ]
                gone.extend(match for match in matches if match not in gone)
                if not matches:
                    refused.append(Refusal(name, "知识库里没有这个文件：用 knowledge list 查看文件名"))
            draft, totals = None, [0, 0]
            if gone:
                draft, totals = self._build(merchant, pointer, iter(()), gone, progress)
        return Summary(
            merchant=merchant,
            draft=draft,
            removed=tuple(gone),
            refused=tuple(refused),
            passages=totals[0],
            records=totals[1],
        )

    def documents(self, merchant: str, *, draft: bool = False) -> tuple[DocumentRow, ...]:
        """The files of the live version, or of the draft; empty where there is none."""
        pointer = self.pointer(merchant)
        return self._shelf.documents(merchant, pointer.draft if draft else pointer.published)

    def pointer(self, merchant: str) -> Pointer:
        """The live version and the draft of a merchant."""
        return self.publications.pointer(check_merchant(merchant))

    def publish(self, merchant: str) -> Publication:
        """Make the draft live, in one transaction; raises PublicationError when there is none."""
        with self._shelf.locked(merchant):
            draft = self.publications.pointer(merchant).draft
            if draft is not None:
                # A damaged draft must be found before it is live, not by the first customer.
                Content.open(self.directory(merchant, draft)).close()
            publication = self.publications.publish(merchant)
            self._prune(merchant)
        return publication

    def rollback(self, merchant: str, *, to: str | None = None) -> Publication:
        """Make the version before the live one (or `to`) live again, in one transaction."""
        with self._shelf.locked(merchant):
            if to is not None and not self.directory(merchant, to).is_dir():
                raise LibraryError(f"版本 {to} 已经不在磁盘上（只保留最近 {self._kept_versions} 个）")
            return self.publications.rollback(merchant, to=to)

    def discard(self, merchant: str) -> str | None:
        """Throw the draft away; returns its version, or None where there was none."""
        with self._shelf.locked(merchant):
            draft = self.publications.pointer(merchant).draft
            if draft is not None:
                self.publications.stage(merchant, None, instead_of=draft)
                self._shelf.drop(merchant, draft)
            return draft

    def diff(self, merchant: str, *, before: str | None = None, after: str | None = None) -> Diff:
        """What publishing the draft would change; or the difference between any two versions on the disk."""
        pointer = self.pointer(merchant)
        before, after = before or pointer.published, after or pointer.draft
        if after is None:
            raise LibraryError(f"商家 {merchant} 没有草稿可以比较：先用 knowledge add 添加文件")
        return self._shelf.compare(merchant, before, after)

    def lint(self, merchant: str, *, questions: Iterable[str] | None = EVERYDAY_QUESTIONS) -> list[Finding]:
        """Findings on the draft, or on the live version where there is no draft; the gravest first.

        `questions` are tried against the version; None tries nothing and needs no embedder.
        """
        pointer = self.pointer(merchant)
        version = pointer.draft or pointer.published
        if version is None:
            raise LibraryError(f"商家 {merchant} 还没有知识：先用 knowledge add 添加文件")
        content = self.open(merchant, version)
        try:
            findings = lint(content, today=self._clock().astimezone().date())
        finally:
            content.close()
        if questions is not None:
            with self.retriever(merchant, version) as retriever:
                findings.extend(unanswered(questions, retriever.search_now))
        return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))

    def versions(self, merchant: str) -> tuple[Publication, ...]:
        """How the live version moved, oldest first."""
        check_merchant(merchant)
        return tuple(self.publications.story(merchant))

    def open(self, merchant: str, version: str) -> Content:
        """The content of one version; the caller closes it."""
        return self._shelf.open(merchant, version)

    def base(self) -> KnowledgeBase:
        """A reader of the same knowledge; the caller closes it."""
        return KnowledgeBase(
            self.root,
            engine=self._engine,
            create_embedder=self._made_embedder,
            chroma_url=self._chroma_url,
        )

    def retriever(self, merchant: str, version: str) -> AbstractContextManager[Retriever]:
        """Search one version whether it is live or not: how a draft is tried before it is published."""
        return self._shelf.retriever(merchant, version, create_embedder=self._made_embedder)

    def directory(self, merchant: str, version: str) -> Path:
        """Where the version stands on the disk."""
        return self._shelf.directory(merchant, version)

    def _build(
        self,
        merchant: str,
        pointer: Pointer,
        changes: Iterator[Change],
        removals: Sequence[str],
        progress: Progress | None,
    ) -> tuple[str | None, list[int]]:
        first = next(changes, None)
        if first is None and not removals:
            held = pointer.draft or pointer.published
            manifest = Manifest.read(self.directory(merchant, held)) if held else None
            return None, [manifest.passages, manifest.records] if manifest else [0, 0]

        def all_changes() -> Iterator[Change]:
            if first is not None:
                yield first
            yield from changes

        manifest = self._shelf.workshop(merchant).build(
            embedder=self._made_embedder(),
            base=pointer.draft or pointer.published,
            parent=pointer.published,
            number=self.publications.next_number(merchant),
            created_at=self._clock(),
            changes=all_changes(),
            removals=removals,
            progress=progress,
        )
        self.publications.stage(merchant, manifest.version, instead_of=pointer.draft)
        if pointer.draft is not None:
            self._shelf.drop(merchant, pointer.draft)
        return manifest.version, [manifest.passages, manifest.records]

    def _made_embedder(self) -> Embedder:
        if self._embedder is None:
            self._embedder = self._create_embedder()
        return self._embedder

    def _prune(self, merchant: str) -> None:
        """Delete the versions that were live before the last `kept_versions` ones."""
        order = dict.fromkeys(publication.version for publication in reversed(self.publications.story(merchant)))
        for version in list(order)[self._kept_versions :]:
            if self.directory(merchant, version).is_dir():
                self._shelf.drop(merchant, version)

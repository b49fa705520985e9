"""The content of one knowledge version: its documents, passages and records, in one SQLite file.

A version directory holds `content.db` (this module), `manifest.json` and whatever the index keeps beside them. Once
the directory has its final name nothing in it changes, so a reader opens it immutable and shares it between threads.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from knowledge.codec import aliases_from_json, facts_from_json
from knowledge.evidence import Passage, PassageKind
from knowledge.manifest import ContentError, Manifest
from knowledge.record import Record, Source
from knowledge.table.merging import Merged, RecordRow, merge_rows

CONTENT_FILE = "content.db"

_CREATE = """
CREATE TABLE documents (
    path TEXT PRIMARY KEY, position INTEGER NOT NULL, fingerprint TEXT NOT NULL, sha256 TEXT NOT NULL,
    size INTEGER NOT NULL, format TEXT NOT NULL, changed_in INTEGER NOT NULL,
    digest TEXT NOT NULL, mapping TEXT NOT NULL, notes TEXT NOT NULL);
CREATE TABLE passages (
    id TEXT PRIMARY KEY, document TEXT NOT NULL REFERENCES documents(path), position INTEGER NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL, question TEXT, record_id TEXT, heading TEXT,
    sheet TEXT, page INTEGER, line INTEGER);
CREATE INDEX passages_by_document ON passages (document, position);
CREATE INDEX passages_by_record ON passages (record_id) WHERE record_id IS NOT NULL;
CREATE INDEX passages_by_kind ON passages (kind) WHERE kind = 'faq';
CREATE TABLE records (
    document TEXT NOT NULL REFERENCES documents(path), position INTEGER NOT NULL, id TEXT NOT NULL,
    name TEXT NOT NULL, kind TEXT NOT NULL, aliases TEXT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (document, id));
CREATE TABLE origins (document TEXT PRIMARY KEY REFERENCES documents(path), folder TEXT NOT NULL);
CREATE VIEW reading AS
    SELECT id, document, kind, text, question, record_id, heading, sheet, page, line, position, rowid AS place
    FROM passages;
"""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One file of the merchant as it entered this version."""

    path: str
    """As in `Source.file`."""
    fingerprint: str
    """SHA-256 over bytes, mapping and parser generation: equal fingerprint, nothing to do."""
    sha256: str
    size: int
    """Bytes."""
    format: str
    """Lower-case file ending without the dot."""
    changed_in: int = 0
    """Number of the version that last changed this file; where files disagree, the later one is quoted."""
    mapping: tuple[tuple[str, str], ...] = ()
    """Column titles the merchant explained, with their meaning."""
    notes: tuple[str, ...] = ()
    """What could not be read, one line each ("第3页是扫描图片，没有文字")."""
    passages: int = 0
    records: int = 0


class Content:
    """A finished version, read only. Safe to share between threads; `close` when done."""

    def __init__(self, directory: Path, manifest: Manifest, connection: sqlite3.Connection) -> None:
        self.directory = directory
        self.manifest = manifest
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, directory: Path) -> Content:
        """Open the version in `directory`; raises `ContentError` when it is missing or unfinished."""
        manifest = Manifest.read(directory)
        return cls(directory, manifest, open_database(directory / CONTENT_FILE, immutable=True))

    @property
    def version(self) -> str:
        """The version's name, as the manifest has it."""
        return self.manifest.version

    @property
    def records(self) -> tuple[Record, ...]:
        """All records, one per id, in the order of the files; facts of several files are merged."""
        return self._merged.records

    def record(self, key: str) -> Record | None:
        """The record with this id, name or alias (exact, case folded), or None."""
        found = self._by_id.get(key)
        return found if found is not None else self._by_name.get(key.strip().casefold())

    @property
    def passages(self) -> Iterator[Passage]:
        """All passages, in the order they were stored; streamed in pages of 1,000."""
        after = -1
        while rows := self._query("SELECT * FROM reading WHERE place > ? ORDER BY place LIMIT 1000", (after,)):
            yield from map(self._passage, rows)
            after = rows[-1][-1]

    def passage(self, passage_id: str) -> Passage | None:
        """The passage with this id, or None."""
        rows = self._query("SELECT * FROM reading WHERE id = ?", (passage_id,))
        return self._passage(rows[0]) if rows else None

    def passages_by_id(self, ids: Iterable[str]) -> Iterator[Passage]:
        """The passages with these ids that exist, in no particular order."""
        wanted = list(ids)
        for start in range(0, len(wanted), 1000):
            part = json.dumps(wanted[start : start + 1000])
            query = "SELECT * FROM reading WHERE id IN (SELECT value FROM json_each(?))"
            yield from map(self._passage, self._query(query, (part,)))

    def passages_of(self, record_id: str) -> tuple[Passage, ...]:
        """The passages that belong to one record, in reading order."""
        ids = json.dumps(self._merged.origins.get(record_id, (record_id,)))
        query = "SELECT * FROM reading WHERE record_id IN (SELECT value FROM json_each(?)) ORDER BY document, position"
        return tuple(map(self._passage, self._query(query, (ids,))))

    @cached_property
    def faqs(self) -> tuple[Passage, ...]:
        """The questions and answers, one per answer (further phrasings of a question are left out)."""
        seen: set[tuple[str, str, int | None]] = set()
        kept = []
        for row in self._query("SELECT * FROM reading WHERE kind = 'faq' ORDER BY document, position", ()):
            passage = self._passage(row)
            key = (passage.text, passage.source.file, passage.source.line)
            if key not in seen or passage.source.line is None:
                seen.add(key)
                kept.append(passage)
        return tuple(kept)

    @cached_property
    def documents(self) -> tuple[DocumentRow, ...]:
        """The files of the version, in the order they were added."""
        return tuple(read_documents(self._connection, self._lock))

    @cached_property
    def origins(self) -> Mapping[str, str]:
        """File → the folder on the merchant's disk it was added with; files given one by one have none."""
        if not self._query("SELECT 1 FROM sqlite_master WHERE name = 'origins'", ()):
            return {}  # a version of the first days
        return dict(self._query("SELECT document, folder FROM origins", ()))

    def passage_ids(self) -> set[str]:
        """The ids of all passages."""
        return {row[0] for row in self._query("SELECT id FROM passages", ())}

    def passages_in(self, document: str) -> tuple[Passage, ...]:
        """The passages of one file, in the order they stand there."""
        query = "SELECT * FROM reading WHERE document = ? ORDER BY position"
        return tuple(map(self._passage, self._query(query, (document,))))

    def pointing_nowhere(self) -> frozenset[str]:
        """Ids of the passages that say they belong to a record which no file describes."""
        rows = self._query("SELECT id, record_id FROM passages WHERE record_id IS NOT NULL", ())
        return frozenset(passage for passage, record in rows if record not in self._merged.canonical)

    def record_rows(self) -> tuple[RecordRow, ...]:
        """Records as each file states them, before merging: what lint compares."""
        return self._rows

    def close(self) -> None:
        """Release the file; may be called twice."""
        with self._lock:
            self._connection.close()

    def _query(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def _passage(self, row: Sequence[Any]) -> Passage:
        passage = passage_from_row(row)
        if passage.record_id is None:
            return passage
        canonical = self._merged.canonical.get(passage.record_id)
        return passage if canonical == passage.record_id else replace(passage, record_id=canonical)

    @cached_property
    def _rows(self) -> tuple[RecordRow, ...]:
        return tuple(read_record_rows(self._connection, self._lock))

    @cached_property
    def _merged(self) -> Merged:
        return merge_rows(self._rows)

    @cached_property
    def _by_id(self) -> Mapping[str, Record]:
        return {record.id: record for record in self.records}

    @cached_property
    def _by_name(self) -> Mapping[str, Record]:
        names: dict[str, Record] = {}
        for record in self.records:
            names.setdefault(record.name.strip().casefold(), record)
        for record in self.records:
            for alias in record.aliases:
                names.setdefault(alias.strip().casefold(), record)
        return names


def open_database(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """A connection to a `content.db`; read-only and lock-free when `immutable`."""
    if not immutable:
        return sqlite3.connect(path, check_same_thread=False)
    if not path.is_file():
        raise ContentError(f"知识版本不完整，缺少 {path}：请重新执行 knowledge add")
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def create_database(path: Path) -> sqlite3.Connection:
    """A new, empty `content.db`."""
    connection = sqlite3.connect(path)
    connection.executescript(_CREATE)
    return connection


def read_documents(connection: sqlite3.Connection, lock: threading.Lock) -> list[DocumentRow]:
    """The rows of the files, in the order they were added; `lock` is held while SQLite reads."""
    query = (
        "SELECT d.path, d.fingerprint, d.sha256, d.size, d.format, d.changed_in, d.mapping, d.notes,"
        " (SELECT count(*) FROM passages p WHERE p.document = d.path),"
        " (SELECT count(*) FROM records r WHERE r.document = d.path)"
        " FROM documents d ORDER BY d.position"
    )
    with lock:
        rows = connection.execute(query).fetchall()
    return [
        DocumentRow(
            path=path,
            fingerprint=fingerprint,
            sha256=sha256,
            size=size,
            format=kind,
            changed_in=changed_in,
            mapping=tuple(json.loads(mapping).items()),
            notes=tuple(json.loads(notes)),
            passages=passages,
            records=records,
        )
        for path, fingerprint, sha256, size, kind, changed_in, mapping, notes, passages, records in rows
    ]


def read_record_rows(connection: sqlite3.Connection, lock: threading.Lock) -> list[RecordRow]:
    """The rows of the records, by file and place, not merged yet; `lock` is held while SQLite reads."""
    query = (
        "SELECT r.document, d.changed_in, r.id, r.name, r.kind, r.aliases, r.facts FROM records r"
        " JOIN documents d ON d.path = r.document ORDER BY d.position, r.position"
    )
    with lock:
        rows = connection.execute(query).fetchall()
    return [
        RecordRow(
            file=document,
            changed_in=changed_in,
            record=Record(
                id=record_id,
                name=name,
                kind=kind,
                aliases=aliases_from_json(aliases),
                facts=facts_from_json(facts, record_id=record_id, record_name=name, file=document),
            ),
        )
        for document, changed_in, record_id, name, kind, aliases, facts in rows
    ]


def passage_from_row(row: Sequence[Any]) -> Passage:
    """A `Passage` from a row of the view `reading`."""
    passage_id, document, kind, text, question, record_id, heading, sheet, page, line = row[:10]
    return Passage(
        id=passage_id,
        text=text,
        kind=PassageKind(kind),
        source=Source(file=document, sheet=sheet, page=page, line=line),
        question=question,
        record_id=record_id,
        heading=heading,
    )

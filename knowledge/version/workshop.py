"""Where a version is built: a copy of its base, changed file by file, indexed, synced and then named once for all.

The building folder begins with a dot and is nobody's version; the rename at the end is what makes it one. A crash
leaves only such a folder, which the next build clears away.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from knowledge.codec import aliases_to_json, facts_to_json
from knowledge.content import CONTENT_FILE, Content, DocumentRow, create_database, open_database
from knowledge.embedder import Embedder
from knowledge.intake.reading import Reading
from knowledge.manifest import MANIFEST_FILE, Manifest
from knowledge.retrieval.index import build_index, drop_index

BUILDING = ".building-"

Progress = Callable[[int, int], None]
"""(passages embedded, passages to embed)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file that is new or different."""

    document: DocumentRow
    reading: Reading
    folder: Path | None = None
    """The folder it was added with, so that a file deleted there can be noticed."""


@dataclass(slots=True)
class _Delta:
    added: set[str]
    removed: set[str]


class Workshop:
    """Builds the versions of one merchant in `folder`. Not safe for two writers: the caller holds the lock."""

    def __init__(self, folder: Path, *, merchant: str, chroma_url: str | None = None) -> None:
        self._folder = folder
        self._merchant = merchant
        self._chroma_url = chroma_url

    def build(
        self,
        *,
        embedder: Embedder,
        base: str | None,
        parent: str | None,
        number: int,
        created_at: datetime,
        changes: Iterable[Change],
        removals: Iterable[str] = (),
        progress: Progress | None = None,
    ) -> Manifest:
        """A new finished version directory, `base` with the changes; returns its manifest.

        `parent` is the live version, for the record; it is `base` unless a draft is built upon.
        Only passages whose words changed are indexed. Raises KnowledgeError (embedder) and OSError (disk); the
        building folder is taken away in every case but a kill.
        """
        self.clear()
        building = self._folder / f"{BUILDING}{number}"
        building.mkdir(parents=True)
        base_dir = self._folder / base if base is not None else None
        try:
            delta = self._write_content(building, base_dir, number, changes, removals)
            manifest = self._manifest(building, parent, number, created_at, embedder.identity)
            (building / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
            content = Content.open(building)
            try:
                manifest = replace(manifest, records=len(content.records))
                (building / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
                build_index(
                    building,
                    previous_dir=base_dir,
                    added=content.passages_by_id(sorted(delta.added)),
                    removed=sorted(delta.removed),
                    records=content.records,
                    embedder=embedder,
                    progress=progress,
                    passages=lambda: content.passages,
                    lookup=content.passages_by_id,
                    chroma_url=self._chroma_url,
                )
            finally:
                content.close()
            sync_tree(building)
            os.rename(building, self._folder / manifest.version)
            sync_folder(self._folder)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        return manifest

    def clear(self) -> None:
        """Take away what a killed build left behind."""
        for left in self._folder.glob(f"{BUILDING}*"):
            shutil.rmtree(left, ignore_errors=True)

    def drop(self, version: str) -> None:
        """Delete a version directory that nothing points to any more."""
        path = self._folder / version
        if path.parent == self._folder and path.is_dir():
            drop_index(path, chroma_url=self._chroma_url)
            # A half-deleted version must not look like a whole one.
            gone = path.rename(self._folder / f"{BUILDING}gone-{version}")
            shutil.rmtree(gone, ignore_errors=True)

    def _manifest(
        self, building: Path, parent: str | None, number: int, created_at: datetime, embedder: str
    ) -> Manifest:
        connection = open_database(building / CONTENT_FILE)
        try:
            digest = hashlib.sha256()
            for path, said in connection.execute("SELECT path, digest FROM documents ORDER BY path"):
                digest.update(f"{path}\x1f{said}\x1e".encode())
            documents = connection.execute("SELECT count(*) FROM documents").fetchone()[0]
            passages = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
        finally:
            connection.close()
        return Manifest(
            version=f"v{number}-{digest.hexdigest()[:8]}",
            merchant=self._merchant,
            number=number,
            parent=parent,
            created_at=created_at.isoformat(timespec="seconds"),
            digest=digest.hexdigest(),
            embedder=embedder,
            documents=documents,
            passages=passages,
            records=0,
        )

    def _write_content(
        self, building: Path, base_dir: Path | None, number: int, changes: Iterable[Change], removals: Iterable[str]
    ) -> _Delta:
        path = building / CONTENT_FILE
        if base_dir is None:
            connection = create_database(path)
        else:
            shutil.copyfile(base_dir / CONTENT_FILE, path)
            connection = open_database(path)
            # Versions of the first days have no such table.
            connection.execute("CREATE TABLE IF NOT EXISTS origins (document TEXT PRIMARY KEY, folder TEXT NOT NULL)")
        try:
            # What is deleted must be gone from the file too; overwriting it costs less than rewriting the file.
            connection.execute("PRAGMA secure_delete = ON")
            delta = _Delta(set(), set())
            with connection:
                for name in removals:
                    delta.removed |= _forget(connection, name)
                    connection.execute("DELETE FROM origins WHERE document = ?", (name,))
                    connection.execute("DELETE FROM documents WHERE path = ?", (name,))
                for change in changes:
                    before = _forget(connection, change.document.path)
                    after = _remember(connection, change, number)
                    delta.removed |= before - after
                    delta.added |= after - before
            return delta
        finally:
            connection.close()


def sync_tree(folder: Path) -> None:
    """fsync every file and folder below `folder`, so that a pointer to it never outlives its content."""
    for parent, _, names in os.walk(folder):
        for name in names:
            _sync(Path(parent, name), os.O_RDONLY)
        sync_folder(Path(parent))


def sync_folder(folder: Path) -> None:
    """Bring a folder's own entries to the disk: what was made or renamed in it outlives a power cut."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _forget(connection: sqlite3.Connection, document: str) -> set[str]:
    ids = {row[0] for row in connection.execute("SELECT id FROM passages WHERE document = ?", (document,))}
    connection.execute("DELETE FROM passages WHERE document = ?", (document,))
    connection.execute("DELETE FROM records WHERE document = ?", (document,))
    return ids


def _remember(connection: sqlite3.Connection, change: Change, number: int) -> set[str]:
    document, reading = change.document, change.reading
    digest = hashlib.sha256()
    for passage in reading.passages:
        digest.update(passage.id.encode())
    facts = [facts_to_json(record.facts) for record in reading.records]
    for said in facts:
        digest.update(said.encode())
    values = {
        "path": document.path,
        "fingerprint": document.fingerprint,
        "sha256": document.sha256,
        "size": document.size,
        "format": document.format,
        "changed_in": number,
        "digest": digest.hexdigest(),
        "mapping": json.dumps(dict(document.mapping), ensure_ascii=False),
        "notes": json.dumps(list(reading.notes), ensure_ascii=False),
    }
    connection.execute(
        "INSERT INTO documents (path, position, fingerprint, sha256, size, format, changed_in, digest, mapping, notes)"
        " VALUES (:path, (SELECT coalesce(max(position), 0) + 1 FROM documents), :fingerprint, :sha256, :size, :format,"
        " :changed_in, :digest, :mapping, :notes)"
        " ON CONFLICT (path) DO UPDATE SET fingerprint = :fingerprint, sha256 = :sha256, size = :size,"
        " format = :format, changed_in = :changed_in, digest = :digest, mapping = :mapping, notes = :notes",
        values,
    )
    connection.execute("DELETE FROM origins WHERE document = ?", (document.path,))
    if change.folder is not None:
        connection.execute("INSERT INTO origins VALUES (?, ?)", (document.path, str(change.folder)))
    connection.executemany(
        "INSERT INTO passages (id, document, position, kind, text, question, record_id, heading, sheet, page, line)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                passage.id,
                document.path,
                position,
                passage.kind.value,
                passage.text,
                passage.question,
                passage.record_id,
                passage.heading,
                passage.source.sheet,
                passage.source.page,
                passage.source.line,
            )
            for position, passage in enumerate(reading.passages)
        ),
    )
    connection.executemany(
        "INSERT INTO records (document, position, id, name, kind, aliases, facts) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (document.path, position, record.id, record.name, record.kind, aliases_to_json(record.aliases), said)
            for position, (record, said) in enumerate(zip(reading.records, facts, strict=True))
        ),
    )
    return {passage.id for passage in reading.passages}

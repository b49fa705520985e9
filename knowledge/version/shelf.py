"""The shelf the versions of every merchant's knowledge stand on, and the lock that lets one command write at a time.

Layout of `root`: one folder a merchant, in it one immutable folder a version and a lock file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from knowledge.content import Content, DocumentRow
from knowledge.embedder import Embedder
from knowledge.errors import LibraryError
from knowledge.intake.folder import Gathered
from knowledge.retrieval.retriever import Retriever
from knowledge.version.diff import Diff, compare
from knowledge.version.publication import check_merchant
from knowledge.version.workshop import Workshop


class Shelf:
    """The folders below `root`, and with `chroma_url` the collections that belong to them."""

    def __init__(self, root: Path, *, chroma_url: str | None = None) -> None:
        self.root = root
        self._chroma_url = chroma_url

    def directory(self, merchant: str, version: str) -> Path:
        """Where a version stands, or would stand."""
        return self.root / check_merchant(merchant) / version

    def open(self, merchant: str, version: str) -> Content:
        """The content of one version; the caller closes it."""
        return Content.open(self.directory(merchant, version))

    def documents(self, merchant: str, version: str | None) -> tuple[DocumentRow, ...]:
        """The files of a version; none for None."""
        if version is None:
            return ()
        content = self.open(merchant, version)
        try:
            return content.documents
        finally:
            content.close()

    def compare(self, merchant: str, before: str | None, after: str) -> Diff:
        """What the version `after` changes against `before`, or against nothing."""
        new = self.open(merchant, after)
        try:
            old = self.open(merchant, before) if before else None
            try:
                return compare(old, new)
            finally:
                if old is not None:
                    old.close()
        finally:
            new.close()

    @contextmanager
    def retriever(self, merchant: str, version: str, *, create_embedder: Callable[[], Embedder]) -> Iterator[Retriever]:
        """Search one version. The embedder is made when its content could be opened."""
        directory = self.directory(merchant, version)
        content = Content.open(directory)
        try:
            retriever = Retriever.open(
                content, directory, embedder=create_embedder(), merchant=merchant, chroma_url=self._chroma_url
            )
            try:
                yield retriever
            finally:
                retriever.close()
        finally:
            content.close()

    def vanished(self, merchant: str, version: str | None, gathered: Gathered) -> tuple[str, ...]:
        """Files of the version that came with one of the gathered folders and are not there any more."""
        if version is None or not gathered.folders:
            return ()
        content = self.open(merchant, version)
        try:
            folders = {str(folder) for folder in gathered.folders}
            there = {file.name for file in gathered.files} | {refusal.name for refusal in gathered.refused}
            return tuple(name for name, folder in content.origins.items() if folder in folders and name not in there)
        finally:
            content.close()

    def workshop(self, merchant: str) -> Workshop:
        """Where versions of the merchant are built."""
        return Workshop(self.root / merchant, merchant=merchant, chroma_url=self._chroma_url)

    def drop(self, merchant: str, version: str) -> None:
        """Delete a version."""
        self.workshop(merchant).drop(version)

    @contextmanager
    def locked(self, merchant: str) -> Iterator[None]:
        """One writing command a merchant at a time; the lock goes with the process, also when it is killed."""
        folder = self.root / check_merchant(merchant)
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise LibraryError(f"另一个命令正在修改商家 {merchant} 的知识：请等它结束") from exc
            yield
        finally:
            os.close(handle)

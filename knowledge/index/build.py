"""A version's index folder: sparse, dense and what they were made with, written once and then only read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from knowledge.embedder import Embedder
from knowledge.errors import KnowledgeError
from knowledge.evidence import Passage, PassageKind
from knowledge.index.dense import DenseIndex, open_dense, write_dense
from knowledge.index.sparse import SparseIndex, write_sparse
from knowledge.record import Record

Progress = Callable[[int, int], None]
"""Called with (passages done, passages in all)."""

FORMAT = 1


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """What an index was made with: vectors of another embedder are never searched."""

    embedder: str
    collection: str
    """Name of the collection when the vectors are on a Chroma server."""
    server: bool
    format: int = FORMAT


class Index:
    """The opened index of one version."""

    def __init__(self, *, sparse: SparseIndex, dense: DenseIndex, manifest: IndexManifest) -> None:
        self.sparse = sparse
        self.dense = dense
        self.manifest = manifest

    @classmethod
    def open(cls, version_dir: Path, *, embedder: Embedder, chroma_url: str | None = None) -> Self:
        """Open what `build_index` wrote; raises KnowledgeError when it was made with another embedder."""
        folder = version_dir / "index"
        manifest = read_manifest(folder)
        if manifest.embedder != embedder.identity:
            raise KnowledgeError(
                f"{version_dir.name}: indexed with {manifest.embedder}, but {embedder.identity} is set; "
                "publish the material again or set the embedder back"
            )
        if manifest.server and chroma_url is None:
            raise KnowledgeError(f"{version_dir.name}: its vectors are on a Chroma server; set its address")
        url = chroma_url if manifest.server else None
        dense = open_dense(folder / "dense", name=manifest.collection, url=url)
        return cls(sparse=SparseIndex(folder / "sparse"), dense=dense, manifest=manifest)

    def close(self) -> None:
        self.dense.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build_index(
    version_dir: Path,
    *,
    previous_dir: Path | None,
    added: Iterable[Passage],
    removed: Iterable[str],
    records: Sequence[Record],
    embedder: Embedder,
    progress: Progress | None = None,
    passages: Callable[[], Iterable[Passage]] | None = None,
    chroma_url: str | None = None,
) -> None:
    """Write `version_dir/index` from the previous version's index and what changed since.

    A passage in `added` whose id exists already replaces the old one. When the embedder is not the one the previous
    index was made with, nothing of it is reused and `passages()` must give all passages of the new version. Blocking;
    raises KnowledgeError and leaves no half-written folder.
    """
    folder = version_dir / "index"
    old = previous_dir / "index" if previous_dir is not None else None
    fresh, gone = list(added), list(removed)
    old_manifest = read_manifest(old) if old is not None else None
    if old_manifest is not None and (
        old_manifest.embedder != embedder.identity or old_manifest.server != (chroma_url is not None)
    ):
        if passages is None:
            raise KnowledgeError(
                f"the embedder changed from {old_manifest.embedder} to {embedder.identity}: add all files again"
            )
        old, old_manifest, fresh, gone = None, None, list(passages()), []
    manifest = IndexManifest(
        embedder=embedder.identity,
        collection=_collection_name(version_dir),
        server=chroma_url is not None,
    )
    texts = [(passage.id, indexed_text(passage)) for passage in fresh]
    embedded = [(passage.id, embedded_text(passage)) for passage in fresh]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        write_sparse(folder / "sparse", previous=old / "sparse" if old else None, added=texts, removed=gone)
        write_dense(
            folder / "dense",
            name=manifest.collection,
            url=chroma_url,
            previous=old / "dense" if old else None,
            previous_name=old_manifest.collection if old_manifest else None,
            added=embedded,
            removed=gone,
            embedder=embedder,
            progress=lambda done: progress(done, len(texts)) if progress else None,
        )
        (folder / "index.json").write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), "utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def indexed_text(passage: Passage) -> str:
    """What of a passage is searched: the question with the answer, the heading with the prose."""
    if passage.kind is PassageKind.FAQ and passage.question:
        return f"{passage.question}\n{passage.text}"
    if passage.heading and passage.heading not in passage.text:
        return f"{passage.heading}\n{passage.text}"
    return passage.text


def embedded_text(passage: Passage) -> str:
    """What of a passage becomes its vector: of an FAQ the question alone, since questions meet questions."""
    return passage.question if passage.kind is PassageKind.FAQ and passage.question else indexed_text(passage)


def read_manifest(folder: Path) -> IndexManifest:
    """The manifest of an index folder; raises KnowledgeError when there is none or it is of another format."""
    try:
        manifest = IndexManifest(**json.loads((folder / "index.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as exc:
        raise KnowledgeError(f"{folder}: no index here ({exc}); publish the material again") from exc
    if manifest.format != FORMAT:
        raise KnowledgeError(f"{folder}: index format {manifest.format} is not {FORMAT}; publish the material again")
    return manifest


def _collection_name(version_dir: Path) -> str:
    parent = "".join(char if char.isascii() and char.isalnum() else "-" for char in version_dir.parent.name)
    name = "".join(char if char.isascii() and char.isalnum() else "-" for char in version_dir.name)
    return f"zg-{parent}-{name}"[:200].rstrip("-")

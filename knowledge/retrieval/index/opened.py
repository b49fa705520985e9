"""The opened index of one version: sparse, dense and what they were made with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from knowledge.embedder import Embedder
from knowledge.errors import KnowledgeError
from knowledge.evidence import Passage, PassageKind
from knowledge.retrieval.index.dense import DenseIndex, drop_dense, open_dense
from knowledge.retrieval.index.sparse import SparseIndex

FORMAT = 1


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """What an index was made with: vectors of another embedder are never searched."""

    embedder: str
    collection: str
    """Name of the collection when the vectors are on a Chroma server."""
    server: bool
    format: int = FORMAT


def read_manifest(folder: Path) -> IndexManifest:
    """The manifest of an index folder; raises KnowledgeError when there is none or it is of another format."""
    try:
        manifest = IndexManifest(**json.loads((folder / "index.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as exc:
        raise KnowledgeError(f"{folder}: no index here ({exc}); publish the material again") from exc
    if manifest.format != FORMAT:
        raise KnowledgeError(f"{folder}: index format {manifest.format} is not {FORMAT}; publish the material again")
    return manifest


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
        """Let go of the vectors; the index cannot be searched any more."""
        self.dense.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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


def drop_index(version_dir: Path, *, chroma_url: str | None = None) -> None:
    """Delete what an index keeps outside its folder: its collection on a Chroma server, if it is on one."""
    if not (version_dir / "index" / "index.json").exists():
        return
    manifest = read_manifest(version_dir / "index")
    if manifest.server and chroma_url is not None:
        drop_dense(name=manifest.collection, url=chroma_url)

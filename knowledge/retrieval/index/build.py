"""Builds a version's index folder from the previous version's and what changed since; written once, then only read."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from knowledge.embedder import Embedder
from knowledge.errors import KnowledgeError
from knowledge.evidence import Passage
from knowledge.record import Record
from knowledge.retrieval.decision import DECISION_FILE, load_decision, save_decision
from knowledge.retrieval.index.calibration import calibrate
from knowledge.retrieval.index.dense import write_dense
from knowledge.retrieval.index.opened import Index, IndexManifest, embedded_text, indexed_text, read_manifest
from knowledge.retrieval.index.ranking import Ranker
from knowledge.retrieval.index.sparse import write_sparse

Progress = Callable[[int, int], None]
"""Called with (passages done, passages in all)."""

Lookup = Callable[[Sequence[str]], Iterable[Passage]]
"""The passages with these ids, in any order."""

RECALIBRATE = 20
"""The decision is calibrated anew when at least one passage in so many changed."""


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
    lookup: Lookup | None = None,
    chroma_url: str | None = None,
) -> None:
    """Write `version_dir/index` from the previous version's index and what changed since.

    A passage in `added` whose id exists already replaces the old one. When the embedder is not the one the previous
    index was made with, nothing of it is reused and `passages()` must give all passages of the new version. The
    decision is calibrated on `passages()`, found again by `lookup`; kept as it was when almost nothing changed.
    Blocking; raises KnowledgeError and leaves no half-written folder.
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
        _settle_decision(
            version_dir,
            previous=old,
            changed=len(fresh) + len(gone),
            material=passages() if passages is not None else fresh,
            lookup=lookup,
            embedder=embedder,
            chroma_url=chroma_url,
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _settle_decision(
    version_dir: Path,
    *,
    previous: Path | None,
    changed: int,
    material: Iterable[Passage],
    lookup: Lookup | None,
    embedder: Embedder,
    chroma_url: str | None,
) -> None:
    """Calibrate the decision on the new version, or take over the old one when almost nothing changed."""
    folder = version_dir / "index"
    with Index.open(version_dir, embedder=embedder, chroma_url=chroma_url) as index:
        if previous is not None and (previous / DECISION_FILE).exists() and changed * RECALIBRATE < len(index.dense):
            save_decision(folder, load_decision(previous))
            return
        if lookup is None:
            known = {passage.id: passage for passage in material}
            material = known.values()
            lookup = lambda ids: [known[id_] for id_ in ids if id_ in known]  # noqa: E731
        save_decision(folder, calibrate(Ranker(index, embedder, lookup), material, embedder))


def _collection_name(version_dir: Path) -> str:
    """Readable, and unique when several shops or machines share a server."""
    merchant = "".join(char if char.isascii() and char.isalnum() else "-" for char in version_dir.parent.name)
    return f"zg-{merchant[:60].strip('-') or 'shop'}-{uuid.uuid4().hex[:16]}"

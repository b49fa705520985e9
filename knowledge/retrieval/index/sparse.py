"""Character-bigram BM25 in immutable segments: a change writes one small segment and a list of the dead.

A segment is a folder of numpy arrays, read through mmap. A new version hard-links the segments of the previous one,
marks what was removed as dead and adds one segment with what is new; when a size class holds too many, only that
class is merged (a log-structured merge, as in Lucene). Scoring: Robertson & Zaragoza, "The Probabilistic Relevance
Framework: BM25 and Beyond" (2009), k1 = 1.2, b = 0.75.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import KnowledgeError
from knowledge.folding import terms

K1 = 1.2
B = 0.75
MERGE_AT = 8
"""Segments of one size class that are merged into one."""

_FILES = ("terms", "offsets", "docs", "counts", "lengths", "id_bytes", "id_offsets")


@dataclass(frozen=True, slots=True)
class SparseHit:
    """One passage found by its terms."""

    id: str
    score: float
    """BM25, unbounded; comparable inside one query."""
    coverage: float
    """Share of the question's term weight (idf) that the passage holds, 0..1."""


@dataclass(frozen=True, slots=True)
class _Segment:
    name: str
    terms: NDArray[np.uint64]
    offsets: NDArray[np.uint32]
    docs: NDArray[np.uint32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.uint32]
    id_bytes: NDArray[np.uint8]
    id_offsets: NDArray[np.uint32]
    alive: NDArray[np.bool_]

    def id(self, doc: int) -> str:
        return bytes(self.id_bytes[self.id_offsets[doc] : self.id_offsets[doc + 1]]).decode()

    def ids(self) -> list[str]:
        blob, offsets = bytes(self.id_bytes), self.id_offsets.tolist()
        return [blob[start:end].decode() for start, end in pairwise(offsets)]

    def postings(self, term: int) -> slice | None:
        at = int(np.searchsorted(self.terms, np.uint64(term)))
        if at == len(self.terms) or int(self.terms[at]) != term:
            return None
        return slice(int(self.offsets[at]), int(self.offsets[at + 1]))


class SparseIndex:
    """Reads the sparse index of one version; immutable, safe for several threads."""

    def __init__(self, folder: Path) -> None:
        try:
            names: list[str] = json.loads((folder / "segments.json").read_text("utf-8"))
            self._segments = [_read(folder, name) for name in names]
        except (OSError, ValueError) as exc:
            raise KnowledgeError(
                f"{folder}: the sparse index cannot be read ({exc}); publish the material again"
            ) from exc
        self._count = sum(int(segment.alive.sum()) for segment in self._segments)
        length = sum(int(segment.lengths[segment.alive].sum()) for segment in self._segments)
        self._mean_length = length / self._count if self._count else 1.0

    def __len__(self) -> int:
        return self._count

    def search(self, question: str, *, limit: int) -> list[SparseHit]:
        """The best passages by BM25, best first, at most `limit`, all with a score above 0."""
        query = Counter(_hashed(term) for term in terms(question))
        found = [(s, {term: s.postings(term) for term in query}) for s in self._segments]
        weights = {term: self._idf(sum(_width(slices[term]) for _, slices in found)) for term in query}
        total = sum(weights.values())
        hits: list[SparseHit] = []
        for segment, slices in found:
            hits += self._search_segment(segment, slices, query, weights, total, limit)
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        return hits[:limit]

    def holders(self, term: str) -> int:
        """The number of passages that hold a term as `folding.terms` yields it."""
        hashed = _hashed(term)
        return sum(_width(segment.postings(hashed)) for segment in self._segments)

    def rarity(self, term: str) -> float:
        """Inverse document frequency of one term as `folding.terms` yields it; highest for an unseen one."""
        return self._idf(self.holders(term))

    def _idf(self, holders: int) -> float:
        return math.log(1 + (self._count - min(holders, self._count) + 0.5) / (holders + 0.5))

    def _search_segment(
        self,
        segment: _Segment,
        slices: dict[int, slice | None],
        query: Counter[int],
        weights: dict[int, float],
        total: float,
        limit: int,
    ) -> list[SparseHit]:
        scores = np.zeros(len(segment.lengths), np.float32)
        covered = np.zeros(len(segment.lengths), np.float32)
        for term, where in slices.items():
            if where is None:
                continue
            docs = segment.docs[where]
            counts = segment.counts[where].astype(np.float32)
            norm = K1 * (1 - B + B * segment.lengths[docs] / self._mean_length)
            scores[docs] += weights[term] * query[term] * counts * (K1 + 1) / (counts + norm)
            covered[docs] += weights[term]
        scores[~segment.alive] = 0
        best = np.argpartition(scores, -limit)[-limit:] if len(scores) > limit else np.arange(len(scores))
        return [
            SparseHit(segment.id(int(doc)), float(scores[doc]), min(1.0, float(covered[doc]) / total))
            for doc in best
            if scores[doc] > 0
        ]


def write_sparse(
    folder: Path,
    *,
    previous: Path | None,
    added: Iterable[tuple[str, str]],
    removed: Iterable[str],
) -> None:
    """Write the sparse index of a new version beside the previous one, which stays as it is.

    `added` are (passage id, text); an id that was there before replaces its old text. Work and memory grow with what
    is added (and, rarely, with the size class that is merged), not with the corpus.
    """
    folder.mkdir(parents=True)
    fresh = list(added)
    gone = set(removed) | {passage_id for passage_id, _ in fresh}
    names: list[str] = []
    if previous is not None:
        for name in json.loads((previous / "segments.json").read_text("utf-8")):
            segment = _read(previous, name)
            alive = segment.alive
            if gone:
                alive = alive & np.fromiter((id_ not in gone for id_ in segment.ids()), np.bool_, len(alive))
            if alive.any():
                _link(previous, folder, name)
                np.save(folder / f"{name}.alive.npy", alive)
                names.append(name)
    if fresh:
        name = _new_name(names)
        _write(folder, name, _from_texts(fresh))
        names.append(name)
    names = _merge(folder, names)
    (folder / "segments.json").write_text(json.dumps(names), "utf-8")


def _merge(folder: Path, names: list[str]) -> list[str]:
    classes: dict[int, list[str]] = {}
    for name in names:
        alive: NDArray[np.bool_] = np.load(folder / f"{name}.alive.npy")
        live = int(alive.sum())
        if live * 2 < len(alive):  # mostly dead: always rewritten, so that the dead do not pile up
            classes.setdefault(-1, []).append(name)
        classes.setdefault(int(math.log(live, MERGE_AT)), []).append(name)
    due = set(classes.pop(-1, []))
    for members in classes.values():
        if len(members) >= MERGE_AT:
            due.update(members)
    if not due:
        return names
    merged = _concatenate([_read(folder, name) for name in names if name in due])
    name = _new_name(names)
    _write(folder, name, merged)
    for old in due:
        shutil.rmtree(folder / old)
        (folder / f"{old}.alive.npy").unlink()
    return [*(kept for kept in names if kept not in due), name]


def _from_texts(texts: Sequence[tuple[str, str]]) -> dict[str, NDArray[Any]]:
    known: dict[str, int] = {}
    term_of, doc_of, count_of = [], [], []
    lengths = np.zeros(len(texts), np.uint32)
    for doc, (_, text) in enumerate(texts):
        counted = Counter(terms(text))
        lengths[doc] = sum(counted.values())
        for term, count in counted.items():
            hashed = known.get(term)
            if hashed is None:
                hashed = known[term] = _hashed(term)
            term_of.append(hashed)
            doc_of.append(doc)
            count_of.append(min(count, 65_535))
    return _arrays(
        np.array(term_of, np.uint64),
        np.array(doc_of, np.uint32),
        np.array(count_of, np.uint16),
        lengths,
        [passage_id for passage_id, _ in texts],
    )


def _concatenate(segments: Sequence[_Segment]) -> dict[str, NDArray[Any]]:
    term_of, doc_of, count_of, lengths = [], [], [], []
    ids: list[str] = []
    for segment in segments:
        renumber = np.cumsum(segment.alive) - 1 + len(ids)
        kept = segment.alive[segment.docs]
        term_of.append(np.repeat(segment.terms, np.diff(segment.offsets))[kept])
        doc_of.append(renumber[segment.docs[kept]].astype(np.uint32))
        count_of.append(segment.counts[kept])
        lengths.append(segment.lengths[segment.alive])
        ids += [id_ for id_, alive in zip(segment.ids(), segment.alive, strict=True) if alive]
    return _arrays(
        np.concatenate(term_of),
        np.concatenate(doc_of),
        np.concatenate(count_of),
        np.concatenate(lengths),
        ids,
    )


def _arrays(
    term_of: NDArray[np.uint64],
    doc_of: NDArray[np.uint32],
    count_of: NDArray[np.uint16],
    lengths: NDArray[np.uint32],
    ids: Sequence[str],
) -> dict[str, NDArray[Any]]:
    order = np.lexsort((doc_of, term_of))
    distinct, starts = np.unique(term_of[order], return_index=True)
    encoded = [id_.encode() for id_ in ids]
    return {
        "terms": distinct,
        "offsets": np.append(starts, len(order)).astype(np.uint32),
        "docs": doc_of[order],
        "counts": count_of[order],
        "lengths": lengths,
        "id_bytes": np.frombuffer(b"".join(encoded), np.uint8),
        "id_offsets": np.cumsum([0, *map(len, encoded)], dtype=np.uint32),
    }


def _write(folder: Path, name: str, arrays: dict[str, NDArray[Any]]) -> None:
    (folder / name).mkdir()
    for field in _FILES:
        np.save(folder / name / f"{field}.npy", arrays[field])
    np.save(folder / f"{name}.alive.npy", np.ones(len(arrays["lengths"]), np.bool_))


def _read(folder: Path, name: str) -> _Segment:
    arrays = {field: _map(folder / name / f"{field}.npy") for field in _FILES}
    return _Segment(name=name, alive=np.load(folder / f"{name}.alive.npy"), **arrays)


def _map(path: Path) -> NDArray[Any]:
    small = path.stat().st_size < 65_536  # not worth a mapping, and an empty array cannot have one
    array: NDArray[Any] = np.load(path, mmap_mode=None if small else "r")
    return np.asarray(array)


def _link(source: Path, target: Path, name: str) -> None:
    (target / name).mkdir()
    for field in _FILES:
        one, other = source / name / f"{field}.npy", target / name / f"{field}.npy"
        try:
            os.link(one, other)
        except OSError:  # a file system without hard links
            shutil.copyfile(one, other)


def _new_name(names: Sequence[str]) -> str:
    return f"s{1 + max((int(name[1:]) for name in names), default=0):06d}"


def _hashed(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")


def _width(where: slice | None) -> int:
    return 0 if where is None else int(where.stop) - int(where.start)

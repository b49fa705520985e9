"""Passages for a question, ranked by both indexes, and the signals that say how well the best of them fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from knowledge.embedder import Embedder, Vectors
from knowledge.evidence import Passage, PassageKind
from knowledge.folding import content_of, terms
from knowledge.retrieval.decision import Signals
from knowledge.retrieval.fusion import dice, distinct, fuse, varied
from knowledge.retrieval.index.alike import Alike, nearest
from knowledge.retrieval.index.opened import Index, indexed_text

CANDIDATES = 40
"""Passages taken from each index."""
COVERAGE_WEIGHT = 0.25
"""Share of the term coverage in the score of a passage that holds any of the terms."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates of one question, best first, each with its fused score 0..1, and the signals."""

    ranked: tuple[tuple[Passage, float], ...]
    signals: Signals
    similar: tuple[Passage, ...] = ()
    """FAQ passages whose question is most like the one asked, most alike first."""
    likeness: float = 0.0
    """0..1, of the first of `similar`."""
    alike: Alike | None = None
    """The FAQ passage whose question means most nearly what was asked."""


class Ranker:
    """Searches one version's index. `lookup` gives the passages with these ids; ids it does not know stay out."""

    def __init__(self, index: Index, embedder: Embedder, lookup: Callable[[Sequence[str]], Iterable[Passage]]) -> None:
        self._index = index
        self._embedder = embedder
        self._lookup = lookup

    def is_rare(self, term: str, *, most: int) -> bool:
        """Whether a term stands in the material, in at most so many passages."""
        return 1 <= self._index.sparse.holders(term) <= most

    def rank(
        self,
        question: str,
        *,
        record_id: str | None = None,
        own: Sequence[Passage] = (),
        exclude: AbstractSet[str] = frozenset(),
        vector: Vectors | None = None,
    ) -> Ranking:
        """Rank passages for the question. Blocking.

        With `record_id` that record's passages come first, those of other records last; `own` are passages of the
        record that take part even when neither index found them. `exclude` are passage ids to leave out;
        `vector` spares embedding the question here.
        """
        if vector is None:
            vector = self._embedder.embed([question])[0]
        near = {id_: score for id_, score in self._index.dense.search(vector, limit=CANDIDATES) if id_ not in exclude}
        content = content_of(question)
        hits = {hit.id: hit for hit in self._index.sparse.search(content, limit=CANDIDATES) if hit.id not in exclude}
        found = {passage.id: passage for passage in self._lookup([*near, *(id_ for id_ in hits if id_ not in near)])}
        # What the content does not hold (any more) is no evidence, whatever an index still says.
        near = {id_: score for id_, score in near.items() if id_ in found}
        hits = {id_: hit for id_, hit in hits.items() if id_ in found}
        fused = fuse(near, {id_: hit.score for id_, hit in hits.items()})
        for passage in own:
            if passage.id not in exclude:
                found.setdefault(passage.id, passage)
        for id_, hit in hits.items():
            fused[id_] = (1 - COVERAGE_WEIGHT) * fused[id_] + COVERAGE_WEIGHT * hit.coverage
        scores = {id_: _preferred(fused.get(id_, 0.0), passage, record_id) for id_, passage in found.items()}
        order = sorted(scores, key=lambda id_: (-scores[id_], id_))
        likeness = {id_: dice(question, passage.question) for id_, passage in found.items() if passage.question}
        similar = sorted(likeness, key=lambda id_: (-likeness[id_], id_))
        for id_ in similar[:1]:
            if likeness[id_] >= 0.6 and order[0] != id_ and record_id is None:
                order.remove(id_)
                order.insert(0, id_)
        best = order[0] if order else ""
        weight = sum(self._index.sparse.rarity(term) for term in set(terms(content))) or 1.0
        top = hits.get(best)
        by_fusion = [scores[id_] for id_ in order]
        signals = Signals(
            dense=max(0.0, max(near.values(), default=0.0)),
            coverage=top.coverage if top else 0.0,
            strength=1 - math.exp(-(top.score / weight)) if top else 0.0,
            question=likeness[similar[0]] if similar else 0.0,
            margin=by_fusion[0] - by_fusion[min(4, len(by_fusion) - 1)] if by_fusion else 0.0,
            agreement=1.0 if near and hits and max(near, key=near.__getitem__) == next(iter(hits)) else 0.0,
        )
        return Ranking(
            ranked=tuple((replace(found[id_], score=round(scores[id_], 4)), scores[id_]) for id_ in order),
            signals=signals,
            similar=tuple(found[id_] for id_ in similar[:3]),
            likeness=likeness[similar[0]] if similar else 0.0,
            alike=nearest(question, [(found[id_], score) for id_, score in near.items() if _is_faq(found[id_])]),
        )


def select(ranked: Sequence[tuple[Passage, float]], *, limit: int) -> tuple[Passage, ...]:
    """At most `limit` passages of a ranking: the best first, then without repetition and varied."""
    unique = distinct(ranked, lambda pair: pair[0].text)[: 4 * limit]
    if not unique:
        return ()
    first, rest = unique[0], unique[1:]
    return tuple(passage for passage, _ in [first, *varied(rest, indexed_text, limit=limit - 1)])


def _is_faq(passage: Passage) -> bool:
    return passage.kind is PassageKind.FAQ and passage.question is not None


def _preferred(score: float, passage: Passage, record_id: str | None) -> float:
    """The score with the record that is meant in mind: its own passages gain, those of other records fall behind."""
    if record_id is None:
        return score
    if passage.record_id is None:
        return 0.9 * score
    return 0.2 + 0.8 * score if passage.record_id == record_id else 0.3 * score

"""Two rankings become one: normalised, weighted, without duplicates, varied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from knowledge.folding import fold, terms

T = TypeVar("T")

DENSE_WEIGHT = 0.5
"""Share of the vectors; the rest belongs to the bigrams. A weighted sum of normalised scores beats rank fusion here."""


def fuse(
    dense: Mapping[str, float], sparse: Mapping[str, float], *, dense_weight: float = DENSE_WEIGHT
) -> dict[str, float]:
    """Fused score 0..1 for every id in either ranking; each ranking is scaled to its own best and worst first."""
    left, right = _scaled(dense), _scaled(sparse)
    return {
        id_: dense_weight * left.get(id_, 0.0) + (1 - dense_weight) * right.get(id_, 0.0) for id_ in {**left, **right}
    }


def distinct(ranked: Sequence[T], text: Callable[[T], str]) -> list[T]:
    """The first of every text, compared folded, in the order given."""
    seen: set[str] = set()
    kept: list[T] = []
    for item in ranked:
        key = fold(text(item))
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def varied(
    ranked: Sequence[tuple[T, float]], text: Callable[[T], str], *, limit: int, relevance: float = 0.75
) -> list[tuple[T, float]]:
    """At most `limit` items, each the best trade of its score against its likeness to those already taken.

    Maximal marginal relevance (Carbonell & Goldstein, 1998) with the Jaccard likeness of bigrams.
    """
    left = [(item, score, frozenset(terms(text(item)))) for item, score in ranked]
    taken: list[tuple[T, float, frozenset[str]]] = []
    while left and len(taken) < limit:
        best = max(
            left,
            key=lambda one: (
                relevance * one[1]
                - (1 - relevance) * max((_likeness(one[2], other[2]) for other in taken), default=0.0)
            ),
        )
        left.remove(best)
        taken.append(best)
    return [(item, score) for item, score, _ in taken]


def dice(one: str, other: str) -> float:
    """Likeness 0..1 of two short texts by their terms."""
    left, right = frozenset(terms(one)), frozenset(terms(other))
    total = len(left) + len(right)
    return 2 * len(left & right) / total if total else 0.0


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _scaled(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high - low < 1e-9:
        return dict.fromkeys(scores, 1.0)
    return {id_: (score - low) / (high - low) for id_, score in scores.items()}

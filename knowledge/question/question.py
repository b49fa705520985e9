"""A customer's question as it is understood before anything is searched: what it asks, and which record it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.embedder import Embedder, Vectors
from knowledge.evidence import Turn
from knowledge.folding import clauses, content_of, fold, squeeze, terms
from knowledge.question.field import LEXICAL, Asked, FieldReader, choose
from knowledge.question.names import NameIndex
from knowledge.question.reference import ReferenceResolver, Resolution
from knowledge.record import Fact, Record

MEANT, MEANT_LEAD = 0.62, 0.15
"""Cosine of a question and a column's title from which the column is meant, and its lead over the next column."""
_ELLIPSIS = re.compile(r"(?:^那|呢[?？。]*$)")


@dataclass(frozen=True, slots=True)
class Question:
    """How a question was understood, before anything was searched."""

    text: str
    asked: tuple[Asked, ...]
    """The columns it asks for, most likely first."""
    resolution: Resolution
    record: Record | None
    facts: tuple[tuple[Fact, float], ...]
    """Those of the record that it asks for, each with how surely."""
    masked: tuple[str, ...] = ()
    """Its folded clauses without the names in them."""


class QuestionReader:
    """Reads questions about one version's records. Shared by every conversation."""

    def __init__(self, records: Sequence[Record], embedder: Embedder) -> None:
        self._records = records
        self._embedder = embedder
        self._names = NameIndex(records)
        self._fields = FieldReader(records)
        self._resolver = ReferenceResolver(records, self._names, self._fields)
        self._column_vectors: Vectors | None = None
        self.name_terms = frozenset(
            term for r in records for name in (r.name, r.kind, *r.aliases) for term in terms(name or "")
        )
        """The pairs of characters in names and kinds of records: they tell which, and not what is asked of it."""

    def read(self, text: str, given: Record | None, history: Sequence[Turn]) -> Question:
        """What the text asks; `given` is the record the customer is looking at."""
        masked = own = self._masked(text)
        asked = tuple(self._fields.read(masked))
        trail = list(history)
        if given is not None and not any(given.name in turn.text for turn in trail):
            trail.insert(0, Turn("user", given.name))
        before = next((turn.text for turn in reversed(history) if turn.role == "user"), None)
        elliptic = _ELLIPSIS.search(fold(text)) and not _tells_of(masked, given)
        if before is not None and not (asked and asked[0].score >= LEXICAL) and elliptic:
            # "那双人沙发呢" asks of another record what was asked before.
            masked = self._masked(before)
            asked = tuple(self._fields.read(masked))
        resolution = self._resolver.resolve(text, trail, asked)
        record = self._records[resolution.record] if resolution.record is not None else None
        if record is not None and not (asked and asked[0].score >= LEXICAL):
            asked = self._asked_by_meaning(masked, record)
        facts = tuple(choose(asked, record.facts, masked)) if record is not None else ()
        return Question(text, asked, resolution, record, facts, own)

    def named(self, text: str) -> frozenset[int]:
        """Positions of the records that a text names."""
        return frozenset(record for mention in self._names.find(squeeze(text)) for record in mention.records)

    def _asked_by_meaning(self, masked: Sequence[str], record: Record) -> tuple[Asked, ...]:
        """The one column whose title is near to what is said in other words, and clearly nearer than the next."""
        said = content_of("".join(masked))
        columns = self._fields.columns
        if len(said.strip()) < 2 or len(columns) < 2 or self._fields.lacks(masked):
            return ()
        if self._column_vectors is None:
            self._column_vectors = self._embedder.embed([column.title for column in columns])
        likeness = self._column_vectors @ self._embedder.embed([said])[0]
        first, second = sorted(range(len(columns)), key=lambda at: -float(likeness[at]))[:2]
        if likeness[first] < MEANT or likeness[first] - likeness[second] < MEANT_LEAD:
            return ()
        return (Asked(columns[first], LEXICAL, 0, 0),)

    def _masked(self, text: str) -> tuple[str, ...]:
        """The folded clauses without the names in them: "价格公道饭店" asks for no price."""
        found = self._names.find(squeeze(text))
        names = {fold(self._records[record].name) for mention in found for record in mention.records[:20]}
        names |= {squeeze(text)[mention.start : mention.end] for mention in found}
        spoken = []
        for clause in map(fold, clauses(text)):
            for name in sorted(names, key=len, reverse=True):
                clause = clause.replace(name, "")
            spoken.append(clause)
        return tuple(spoken)


def _tells_of(masked: Sequence[str], record: Record | None) -> bool:
    """Whether a fact of the record holds the very word that is asked about: "坐深呢" is answered by the measures."""
    word = re.sub(r"^那么?|[\W_]|呢$", "", content_of("".join(masked)))
    return record is not None and len(word) >= 2 and any(word in fold(fact.text) for fact in record.facts)

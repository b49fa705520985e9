"""Which record a question is about: named in it, or left to what was said before ("它多少钱", "第二个呢", "地址在哪").

A name that no record has is a candidate as well: when it wins, we ask back instead of answering for another record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.evidence import Turn
from knowledge.folding import squeeze
from knowledge.question.field import Asked, FieldReader
from knowledge.question.kind import Kinds
from knowledge.question.mention import MentionReader
from knowledge.question.names import Mention, NameIndex
from knowledge.question.trail import Trail, TrailReader
from knowledge.record import Record

FEW = 12
"""Records of a kind that are offered when the kind is all we know."""
SURE = 0.9
"""Likeness of two spellings from which they are taken for the same name; below, we ask."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the question is about."""

    record: int | None
    """Position in the catalogue, or None."""
    choices: tuple[int, ...] = ()
    """With `record` None: the records it may be, to ask back."""
    unknown: str | None = None
    """A name in the conversation that no record has and that the question seems to be about."""
    certainty: float = 0.0
    """0..1."""
    named: bool = False
    """The question itself names the record."""
    leaning: bool = False
    """The question leans on what was said before."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where names stand in the squeezed question."""


class ReferenceResolver:
    """Resolves questions against one version's records. Immutable."""

    def __init__(self, records: Sequence[Record], names: NameIndex, fields: FieldReader) -> None:
        self._records = records
        self._names = names
        self._fields = fields
        self._kinds = Kinds(records, names)
        self._mentions = MentionReader(records, names, self._kinds, [column.title for column in fields.columns])
        self._trails = TrailReader(records, names, fields, self._kinds, self._mentions)
        self._columns = [frozenset((fact.name, fact.title) for fact in record.facts) for record in records]

    def resolve(self, question: str, history: Sequence[Turn], asked: Sequence[Asked]) -> Resolution:
        """The record the question is about. `asked` are the columns it asks for, most likely first."""
        squeezed = squeeze(question)
        trail = self._trails.read(history[-24:])
        here = self._mentions.known(question, squeezed, trail.candidates)
        spans = tuple((mention.start, mention.end) for mention in here)
        named = self._named(squeezed, here, trail, asked)
        if named is not None:
            return named
        cue_at = self._fields.cue_at(asked[0].column, squeezed) if asked else None
        span = self._mentions.unknown(question, squeezed, here, cue_at=cue_at, alone=not trail.candidates)
        if span is not None:
            name = squeezed[span.start : span.end]
            part = trail.part_of(name, self._names)
            if part is not None:
                return Resolution(part, certainty=0.8, named=True, spans=spans)
            similar = self._names.similar(name)
            if similar is not None and similar[1] >= SURE:
                return Resolution(similar[0], certainty=0.7, named=True, spans=spans)
            if similar is not None:
                return Resolution(None, choices=(similar[0],), named=True, spans=spans)
            return Resolution(None, unknown=name, named=True, spans=spans)
        return self._from_trail(squeezed, trail, asked)

    def _named(
        self,
        squeezed: str,
        here: Sequence[Mention],
        trail: Trail,
        asked: Sequence[Asked],
    ) -> Resolution | None:
        usable = [mention for mention in here if not self._excluded(squeezed, mention)] or list(here)
        if not usable:
            return None
        spans = tuple((mention.start, mention.end) for mention in here)
        best = max(usable, key=lambda mention: (self._fitting(mention, asked), mention.strength >= 0.9, mention.start))
        records = [record for record in best.records if self._fits(record, asked)] or list(best.records)
        if len(records) == 1:
            return Resolution(records[0], certainty=best.strength, named=True, spans=spans)
        recent = [record for record in records if record in trail.candidates]
        if recent:
            latest = trail.latest(recent)
            return Resolution(latest, certainty=0.85, named=True, spans=spans)
        parts = {record: self._names.part_in(record, squeezed) for record in records}
        longest = max(parts.values())
        top = [record for record in records if parts[record] == longest]
        if len(top) == 1 and longest > best.length:
            return Resolution(top[0], certainty=0.75, named=True, spans=spans)
        return Resolution(None, choices=tuple(records), named=True, spans=spans)

    def _from_trail(self, squeezed: str, trail: Trail, asked: Sequence[Asked]) -> Resolution:
        ordinal = trail.ordinal(squeezed)
        if ordinal is not None:
            return Resolution(ordinal, certainty=0.9, leaning=True)
        kind = self._kinds.last_in(squeezed)
        missing = [miss for miss in trail.missing if not kind or not miss.kinds or kind & miss.kinds]
        if not trail.candidates:
            return Resolution(None, unknown=missing[-1].name if missing else None, leaning=bool(missing))
        weights: dict[int, float] = {}
        for record, candidate in trail.candidates.items():
            weight = trail.faded(candidate.weight, candidate.last)
            if kind:
                weight *= 2.5 if self._records[record].kind in kind else 0.2
            if not self._fits(record, asked):
                weight *= 0.15
            part = self._names.part_in(record, squeezed)
            if part >= 2:
                weight *= 2.0 + part
            weights[record] = weight
        ranked = sorted(weights, key=lambda record: (-weights[record], -trail.candidates[record].last))
        best = ranked[0]
        for miss in missing:
            weight = trail.faded(miss.weight, miss.step)
            weight *= 2.5 if kind and (not miss.kinds or kind & miss.kinds) else 1.0
            if weight > weights[best] or (miss.step > trail.candidates[best].last and kind and not kind & miss.kinds):
                return Resolution(None, unknown=miss.name, leaning=True)
        if kind and self._records[best].kind not in kind:
            offered = [at for at, record in enumerate(self._records) if record.kind in kind]
            if len(offered) <= FEW:
                return Resolution(None, choices=tuple(offered), leaning=True)
            return Resolution(None, unknown="、".join(sorted(kind)), leaning=True)
        share = weights[best] / sum(weights.values())
        return Resolution(best, choices=tuple(ranked[:4]), certainty=min(0.95, 0.4 + share / 2), leaning=True)

    def _fits(self, record: int, asked: Sequence[Asked]) -> bool:
        strong = [one for one in asked if one.score >= 0.65]
        return not strong or any((one.column.name, one.column.title) in self._columns[record] for one in strong)

    def _fitting(self, mention: Mention, asked: Sequence[Asked]) -> bool:
        return any(self._fits(record, asked) for record in mention.records)

    @staticmethod
    def _excluded(squeezed: str, mention: Mention) -> bool:
        return squeezed[max(0, mention.start - 2) : mention.start].endswith(("除了", "不是", "不要", "不去"))

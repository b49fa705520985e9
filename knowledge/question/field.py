"""Which fact a question asks for: over any catalogue's columns, by title, synonyms and the form of the question.

`knowledge.question.concept` is the language side and knows no catalogue; `FieldReader` joins it with the columns that a
version really has. A column nobody foresaw is found by its own title and its values.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.folding import fold, name_key
from knowledge.question.concept import ASKING, CONCEPTS, HAVING, VAGUE, WISH, Concept
from knowledge.record import Fact, Record

_LIST = re.compile(r"[、,，;；/|\s]+")
_AND = re.compile(r"和|跟|与|及|、|还有|以及|加上|\+")

NEVER_ASKED = frozenset({"name", "sku", "aliases", "image", "link"})
"""Columns that identify or show a record; nobody asks for them by the value."""

LEXICAL = 0.5
"""A field is asked for when its score reaches this."""


_SIZES = frozenset(("size", "dimensions"))
_LONG = re.compile(r"多[大长宽高深厚]|尺寸|直径|厘米")
_LENGTH = re.compile(r"\d\s*(?:cm|mm|m(?![lL])|厘米|公分|毫米|米)|\d\s*[×xX*]\s*\d+", re.I)
_WHEN = "什么时候|啥时候|几时|何时|几点|哪天|[周星期]{1,2}几|多久|多长时间|几天"

SURE = 0.85
"""Weight of a cue from which it asks for its concept and for nothing near it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a catalogue: facts of the same name and title."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A column that the question asks for, and how surely (0..1)."""

    column: Column
    score: float
    start: int
    """Where the cue stands, counted through the clauses in steps of 1,000: the order in which several were asked."""
    end: int
    """Where it ends."""


class FieldReader:
    """Reads questions against the columns of one version. Immutable."""

    def __init__(self, records: Sequence[Record]) -> None:
        columns: dict[Column, None] = {}
        of_kind: dict[str, set[Column]] = defaultdict(set)
        for record in records:
            for fact in record.facts:
                if fact.name in NEVER_ASKED:
                    continue
                column = Column(fact.name, fact.title)
                columns.setdefault(column)
                of_kind[record.kind].add(column)
        self.columns: tuple[Column, ...] = tuple(columns)
        self.of_kind: dict[str, frozenset[Column]] = {kind: frozenset(held) for kind, held in of_kind.items()}
        self._kinds = {
            column
            for column in columns
            if column.name == "category"
            and all(fact.text == record.kind for record in records for fact in record.facts if fact.name == "category")
        }
        self._titles = {column: fold(column.title) for column in columns}
        self._cues = {column: _cues(column) for column in columns}
        self._absent = [
            re.compile(cue)
            for concept in CONCEPTS
            if not any(_stands_for(column, concept) for column in columns)
            for weight, cue in concept.cues
            if weight >= SURE
        ]
        for column in _counted(records):
            self._cues[column] = [*self._cues[column], *_OF_CONTENT]

    def read(self, clauses: Sequence[str]) -> list[Asked]:
        """Every column the clauses may ask for, most likely first. `clauses` are folded, without the record's name.

        The later of two clauses that ask wins a tie: people say what they think first and ask at the end.
        """
        best: dict[Column, Asked] = {}
        for number, clause in enumerate(clauses):
            own = (1.0 if ASKING.search(clause) else 0.6) * (1 - 0.02 * (len(clauses) - 1 - number))
            if len(clauses) == 1:
                own = 1.0
            for column, cues in self._cues.items():
                for weight, cue in cues:
                    found = cue.search(clause)
                    if found is None:
                        continue
                    near = 0.03 if found.group() in self._titles[column] else 0.0
                    # "评分4.5分以上" is a wish, no question.
                    factor = own if not WISH.match(clause, found.end()) else 0.55 * own
                    # What kind of thing a record is goes without saying when another column tells more ("酒店类型").
                    score = (weight + near - (0.12 if column in self._kinds else 0.0)) * factor
                    if column not in best or score > best[column].score:
                        at = number * 1_000
                        best[column] = Asked(column, score, at + found.start(), at + found.end())
                    break
        return sorted(best.values(), key=lambda asked: -asked.score)

    def lacks(self, clauses: Sequence[str]) -> bool:
        """Whether the clauses surely ask for something that no column here holds, as a weight where none is given."""
        return any(cue.search(clause) for cue in self._absent for clause in clauses)

    def cue_at(self, column: Column, squeezed: str) -> int | None:
        """Where in a squeezed text the surest cue for the column stands, or None."""
        for _, cue in self._cues[column]:
            found = cue.search(squeezed)
            if found is not None:
                return found.start()
        return None


def choose(asked: Sequence[Asked], facts: Sequence[Fact], clauses: Sequence[str]) -> list[tuple[Fact, float]]:
    """The facts of one record that the question asks for, best first.

    One fact, unless the question joins several ("电话和地址"). Facts of the same concept as the best follow only when
    the question names them too. Without a named column, a value that the question mentions ("有红色吗") is the answer.
    """
    by_column: dict[Column, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_column[Column(fact.name, fact.title)].append(fact)
    held = [one for one in asked if one.column in by_column and one.score >= LEXICAL and not _inside(one, asked)]
    chosen: list[tuple[Fact, float]] = []
    if held:
        best = _measured(held, by_column, clauses)
        picked = [best]
        for other in held:
            strong = other.score >= 0.85 * best.score and other.start != best.start and other.score >= 0.8
            if strong and _joined(best, other, clauses):
                picked.append(other)
        picked.sort(key=lambda one: one.start)
        chosen = [(fact, one.score) for one in picked for fact in by_column[one.column]]
    if not chosen or chosen[0][1] < 0.75:
        valued = by_value(facts, clauses)
        if valued is not None and (not chosen or valued[1] > chosen[0][1]):
            return [valued]
    return chosen


def _measured(held: Sequence[Asked], facts: dict[Column, list[Fact]], clauses: Sequence[str]) -> Asked:
    """The best column; of two for sizes the one that states a length where one is asked for: not "带铲子"."""
    best = held[0]
    if best.column.name not in _SIZES or not any(_LONG.search(clause) for clause in clauses):
        return best
    lengths = [
        one for one in held if one.column.name in _SIZES and any(_LENGTH.search(f.text) for f in facts[one.column])
    ]
    return next(iter(lengths), best)


def by_value(facts: Sequence[Fact], clauses: Sequence[str]) -> tuple[Fact, float] | None:
    """The list-like fact one of whose items the question mentions ("有健身房吗" → the facilities), or None."""
    best: tuple[int, Fact] | None = None
    for fact in facts:
        if fact.name in NEVER_ASKED:
            continue
        items = [name_key(item) for item in _LIST.split(fold_list(fact.text))]
        if len(items) < 2:
            continue
        for item in items:
            if (
                len(item) >= 2
                and any(item in clause and HAVING.search(clause) for clause in clauses)
                and (best is None or len(item) > best[0])
            ):
                best = (len(item), fact)
    return (best[1], 0.78) if best else None


def fold_list(text: str) -> str:
    """A list value with one kind of separator, folded item by item."""
    return "、".join(fold(item) for item in _LIST.split(text) if item)


def _inside(one: Asked, asked: Sequence[Asked]) -> bool:
    """Whether its cue is only a part of a better one: "时间" of 游玩时间 in "营业时间"."""
    return any(
        other.score > one.score
        and other.start <= one.start
        and one.end <= other.end
        and other.end - other.start > one.end - one.start
        for other in asked
    )


def _joined(first: Asked, second: Asked, clauses: Sequence[str]) -> bool:
    (clause, left), (other, right) = sorted((divmod(first.start, 1_000), divmod(second.start, 1_000)))
    if clause != other:
        return False
    return _AND.search(clauses[clause][left:right]) is not None


_CONTENT = re.compile(r"\d\s*(?:kg|g|克|千克|公斤|斤|两|ml|毫升|l|升|袋|枚|片|支|粒|包|条|瓶|颗|块)(?![a-z])", re.I)
_OF_CONTENT = [
    (
        0.8,
        re.compile(
            r"[几多少]{1,2}(?:公?斤|千?克|两|毫升|升|袋|枚|片|支|粒|包|条|瓶|颗|块)(?!钱)|[一1每](?:袋|盒|瓶|包|罐|箱|饼|提)[子里]?(?:有|是|装|净重|重)?(?:多少|几|多重|多大)"
            r"(?!钱|元|块钱)|多大(?:一|的)?(?:袋|盒|瓶|包|罐|箱|饼)|净含量|净重"
        ),
    )
]
"""How the content of a pack is asked for, of a size that is counted or weighed."""


def _counted(records: Sequence[Record]) -> list[Column]:
    """Columns of sizes whose values are mostly the content of a pack ("500g/瓶", "25g×30袋")."""
    seen: dict[Column, list[bool]] = defaultdict(list)
    for record in records:
        for fact in record.facts:
            if fact.name in ("size", "capacity", "weight"):
                seen[Column(fact.name, fact.title)].append(_CONTENT.search(fold(fact.text)) is not None)
    return [column for column, counts in seen.items() if 2 * sum(counts) > len(counts)]


def _stands_for(column: Column, concept: Concept) -> bool:
    """Whether a column holds what the concept is, by its name or its title."""
    unnamed = column.name == column.title and re.search(concept.titles, fold(column.title)) is not None
    return column.name in concept.names or unnamed


def _cues(column: Column) -> list[tuple[float, re.Pattern[str]]]:
    title = fold(column.title)
    expressions: list[tuple[float, str]] = []
    if len(title) >= 2:
        expressions.append((1.0, re.escape(title)))
    if len(title) == 4 and title.endswith("时间"):
        deed = re.escape(title[:2])
        expressions.append((0.85, rf"(?:{_WHEN}).{{0,3}}{deed}|{deed}.{{0,3}}(?:{_WHEN})"))
    for concept in CONCEPTS:
        if _stands_for(column, concept):
            rank = concept.names.index(column.name) if column.name in concept.names else 0
            expressions += [(weight - 0.02 * rank, cue) for weight, cue in concept.cues]
    if len(title) >= 4 and not title.isascii():
        expressions.append((0.8, re.escape(title[-2:])))
    if not any(column.name in concept.names for concept in CONCEPTS):
        parts = {title[at : at + 2] for at in range(len(title) - 1)} - VAGUE
        expressions += [(0.62, re.escape(part)) for part in sorted(parts) if part.isalpha() and not part.isascii()]
    expressions.sort(key=lambda pair: -pair[0])
    return [(weight, re.compile(cue)) for weight, cue in expressions]

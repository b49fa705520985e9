"""Which records a sentence names: by full name, alias, short name, or a name slightly misspelt.

Nothing here knows a trade: what is a short name ("北海公园" for "北京北海公园", "桔子酒店" for "桔子酒店(五棵松店)") is
read off the catalogue's own names, whose common beginnings and ends are counted.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz, process

from knowledge.folding import name_key
from knowledge.question.filler import EVERYDAY
from knowledge.record import Record

_BRACKET = re.compile(r"[(（\[【〔][^)）\]】〕]*[)）\]】〕]")
_LATIN = re.compile(r"[a-z0-9]")

FULL, ALIAS, BASE, SHORT, GUESS = 1.0, 0.95, 0.9, 0.8, 0.7
"""How surely a form stands for its record: whole name, alias, name without its bracket, name without a common
beginning ("北海公园"), name without a common end ("故宫" for 故宫餐厅: only a guess)."""

MANY = 12
"""A short form shared by more records than this names none of them."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of a squeezed text (`folding.squeeze`) that names one record, or one of several."""

    start: int
    end: int
    records: tuple[int, ...]
    """Positions in the catalogue; more than one when the form is shared ("东来顺" of five branches)."""
    strength: float
    """0..1: how surely the form is a name of the record."""

    @property
    def length(self) -> int:
        """Characters that it takes up in the text."""
        return self.end - self.start


class NameIndex:
    """Finds names in text. Built once for a version in time linear in the catalogue; immutable."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.keys: tuple[str, ...] = tuple(name_key(record.name) for record in records)
        """Each record's name as it would stand in a squeezed text."""
        self._forms: dict[str, dict[int, float]] = defaultdict(dict)
        self._lengths: dict[str, set[int]] = defaultdict(set)
        bases = [name_key(_BRACKET.sub("", record.name)) for record in records]
        self.bases: tuple[str, ...] = tuple(base or key for base, key in zip(bases, self.keys, strict=True))
        self.prefixes = _common(self.bases, end=False)
        self.suffixes = _common(self.bases, end=True)
        self.tails = _tails(self.bases)
        for at, record in enumerate(records):
            self._add(self.keys[at], at, FULL)
            if self.bases[at] not in EVERYDAY:
                self._add(self.bases[at], at, BASE)
            for alias in (*record.aliases, record.id):
                self._add(name_key(alias), at, ALIAS)
        self._add_short_forms()
        self._grams, self._holders = _gram_index(self.keys)

    def find(self, squeezed: str) -> list[Mention]:
        """Names that stand in the text letter for letter, the longest first where two overlap, in reading order."""
        found: list[Mention] = []
        at = 0
        while at < len(squeezed) - 1:
            mention = self._longest_at(squeezed, at)
            if mention is None:
                at += 1
            else:
                found.append(mention)
                at = mention.end
        return found

    def similar(self, name: str, *, least: float = 0.8) -> tuple[int, float] | None:
        """The one record whose name is nearly this (squeezed) name, with the likeness 0..1; None for none or several.

        The bracket of a name must stand, since branches of a chain differ only there, and so must most of what is rare
        in it; a name longer or shorter by more than one character is another name.
        """
        weights: Counter[int] = Counter()
        for gram in {first + second for first, second in pairwise(name)}:
            for record in self._grams.get(gram, ()):
                weights[record] += 1
        scored: dict[int, float] = {}
        for record, _ in weights.most_common(30):
            key = self.keys[record]
            inside = key[len(self.bases[record]) :] if key.startswith(self.bases[record]) else ""
            if abs(len(key) - len(name)) > 1 or (inside and fuzz.partial_ratio(inside, name) < 90):
                continue
            score = fuzz.ratio(name, key) / 100
            if score >= least and self._rare_parts_stand(key, name):
                scored[record] = score
        ranked = sorted(scored, key=lambda record: -scored[record])
        if ranked and (len(ranked) == 1 or scored[ranked[1]] <= scored[ranked[0]] - 0.04):
            return ranked[0], scored[ranked[0]]
        return self._similar_alias(name) if not ranked else None

    def _similar_alias(self, name: str) -> tuple[int, float] | None:
        """As `similar`, over every short form, for small catalogues: one wrong character ("云多沙发")."""
        if len(self._forms) > 20_000:
            return None
        found = process.extract(name, self._forms.keys(), scorer=fuzz.ratio, score_cutoff=74, limit=8)
        records = {record for form, _, _ in found if abs(len(form) - len(name)) <= 1 for record in self._forms[form]}
        return (records.pop(), 0.75) if len(records) == 1 else None

    def part_in(self, record: int, squeezed: str, *, least: int = 2) -> int:
        """Characters of the longest telling part of the record's name that stands in the text; 0 below `least`.

        A telling part is no common beginning or end of names ("北京", "酒店").
        """
        key = self.keys[record]
        best = 0
        for start in range(len(key) - least + 1):
            for end in range(len(key), start + max(least, best + 1) - 1, -1):
                part = key[start:end]
                if part in squeezed and not self._is_common(part):
                    best = end - start
                    break
        return best

    def _is_common(self, part: str) -> bool:
        return (
            part in self.prefixes
            or part in self.suffixes
            or part in self.tails
            or any(part == a + b for a in self.prefixes for b in self.suffixes)
        )

    def _rare_parts_stand(self, key: str, name: str) -> bool:
        """Whether most of what tells this name from the others is in the other spelling."""
        grams = {first + second for first, second in pairwise(key)}
        weight = {gram: math.log(1 + len(self.keys) / (1 + self._holders[gram])) for gram in grams}
        return sum(weight[gram] for gram in grams if gram in name) >= 0.55 * sum(weight.values())

    def _add(self, form: str, record: int, strength: float) -> None:
        if len(form) < 2 or (form.isdigit() and len(form) < 4):
            return
        known = self._forms[form]
        known[record] = max(known.get(record, 0.0), strength)
        self._lengths[form[:2]].add(len(form))

    def _add_short_forms(self) -> None:
        shorts: dict[str, dict[int, float]] = defaultdict(dict)
        for record, base in enumerate(self.bases):
            without = [base[len(prefix) :] for prefix in self.prefixes if base.startswith(prefix)]
            for form in (base, *without):
                shorts[form][record] = SHORT
                for suffix in self.suffixes:
                    if form.endswith(suffix):
                        shorts[form[: -len(suffix)]].setdefault(record, GUESS)
        inside = _holders({form for form in shorts if len(form) == 2}, self.bases)
        for form, holders in shorts.items():
            if form in EVERYDAY or len(form) < 2 or len(holders) > MANY or self._is_common(form) or form.isascii():
                continue
            if len(form) == 2 and len(inside[form]) > 3:
                continue
            for record, strength in holders.items():
                self._add(form, record, strength)

    def _longest_at(self, squeezed: str, at: int) -> Mention | None:
        for length in sorted(self._lengths.get(squeezed[at : at + 2], ()), reverse=True):
            form = squeezed[at : at + length]
            known = self._forms.get(form) if len(form) == length else None
            if not known or _cuts_a_word(squeezed, at, at + length):
                continue
            best = max(known.values())
            records = tuple(sorted(record for record, strength in known.items() if strength >= best - 1e-9))
            return Mention(at, at + length, records, best)
        return None


def _common(names: Sequence[str], *, end: bool) -> frozenset[str]:
    """Beginnings (or ends) of one to four characters that at least 3 % of the names, and five, share."""
    least = max(5, len(names) * 3 // 100)
    counted: Counter[str] = Counter()
    for name in names:
        for length in range(1, min(5, len(name))):
            counted[name[-length:] if end else name[:length]] += 1
    shortest = 1 if end else 2
    return frozenset(part for part, count in counted.items() if count >= least and len(part) >= shortest)


def _tails(names: Sequence[str]) -> frozenset[str]:
    """Ends of one to three characters that at least one name in 250, and four, share: what a name here ends with."""
    counted: Counter[str] = Counter()
    for name in names:
        for length in range(1, min(4, len(name))):
            counted[name[-length:]] += 1
    least = max(4, len(names) // 250)
    return frozenset(part for part, count in counted.items() if count >= least and not part.isascii())


def _holders(parts: set[str], names: Sequence[str]) -> dict[str, set[int]]:
    holders: dict[str, set[int]] = defaultdict(set)
    for record, name in enumerate(names):
        for first, second in pairwise(name):
            if first + second in parts:
                holders[first + second].add(record)
    return holders


def _gram_index(keys: Sequence[str]) -> tuple[dict[str, list[int]], Counter[str]]:
    """Bigram → its records (left out where too many share it), and how many names hold each bigram."""
    grams: dict[str, list[int]] = defaultdict(list)
    for record, key in enumerate(keys):
        for gram in {first + second for first, second in pairwise(key)}:
            grams[gram].append(record)
    counts = Counter({gram: len(holders) for gram, holders in grams.items()})
    most = max(200, len(keys) // 50)
    return {gram: holders for gram, holders in grams.items() if len(holders) <= most}, counts


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    """Whether the stretch begins or ends inside a Latin word or a number."""
    before = start > 0 and _LATIN.match(text[start - 1]) and _LATIN.match(text[start])
    after = end < len(text) and _LATIN.match(text[end - 1]) and _LATIN.match(text[end])
    return bool(before or after)

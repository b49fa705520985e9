"""The part of the material that speaks of what is asked, where no whole answer does: "用什么电池", 一节五号电池用一年.

A part is a clause of a fact or a sentence of an answer or of prose. How much of a question it holds is counted in
characters, those that few parts hold counting more; characters that stand together in the question have to stand
together there as well (床垫 is not 床品 with 垫片). What the sentence vectors say of both decides between equals.
"""

from __future__ import annotations

import math
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from knowledge.embedder import Embedder, Vectors
from knowledge.evidence import Passage, PassageKind, Told
from knowledge.folding import content_of, fold
from knowledge.question.field import NEVER_ASKED
from knowledge.record import Fact, Record

MOST = 6
"""Parts given for one question: those whose vectors are compared with the question's."""
WORTH = 0.15
"""Share of the question from which a part is looked at."""
COMPARED = 0.4
"""Share from which the vectors are compared too."""
APART = 0.5
"""What a character counts that stands in a part without its neighbour of the question."""
OWN = 0.1
"""Lead of a part about the record that is meant over one of the whole shop."""
READ = 512
"""Records and passages whose parts are remembered."""
KEPT = 512
"""Vectors of parts that are remembered."""
_GRAMMAR = frozenset(
    "的了吗呢吧啊呀么嘛啦哦喔哈不没有是能会可以要得到来去做用给让把被和跟与就都也还再又很太最更这那个些种样怎什如何哪谁几多少"
    "请问想我你您他她它们在里对于从过着下上一二两三四五六七八九十点时候久先后人另外咋啥嗯呗嘞"
)
"""Characters that only make a question, or stand in every one."""
_PRICED = re.compile(r"多少钱|多钱|几块钱?|要钱|加钱|收钱|收费|花钱")
_WORD = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?|[\u4e00-\u9fff]+")
_PARTS = re.compile(r"[；;。\n]+")
_SENTENCES = re.compile(r"(?<=[。！？!?；;\n])")
_CLAUSES = re.compile(r"[，,]+")


@dataclass(frozen=True, slots=True)
class _Part:
    said: str
    """What it says, folded."""
    beside: str
    """The title, heading or question that it stands under, folded."""
    names: str
    """What its record is called, folded."""
    text: str
    """What may be quoted."""
    fact: Fact | None
    passage: Passage | None
    signs: frozenset[str]
    """All characters of the three."""

    @property
    def record_id(self) -> str | None:
        return self.fact.record_id if self.fact else self.passage.record_id if self.passage else None


class ClauseReader:
    """Finds the parts that speak of a question. Shared by every conversation; remembers vectors, and nothing else."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._parts: OrderedDict[tuple[str, str], list[_Part]] = OrderedDict()

    def told(
        self,
        question: str,
        *,
        asked: str,
        record: Record | None,
        records: Iterable[Record],
        passages: Iterable[Passage],
    ) -> tuple[Told, ...]:
        """The parts that hold most of what is `asked` (the question without the names in it), best first.

        With `record` only its own facts and what is said for the whole shop are looked at.
        """
        runs = _runs(asked)
        if not runs:
            return ()
        owners = (record,) if record is not None else tuple(records)
        parts = [part for one in owners for part in self._kept(("record", one.id), partial(_of_record, one))]
        for passage in passages:
            parts += self._kept(("passage", passage.id), partial(_of_passage, passage))
        asked_for = {sign for run in runs for sign in run}
        spread = Counter(sign for part in parts for sign in asked_for & part.signs)
        weights = {sign: math.log(1 + len(parts) / (0.5 + spread[sign])) for run in runs for sign in run}
        held = [(_held(runs, weights, part), part) for part in parts]
        best = sorted((pair for pair in held if pair[0] >= WORTH), key=lambda pair: -pair[0])[:MOST]
        if not best:
            return ()
        # A part that holds little of the question is none to be said: its vector is not worth the time.
        near = self._likeness(question, [part.said for share, part in best if share >= COMPARED])
        likeness = [*near, *[0.0] * (len(best) - len(near))]
        own = record.id if record is not None else None
        ranked = sorted(
            (
                (share + 0.5 * like + (OWN if own is not None and part.record_id == own else 0.0), share, like, part)
                for (share, part), like in zip(best, likeness, strict=True)
            ),
            key=lambda row: -row[0],
        )
        single = len({sign for run in runs for sign in run}) < 2
        return tuple(
            Told(part.text, round(share, 4), round(like, 4), single, part.fact, part.passage)
            for _, share, like, part in ranked
        )

    def _kept(self, key: tuple[str, str], read: Callable[[], list[_Part]]) -> list[_Part]:
        """The parts of a record or passage, read once: a version never changes."""
        parts = self._parts.get(key)
        if parts is None:
            parts = self._parts[key] = read()
            while len(self._parts) > READ:
                self._parts.popitem(last=False)
        return parts

    def _likeness(self, question: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        # Other threads search too and may push out what was here: what is used is taken at once.
        kept = ((text, self._vectors.get(text)) for text in (question, *texts))
        vectors = {text: vector for text, vector in kept if vector is not None}
        missing = [text for text in dict.fromkeys((question, *texts)) if text not in vectors]
        if missing:
            vectors.update(zip(missing, self._embedder.embed(missing), strict=True))
        for text in texts:
            self._vectors[text] = vectors[text]
        while len(self._vectors) > KEPT:
            self._vectors.popitem(last=False)
        return [float(vectors[text] @ vectors[question]) for text in texts]


def _runs(asked: str) -> list[str]:
    """The runs of characters that say what is asked; a word of letters or a number is one run that stays whole."""
    text = fold(content_of(_PRICED.sub(" ", asked)))
    spaced = "".join(" " if char in _GRAMMAR else char for char in text)
    return [run for run in _WORD.findall(spaced)]


def _held(runs: Sequence[str], weights: dict[str, float], part: _Part) -> float:
    """The share of the question's weight that a part holds, 0..1; 0 where only the name of its record does."""
    whole, told = f"{part.said}|{part.beside}|{part.names}", f"{part.said}|{part.beside}"
    total = sum(weights[sign] for run in runs for sign in run)
    found, said = 0.0, False
    for run in runs:
        if not "\u4e00" <= run[0] <= "\u9fff":
            if run in whole:
                found += sum(weights[sign] for sign in run)
                said = said or run in told
            continue
        for at, sign in enumerate(run):
            if sign not in whole:
                continue
            pairs = [run[i : i + 2] for i in (at - 1, at) if 0 <= i < len(run) - 1]
            found += weights[sign] * (1.0 if not pairs or any(pair in whole for pair in pairs) else APART)
            said = said or sign in told
    return found / total if said else 0.0


def _part(said: str, beside: str, names: str, text: str, fact: Fact | None, passage: Passage | None) -> _Part:
    return _Part(said, beside, names, text, fact, passage, frozenset(f"{said}{beside}{names}"))


def _of_record(record: Record) -> list[_Part]:
    names = fold("|".join((record.name, record.kind, *record.aliases)))
    return [
        _part(fold(clause), fold(fact.title), names, part.strip(), fact, None)
        for fact in record.facts
        if fact.name not in NEVER_ASKED
        for part in _PARTS.split(fact.text)
        for clause in _CLAUSES.split(part)
        if clause.strip()
    ]


def _of_passage(passage: Passage) -> list[_Part]:
    if passage.kind is PassageKind.RECORD:
        return []
    beside = fold(f"{passage.heading or ''}|{passage.question or ''}")
    return [
        _part(fold(part), beside, "", part.strip(), None, passage)
        for part in _SENTENCES.split(passage.text)
        if len(part.strip()) > 3
    ]

"""Captions: a spoken line cut into clauses that fit under a face, each shown while it is heard."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from avatar import SAMPLE_RATE, divide_evenly
from stream.program.utterance import Utterance

CLAUSE_MAX = 18
"""Han characters of one caption; two Latin letters or digits count as one."""
_SAMPLES_A_CHARACTER = SAMPLE_RATE * 21 // 100
"""Mandarin at a seller's pace, 4.8 syllables a second: only until the line's true length is known."""
_BREAK = re.compile(r"(?<=[，。！？；：、,!?;…])(?!\d)|(?<=[.:])(?=\s)")
_EDGE = "，。；：、,;… \n"


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a line."""

    text: str
    begin: float
    """Where it begins in the line, 0..1 of its spoken length."""


def width(text: str) -> float:
    """Length in Han characters."""
    return sum(0.5 if ord(char) < 0x2E80 else 1.0 for char in text)


def clauses(text: str, *, limit: int = CLAUSE_MAX) -> tuple[Clause, ...]:
    """Cut at punctuation; short neighbours stay together, long clauses are cut between words in even parts."""
    pieces: list[str] = []
    for part in (part for part in _BREAK.split(text.strip()) if part.strip()):
        if pieces and width(pieces[-1] + part) <= limit * 0.6:
            pieces[-1] += part
            continue
        pieces += divide_evenly(part, limit)
    total = sum(map(width, pieces)) or 1.0
    made, done = [], 0.0
    for piece in pieces:
        shown = piece.strip(_EDGE)
        if shown:
            made.append(Clause(shown, done / total))
        done += width(piece)
    return tuple(made)


def expected_samples(text: str) -> int:
    """A first guess of a line's length, in samples at 48 kHz."""
    return max(1, int(width(text) * _SAMPLES_A_CHARACTER))


def clause_at(parts: tuple[Clause, ...], played: int, total: int) -> Clause | None:
    """The clause being heard after `played` of `total` samples."""
    share = played / max(total, 1)
    heard = [part for part in parts if part.begin <= share]
    return heard[-1] if heard else None


@dataclass(frozen=True, slots=True)
class Caption:
    """A clause is being heard; text None clears."""

    text: str | None
    sample: int
    until: int | None
    """Program sample at which the line is expected to end."""
    line: Any


class Captioner:
    """Follows the line being heard and says when another clause is to be shown."""

    def __init__(self) -> None:
        self._clauses: tuple[Clause, ...] = ()
        self._shown: Clause | None = None

    def begin(self, text: str) -> None:
        """A line with this text begins to be heard."""
        self._clauses = clauses(text)

    def follow(self, current: Utterance | None, sample: int) -> Caption | None:
        """The caption to show from `sample` on, None while the one shown still holds."""
        if current is None:
            return None
        total = current.pushed if current.complete else max(current.pushed, expected_samples(current.line.text))
        clause = clause_at(self._clauses, current.played, total)
        if clause is None or clause is self._shown:
            return None
        self._shown = clause
        return Caption(clause.text, sample, sample + total - current.played, current.line)

    def clear(self, sample: int) -> Caption | None:
        """The caption that takes away what is shown, None when nothing is."""
        if self._shown is None:
            return None
        self._shown = None
        return Caption(None, sample, None, None)

"""Captions: a spoken line cut into clauses that fit under a face, each shown while it is heard."""

from __future__ import annotations

import re
from dataclasses import dataclass

from avatar import SAMPLE_RATE, divide_evenly

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

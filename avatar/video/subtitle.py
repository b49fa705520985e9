"""Captions by clause: which words are heard when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from avatar.scene.line import divide_evenly
from avatar.voice.speech import SAMPLE_RATE, Viseme, VisemeSpan

_CLAUSE = re.compile(r"[^，。！？；：,!?;:]+[，。！？；：,!?;:”’」』）)]*")
_LEAST = 6
"""Characters: shorter clauses are shown together with the next one."""
_MOST = 26.0
"""Han characters: longer clauses are divided; so many are two lines of a portrait picture."""


@dataclass(frozen=True, slots=True)
class Caption:
    """Words on screen between two samples of the programme (48 kHz)."""

    text: str
    start: int
    end: int


def clauses(sentence: str) -> list[str]:
    """Split a sentence into clauses that read well alone; joined, they are the sentence again but for spaces.

    A clause of more than 26 characters is divided between words.
    """
    out: list[str] = []
    for piece in _CLAUSE.findall(sentence) or [sentence]:
        if out and len(out[-1]) < _LEAST:
            out[-1] += piece
        else:
            out.append(piece)
    if len(out) > 1 and len(out[-1]) < _LEAST:
        out[-2:] = [out[-2] + out[-1]]
    return [part for clause in out for part in divide_evenly(clause, _MOST)] or [sentence]


def captions(sentence: str, visemes: Sequence[VisemeSpan], start: int, length: int) -> list[Caption]:
    """Lay a sentence's clauses on its sound of `length` samples that begins at programme sample `start`.

    Each border is guessed from the share of characters and moved to a pause of the voice within 0.5 s of it.
    """
    parts = clauses(sentence)
    sizes = [max(1, sum(c.isalnum() for c in part)) for part in parts]
    said = [span for span in visemes if span.viseme is not Viseme.REST]
    first, last = (said[0].start, said[-1].end) if said else (0, length)
    pauses = [(span.start + span.end) // 2 for span in visemes if _is_pause(span) and first < span.start < last]
    borders = [0]
    done = 0
    for size in sizes[:-1]:
        done += size
        guess = first + (last - first) * done // sum(sizes)
        near = [pause for pause in pauses if abs(pause - guess) < SAMPLE_RATE // 2 and pause > borders[-1]]
        borders.append(min(near, key=lambda pause: abs(pause - guess)) if near else guess)
    borders.append(length)
    return [Caption(part, start + a, start + b) for part, a, b in zip(parts, borders, borders[1:], strict=False)]


def to_srt(shown: Sequence[Caption]) -> str:
    """Write captions as a SubRip file."""
    return "".join(f"{k}\n{_time(c.start)} --> {_time(c.end)}\n{c.text}\n\n" for k, c in enumerate(shown, 1))


def _is_pause(span: VisemeSpan) -> bool:
    return span.viseme is Viseme.REST and span.end - span.start > 0.05 * SAMPLE_RATE


def _time(sample: int) -> str:
    milliseconds = sample * 1000 // SAMPLE_RATE
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d},{rest:03d}"

"""Splitting spoken text into pieces that are synthesised one after another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRONG = "。！？!?;；\n"
_WEAK = "，,、：:"
_MARKS = {"。": ".", "！": "!", "？": "?", "；": ";", "，": ",", "、": ",", "：": ":", "\n": "."}
_MARK = rf"(?:[{_STRONG}，、：]|[,:](?!\d))"
"""A mark that parts; `1,299` and `20:30` stay whole."""
_PART = re.compile(rf"(?:(?!{_MARK})[\s\S])+{_MARK}*|{_MARK}+")
_SPOKEN = re.compile(r"[㐀-鿿A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of text spoken in one breath."""

    text: str
    mark: str
    """The half-width punctuation mark it ends with; empty when there is none."""


def clauses(text: str, *, most: int = 28) -> list[Clause]:
    """Split normalised `text` at sentence ends, and at commas where a sentence is longer than `most` characters.

    A stretch without any punctuation is cut at `most` × 2 characters. Clauses without a letter or digit are dropped.
    """
    found: list[Clause] = []
    held = ""
    for part in _parts(text, most * 2):
        strong = part.rstrip()[-1:] in _STRONG or part.endswith("\n")
        if held and len(held) + len(part) > most:
            found.append(_clause(held))
            held = ""
        held += part
        if strong:
            found.append(_clause(held))
            held = ""
    if held:
        found.append(_clause(held))
    return [clause for clause in found if _SPOKEN.search(clause.text)]


def _parts(text: str, most: int) -> Iterator[str]:
    for match in _PART.finditer(text):
        part = match[0]
        while len(part) > most:
            yield part[:most]
            part = part[most:]
        yield part


def _clause(text: str) -> Clause:
    stripped = text.strip()
    last = stripped[-1:] or "\n"
    mark = _MARKS.get(last, last if last in ".,!?;:" else "")
    return Clause(stripped, mark)

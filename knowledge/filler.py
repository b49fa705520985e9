"""The words of everyday asking, so that what is left of a sentence can be recognised as an unknown name.

"我想去海棠书屋吃饭，电话多少" minus everyday words leaves "海棠书屋": when no record is called that, the shop does not
know it and must say so, instead of answering from whatever record is nearest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

EVERYDAY = frozenset(files(__package__ or "knowledge").joinpath("everyday.txt").read_text("utf-8").split())
"""The words, from `everyday.txt` beside this file."""


@dataclass(frozen=True, slots=True)
class Residue:
    """A stretch that no everyday word explains."""

    start: int
    end: int
    unexplained: int
    """Its characters that are in no everyday word."""


class Fillers:
    """Everyday words together with the words of one catalogue (its kinds and column titles)."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self._words = frozenset((*EVERYDAY, *(word for word in extra if word)))
        self._longest = max(map(len, self._words))

    def residues(self, squeezed: str, spans: Iterable[tuple[int, int]] = ()) -> list[Residue]:
        """The stretches outside `spans` that hold unexplained characters, at most one everyday word between them."""
        explained = [False] * len(squeezed)
        for start, end in spans:
            for at in range(start, end):
                explained[at] = True
        at = 0
        while at < len(squeezed):
            length = self._word_at(squeezed, at) if not explained[at] else 1
            if length:
                for inside in range(at, at + length):
                    explained[inside] = True
            at += length or 1
        return _stretches(squeezed, explained)

    def _word_at(self, squeezed: str, at: int) -> int:
        if squeezed[at] == "|" or squeezed[at].isdigit():
            return 1
        for length in range(min(self._longest, len(squeezed) - at), 0, -1):
            if squeezed[at : at + length] in self._words:
                return length
        return 0


def _stretches(squeezed: str, explained: list[bool]) -> list[Residue]:
    found: list[Residue] = []
    start = end = count = 0
    for at, known in enumerate(explained):
        if known:
            continue
        if count and at - end <= 1 and "|" not in squeezed[end:at]:
            end, count = at + 1, count + 1
            continue
        if count:
            found.append(Residue(start, end, count))
        start, end, count = at, at + 1, 1
    if count:
        found.append(Residue(start, end, count))
    return found

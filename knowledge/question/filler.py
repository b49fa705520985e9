"""The words of everyday asking, so that what is left of a sentence can be recognised as an unknown name.

"我想去海棠书屋吃饭，电话多少" minus everyday words leaves "海棠书屋": when no record is called that, the shop does not
know it and must say so, instead of answering from whatever record is nearest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

EVERYDAY = frozenset(files(__package__ or "knowledge").joinpath("everyday.txt").read_text("utf-8").split())
"""The words, from `everyday.txt` beside this file."""

_BREAKING = frozenset(
    "的了吗呢吧啊呀哦嗯恩噢额呃哎唉嘛呗哈啦么是在有没不别我你您他她它咱俩们这那哪几个和跟与及或把被让给就很挺想去到来说该谁啥咋选找买卖看喝做开订尝"
)
"""Characters that end a name; other everyday characters may stand inside one ("前门大街")."""
_INSIDE = re.compile(r"[^|的是有吗呢和跟与在这那哪]{1,12}")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A stretch that no everyday word explains and that may be a name."""

    start: int
    end: int
    weight: int
    """Its characters that nothing explains; at least 1."""
    tailed: bool
    """It ends like the catalogue's names do ("…酒店", "…沙发")."""
    likely: float
    """`weight`, half of it for each everyday character inside or beside it, and 2 when it is tailed."""
    reach: tuple[int, int]
    """Start and end with the everyday characters beside it that may belong to it."""


class Fillers:
    """Everyday words together with the words of one catalogue."""

    def __init__(
        self,
        *,
        known: Iterable[str] = (),
        items: Iterable[str] = (),
        heads: Iterable[str] = (),
        tails: Iterable[str] = (),
    ) -> None:
        """`known` words are never in a name (column titles), `items` make no name by themselves (values of lists);
        `heads` and `tails` begin and end names."""
        self._words = EVERYDAY | {word for word in known if len(word) >= 2}
        self._items = frozenset(item for item in items if len(item) >= 2) - self._words
        self._heads = frozenset(head for head in heads if len(head) >= 2)
        self._tails = frozenset(tail for tail in tails if len(tail) >= 1)
        # One look-up a length: of what is in several, the first named counts.
        self._kind_of: dict[str, str] = {}
        for group, kind in (
            (self._items, "item"),
            (self._words, "break"),
            (self._tails, "tail"),
            (self._heads, "head"),
        ):
            self._kind_of.update({word: kind for word in group if len(word) >= 2})
        lengths: dict[str, set[int]] = {}
        for word in self._kind_of:
            lengths.setdefault(word[0], set()).add(len(word))
        self._lengths = {first: tuple(sorted(held, reverse=True)) for first, held in lengths.items()}
        self._longest = max(map(len, self._words | self._items | self._heads | self._tails), default=1)

    def spans(
        self, squeezed: str, taken: Iterable[tuple[int, int]] = (), *, forced: Iterable[tuple[int, int]] = ()
    ) -> list[NameSpan]:
        """The possible names outside `taken`, in reading order; `forced` stretches belong to a name for certain."""
        blocked, sure = [False] * len(squeezed), [False] * len(squeezed)
        for start, end in taken:
            blocked[start:end] = [True] * (end - start)
        for start, end in (*forced, *self._framed(squeezed)):
            if not any(blocked[start:end]):
                sure[start:end] = [True] * (end - start)
        found: list[NameSpan] = []
        run: list[tuple[int, int, str]] = []
        at = 0
        while at <= len(squeezed):
            if at == len(squeezed) or blocked[at]:
                kind, length = "break", 1
            elif sure[at]:
                kind, length = "open", 1
            else:
                kind, length = self._token(squeezed, at, blocked)
            if kind == "break":
                found += _closed(run)
                run = []
            else:
                run.append((at, at + length, kind))
            at += length
        return found

    def explains(self, squeezed: str, at: int) -> bool:
        """Whether an everyday word or the end of a clause stands at this place."""
        if at >= len(squeezed) or squeezed[at] in _BREAKING or squeezed[at] == "|":
            return True
        longest = min(self._longest, len(squeezed) - at)
        return any(squeezed[at : at + length] in self._words for length in range(longest, 1, -1))

    def _framed(self, squeezed: str) -> list[tuple[int, int]]:
        """Stretches between the head and the tail of a name, whatever stands there ("北京贵都大酒店")."""
        found: list[tuple[int, int]] = []
        for head in self._heads:
            at = squeezed.find(head)
            while at >= 0:
                start = at + len(head)
                match = _INSIDE.match(squeezed, start)
                inside = match.group() if match else ""
                for length in range(len(inside), 2, -1):
                    tail = next((k for k in (4, 3, 2) if k < length and inside[length - k : length] in self._tails), 0)
                    if tail and not self._says_something(inside[: length - tail]):
                        found.append((start, start + length - tail))
                        break
                at = squeezed.find(head, at + 1)
        return found

    def ends_like_a_name(self, stretch: str) -> bool:
        """Whether the stretch ends with the end of a name and has something before it."""
        return any(stretch.endswith(tail) and len(stretch) > len(tail) for tail in self._tails)

    def _says_something(self, stretch: str) -> bool:
        """Whether an everyday word of two characters or more stands in the stretch."""
        return any(
            stretch[at : at + length] in self._words for length in (2, 3, 4) for at in range(len(stretch) - length + 1)
        )

    def _token(self, squeezed: str, at: int, blocked: list[bool]) -> tuple[str, int]:
        if squeezed[at] == "|":
            return "break", 1
        for length in self._lengths.get(squeezed[at], ()):
            kind = self._kind_of.get(squeezed[at : at + length])
            if kind is not None and at + length <= len(squeezed) and not any(blocked[at : at + length]):
                return kind, length
        char = squeezed[at]
        if char in _BREAKING:
            return "break", 1
        if char in self._tails:
            return "tail", 1
        return ("weak" if char in EVERYDAY or _DIGIT.match(char) else "open"), 1


def _closed(run: list[tuple[int, int, str]]) -> list[NameSpan]:
    """The name in a run of tokens: from its first head or open character to its last open character or tail."""
    if not run:
        return []
    reach = (run[0][0], run[-1][1])
    weak = sum(1 for _, _, kind in run if kind == "weak")
    while run and run[0][2] in ("weak", "tail", "item"):
        if run[0][2] == "tail" and len(run) > 1 and run[1][2] in ("open", "tail"):
            break
        if run[0][2] == "item" and len(run) > 1 and run[1][2] == "tail":
            break
        run = run[1:]
    while run and run[-1][2] in ("weak", "item"):
        run = run[:-1]
    weight = sum(1 for _, _, kind in run if kind in ("open", "item"))
    kinds = {kind for _, _, kind in run}
    if not weight and not ({"head", "tail"} <= kinds or sum(kind == "tail" for _, _, kind in run) > 1):
        return []
    tailed = run[-1][2] == "tail"
    weight = max(weight, 1)
    return [NameSpan(run[0][0], run[-1][1], weight, tailed, weight + weak / 2 + (2 if tailed else 0), reach)]

"""Lines of Chinese text: broken between words, after marks rather than before particles, and about equally long."""

from __future__ import annotations

import re
from collections.abc import Sequence

from avatar.voice.text.word import word_ends

CLOSING = "，。！？；：、）》」』”’…,.!?;:)%℃°"
"""Marks that no line begins with."""
OPENING = "（《「『“‘(¥￥$"
"""Marks that no line ends with."""
_PARTICLES = frozenset("的地得了着过吗呢吧啊呀嘛哦们")
_LEADERS = frozenset("第每各很更最太不没把被给让跟和与或在从向比用这那一")
_STOPS = frozenset("，。！？；：,!?;")
_TORN = 100.0
"""Cost of a break inside a word."""


def divide(text: str, sizes: Sequence[float], room: float, *, most: int) -> list[str] | None:
    """Divide `text` into at most `most` lines whose characters' sizes add up to at most `room`; None if it cannot be.

    `sizes` has one entry a character, in any unit. As few lines as do are made, one more where that saves a word. The
    lines joined are the text again, but for spaces at their ends.
    """
    sums = [0.0]
    for size in sizes:
        sums.append(sums[-1] + size)
    costs = _costs(text)
    best: tuple[float, list[str]] | None = None
    first = max(1, int(-(-sums[-1] // room)))
    for count in range(first, most + 1):
        found = _best(text, sums, costs, room, count)
        if found is None:
            continue
        if best is None or found[0] < best[0] - 0.5 * _TORN:
            best = found
        if best[0] < _TORN:
            break
    return None if best is None else best[1]


def divide_evenly(text: str, room: float) -> list[str]:
    """Divide `text` into parts of at most `room` Han characters, of which two Latin letters or digits make one."""
    if not text.strip():
        return []
    return divide(text, measure(text), room, most=len(text)) or [text]


def measure(text: str) -> list[float]:
    """Return the size of each character in Han characters: two Latin letters or digits count as one."""
    return [0.5 if ord(character) < 0x2E80 else 1.0 for character in text]


def _best(
    text: str, sums: Sequence[float], costs: Sequence[float], room: float, count: int
) -> tuple[float, list[str]] | None:
    """Return the cost and the lines of the best division into `count` lines."""
    length = len(text)
    even = sums[-1] / count
    reached: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for line in range(count):
        last = line == count - 1
        following: dict[int, tuple[float, tuple[int, ...]]] = {}
        for begin, (cost, way) in reached.items():
            for end in range(begin + 1, length + 1):
                size = sums[end] - sums[begin]
                if size > room:
                    break
                if last != (end == length) or costs[end] == float("inf"):
                    continue
                total = cost + costs[end] + 12 * ((size - even) / even) ** 2
                if end not in following or total < following[end][0]:
                    following[end] = (total, (*way, end))
        reached = following
    if length not in reached:
        return None
    cost, way = reached[length]
    return cost, [text[begin:end].strip() for begin, end in zip((0, *way), way, strict=False)]


def _costs(text: str) -> list[float]:
    """Return what a break costs at each position; at either end of the text nothing."""
    ends = word_ends(text)
    inner = [_cost(text[at - 1], text[at], at in ends) for at in range(1, len(text))]
    costs = [0.0, *inner, 0.0]
    # A line's own spaces fall away: what stands behind them counts.
    for space in re.finditer(r"\s+", text):
        begin, end = space.span()
        if (end < len(text) and text[end] in CLOSING) or (begin > 0 and text[begin - 1] in OPENING):
            for at in range(max(begin, 1), min(end, len(text) - 1) + 1):
                costs[at] = float("inf")
    return costs


def _cost(before: str, after: str, word_ends_here: bool) -> float:
    if after in CLOSING or before in OPENING:
        return float("inf")
    if before in _STOPS:
        return -3.0
    if before == "、" or before.isspace() or after.isspace():
        return -1.0
    if _narrow(before) and _narrow(after):
        return 3 * _TORN
    if before.isascii() and before.isdigit():
        return 0.4 * _TORN  # a number and its measure
    if after.isascii() and after.isdigit() and before == "第":
        return _TORN
    if _han(before) and _han(after) and not word_ends_here:
        return _TORN
    if after in _PARTICLES:
        return 12.0
    if before in _LEADERS:
        return 4.0
    return 1.0


def _han(character: str) -> bool:
    return "㐀" <= character <= "鿿"


def _narrow(character: str) -> bool:
    return character.isascii() and not character.isspace()

"""The headings above a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_NUMBERED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十\d]{1,3}[章节条部分]|[(（][一二三四五六七八九十][)）])\s*\S"
)
_SENTENCE = re.compile(r"[。！？；：，、!?;:,…”]|\d\s*(?:元|%|％)")
_LONGEST = 16
"""Characters of a line that may be a heading where nothing but its shortness says so."""


def headed(paragraphs: Sequence[str]) -> Iterator[tuple[int, str | None, str]]:
    """(index, heading, paragraph) of plain paragraphs: a short line without marks above a longer one is its heading.

    A heading alone at the end, or above another short line, stays text: nothing is dropped.
    """
    heading: str | None = None
    for index, paragraph in enumerate(paragraphs):
        following = paragraphs[index + 1] if index + 1 < len(paragraphs) else ""
        if _is_heading(paragraph, following):
            heading = " ".join(paragraph.split())
        else:
            yield index, heading, paragraph


def _is_heading(line: str, following: str) -> bool:
    text = line.strip()
    if (
        "\n" in text
        or not text
        or len(text) > 2 * _LONGEST
        or _SENTENCE.search(text.removesuffix("：").replace("、", "", 1))
    ):
        return False
    plain = len(text) <= _LONGEST and not any(char.isdigit() for char in text)
    return (plain or _NUMBERED.match(text) is not None) and len(following.strip()) >= max(12, len(text) + 4)


class Outline:
    """Follows the headings of a document from top to bottom."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """A heading of `level` (1 is the outermost) begins; those of its level and below end."""
        self._open = [held for held in self._open if held[0] < level]
        if title.strip():
            self._open.append((level, " ".join(title.split())))

    @property
    def path(self) -> str | None:
        """All open headings, outermost first, joined by " > "; None where there are none."""
        return " > ".join(title for _, title in self._open) or None

    @property
    def last(self) -> str | None:
        """The innermost open heading."""
        return self._open[-1][1] if self._open else None

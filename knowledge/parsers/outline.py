"""The headings above a paragraph."""

from __future__ import annotations


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

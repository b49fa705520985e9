"""What a parser hands on: running text in blocks and tables in rows, each knowing where it stood."""

from __future__ import annotations

from dataclasses import dataclass, field

from knowledge.errors import KnowledgeError


class RefusedError(KnowledgeError):
    """A file cannot be taken in; the text says why and how to mend it. The rest of the batch goes on."""


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, list item or page of running text."""

    text: str
    heading: str | None = None
    """The headings above, outermost first, joined by " > "."""
    page: int | None = None
    line: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; as many cells as the header, each exactly as it is shown."""

    cells: tuple[str, ...]
    line: int | None = None
    """1-based line of the file or row of the sheet."""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its rows."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    sheet: str | None = None
    title: str | None = None
    """The heading the table stands under."""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """Everything a parser found in one file."""

    blocks: tuple[Block, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What could not be read, one line each, naming the place."""

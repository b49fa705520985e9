"""Typed facts: a record (a phone, a hotel room, a class) and its fields, each with its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """Where a passage or a fact was read: enough for a person to open the file and find it."""

    file: str
    """Path as the merchant gave it, relative to the folder that was added."""
    sheet: str | None = None
    page: int | None = None
    """1-based page of a pdf."""
    line: int | None = None
    """1-based line of a text file, row of a sheet, or paragraph of a docx."""

    def __str__(self) -> str:
        parts = [self.file]
        if self.sheet:
            parts.append(self.sheet)
        if self.page is not None:
            parts.append(f"p.{self.page}")
        if self.line is not None:
            parts.append(f"{self.line}")
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as the merchant wrote it; never a float."""

    amount: Decimal
    currency: str = "CNY"
    per: str | None = None
    """What the price is for ("件", "晚", "课时"); None when the record does not say."""


@dataclass(frozen=True, slots=True)
class DateRange:
    """A period with both ends included; an open end is None."""

    start: datetime | date | None
    end: datetime | date | None


@dataclass(frozen=True, slots=True)
class Dimensions:
    """One measure ("180kg") or several in the order they stand ("82×86×78cm")."""

    sizes: tuple[Decimal, ...]
    unit: str | None = None


Value = str | int | Decimal | bool | Money | DateRange | Dimensions | date | datetime | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of one record, ready to be quoted."""

    record_id: str
    record_name: str
    name: str
    """Canonical name where the column was recognised ("price", "promotion_price", "stock" …), else its title."""
    title: str
    """The column title as the merchant wrote it."""
    value: Value
    text: str
    """The value exactly as it stands in the source: what may be quoted."""
    source: Source


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a catalogue. No column is lost: unrecognised ones are facts with their own title."""

    id: str
    """SKU where the catalogue has one, else a stable key made from the name."""
    name: str
    kind: str = "product"
    """What the catalogue holds, from its file or sheet ("product", "酒店", "餐馆")."""
    aliases: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = field(default_factory=tuple)

    def fact(self, name: str) -> Fact | None:
        """The first fact with this canonical name or title, or None."""
        return next((f for f in self.facts if name in (f.name, f.title)), None)

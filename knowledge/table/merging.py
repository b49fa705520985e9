"""Records that several files describe become one record: pure rules, no file in sight."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge.record import Fact, Record

NAMED = "name-"
"""Start of the id of a record whose file gives a name but no SKU."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as one file states it."""

    file: str
    changed_in: int
    """Number of the version that last changed the file: later files are believed."""
    record: Record


@dataclass(frozen=True, slots=True)
class Merged:
    """All records of a version, one per id."""

    records: tuple[Record, ...]
    canonical: Mapping[str, str]
    """Stated id, or `named_id` of a name, alias or SKU → id of the record."""
    origins: Mapping[str, tuple[str, ...]]
    """Id of a record → all ids by which a passage may point to it."""


def folded_name(name: str) -> str:
    """A name as it is compared: width, case and spaces folded."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def named_id(name: str) -> str:
    """The id of a record that has a name but no SKU: equal names, equal ids."""
    return NAMED + hashlib.sha256(folded_name(name).encode()).hexdigest()[:16]


def merge_rows(rows: Iterable[RecordRow]) -> Merged:
    """Join the rows that mean the same record.

    Rows with one id are one record. A row without a SKU joins the only record with a SKU that has its name. Of a fact
    that several files state, the file changed last is believed; the others' facts with that name are left out.
    """
    by_id: dict[str, list[RecordRow]] = {}
    for row in rows:
        by_id.setdefault(row.record.id, []).append(row)
    coded: dict[str, list[str]] = {}
    for record_id, group in by_id.items():
        if not record_id.startswith(NAMED):
            for name in {folded_name(row.record.name) for row in group}:
                coded.setdefault(name, []).append(record_id)
    canonical: dict[str, str] = {}
    for record_id, group in by_id.items():
        if record_id.startswith(NAMED):
            homes = coded.get(folded_name(group[0].record.name), [])
            if len(homes) == 1:
                canonical[record_id] = homes[0]
    groups: dict[str, list[RecordRow]] = {}
    origins: dict[str, list[str]] = {}
    for record_id, group in by_id.items():
        home = canonical.get(record_id, record_id)
        groups.setdefault(home, []).extend(group)
        origins.setdefault(home, []).append(record_id)
    records = tuple(_merge(record_id, group) for record_id, group in groups.items())
    for record in records:
        canonical[record.id] = record.id
    for key in ("id", "name", "aliases"):
        for record in records:
            said = getattr(record, key)
            for name in said if isinstance(said, tuple) else (said,):
                if canonical.setdefault(named_id(name), record.id) == record.id:
                    origins[record.id].append(named_id(name))
    return Merged(
        records=records,
        canonical=canonical,
        origins={record_id: tuple(dict.fromkeys(ids)) for record_id, ids in origins.items()},
    )


def _merge(record_id: str, rows: Sequence[RecordRow]) -> Record:
    if len(rows) == 1 and rows[0].record.id == record_id:
        return rows[0].record
    lead = next((row.record for row in rows if row.record.id == record_id), rows[0].record)
    latest: dict[str, int] = {}
    for index, row in enumerate(rows):
        for fact in row.record.facts:
            held = latest.get(fact.name)
            if held is None or rows[held].changed_in < row.changed_in:
                latest[fact.name] = index
    facts: list[Fact] = []
    aliases: list[str] = []
    for index, row in enumerate(rows):
        facts.extend(
            replace(fact, record_id=record_id, record_name=lead.name)
            for fact in row.record.facts
            if latest[fact.name] == index
        )
        names = (*row.record.aliases, row.record.name)
        aliases.extend(alias for alias in names if alias != lead.name and alias not in aliases)
    return Record(id=record_id, name=lead.name, kind=lead.kind, aliases=tuple(aliases), facts=tuple(facts))

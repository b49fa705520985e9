"""One parsed file → passages and records, each pointing to its place. Pure.

The id of a passage is a hash of what it says and where it belongs, not of its line: a line inserted at the top of a
file changes no other passage, so nothing else is embedded again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from knowledge.document import Block, Parsed, Row, Table
from knowledge.evidence import Passage, PassageKind
from knowledge.injection import injection
from knowledge.intake.faq import Pair, faq_roles, read_pairs, take_pairs
from knowledge.intake.splitter import split_blocks, tidy
from knowledge.limits import Limits
from knowledge.record import Record, Source
from knowledge.table.catalogue import blank, catalogue_roles, place, read_catalogue
from knowledge.table.grid import headless, text_rows, upright
from knowledge.table.merging import named_id

GENERATION = 4
"""Raised when the same bytes begin to be read differently, so that unchanged files are read again."""

_LONG_CELL = 200
"""Characters from which a cell is a passage of its own beside its record."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file contributes."""

    passages: tuple[Passage, ...]
    """Ids are unique; `source.file` is the file's name in the library."""
    records: tuple[Record, ...]
    notes: tuple[str, ...]
    """What was left out and why, one line each."""


def read_parsed(parsed: Parsed, *, file: str, limits: Limits, mapping: Mapping[str, str] | None = None) -> Reading:
    """Records from catalogues, pairs from questions and answers, passages from everything.

    A table is a catalogue, else questions and answers, else its rows are text. Orders to a language model are left
    out and noted.
    """
    notes = list(parsed.notes)
    records: dict[str, Record] = {}
    drafts: list[Passage] = []
    loose = list(_guarded_blocks(parsed.blocks, notes))
    for table in parsed.tables:
        if not table.header:
            continue
        clean = headless(upright(_guarded_table(table, notes), mapping=mapping))
        asked = faq_roles(clean, mapping=mapping)
        if asked is not None:
            pairs, complaints = read_pairs(clean, asked)
            notes.extend(complaints)
            drafts.extend(_pair_passages(pairs, file))
            continue
        roles = catalogue_roles(clean, mapping=mapping)
        if roles is None:
            loose.extend(_table_blocks(clean))
            continue
        found = read_catalogue(clean, roles, file=file)
        notes.extend(found.notes)
        for record in found.records:
            if record.id in records:
                notes.append(f"编号 {record.id} 在同一个文件的两张表里出现：两处都收录，后面的表里已有的项目不再重复")
                known = records[record.id]
                held = {fact.name for fact in known.facts}
                more = tuple(fact for fact in record.facts if fact.name not in held)
                records[record.id] = replace(known, facts=(*known.facts, *more))
            else:
                records[record.id] = record
    for record in records.values():
        drafts.extend(_record_passages(record, limits.passage_chars))
    pairs, rest = take_pairs(loose)
    drafts.extend(_pair_passages(pairs, file))
    for block in split_blocks(rest, limit=limits.passage_chars):
        source = Source(file, block.sheet, block.page, block.line)
        drafts.append(Passage("", block.text, PassageKind.TEXT, source, heading=block.heading))
    return Reading(tuple(_with_ids(drafts)), tuple(records.values()), tuple(dict.fromkeys(notes)))


def record_text(record: Record, *, longest: int = _LONG_CELL) -> str:
    """A record as lines "列：值" in reading order, its name first; long cells are cut short with an ellipsis."""
    lines = [record.name]
    for fact in record.facts:
        if fact.name == "name" and fact.text == record.name:
            continue
        said = " ".join(fact.text.split())
        lines.append(f"{fact.title}：{said if len(said) <= longest else said[:longest] + '…'}")
    return "\n".join(lines)


def passage_id(passage: Passage, *, occurrence: int = 0) -> str:
    """32 hex characters from everything but the line; `occurrence` tells equal passages of one file apart."""
    parts = (
        passage.source.file,
        passage.kind.value,
        passage.record_id or "",
        passage.heading or "",
        passage.question or "",
        passage.text,
        str(occurrence),
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _with_ids(drafts: Iterable[Passage]) -> Iterator[Passage]:
    seen: dict[str, int] = {}
    for draft in drafts:
        plain = passage_id(draft)
        occurrence = seen.get(plain, 0)
        seen[plain] = occurrence + 1
        yield replace(draft, id=passage_id(draft, occurrence=occurrence) if occurrence else plain)


def _record_passages(record: Record, limit: int) -> Iterator[Passage]:
    source = record.facts[0].source if record.facts else Source("")
    yield Passage("", record_text(record), PassageKind.RECORD, source, record_id=record.id, heading=record.name)
    for fact in record.facts:
        if len(fact.text) > _LONG_CELL:
            heading = f"{record.name} > {fact.title}"
            for block in split_blocks((Block(fact.text, heading),), limit=limit):
                yield Passage("", block.text, PassageKind.TEXT, fact.source, record_id=record.id, heading=heading)


def _pair_passages(pairs: Iterable[Pair], file: str) -> Iterator[Passage]:
    for pair in pairs:
        source = Source(file, pair.sheet, pair.page, pair.line)
        record_id = named_id(pair.about) if pair.about else None
        for question in dict.fromkeys((pair.question, *pair.variants)):
            yield Passage("", tidy(pair.answer), PassageKind.FAQ, source, question, record_id, pair.heading)


def _table_blocks(table: Table) -> Iterator[Block]:
    for row, said in text_rows(table):
        yield Block(said, table.title, table.page, row.line, table.sheet)


def _guarded_blocks(blocks: Iterable[Block], notes: list[str]) -> Iterator[Block]:
    for block in blocks:
        kept = []
        for offset, line in enumerate(block.text.split("\n")):
            found = injection(line)
            if found is None:
                kept.append(line)
                continue
            where = f"第{block.page}页" if block.page else f"第{block.line + offset}行" if block.line else "正文"
            notes.append(f"{where}：“{found}”像是写给 AI 的指令，这一段没有收录")
        if kept:
            yield replace(block, text="\n".join(kept))


def _guarded_table(table: Table, notes: list[str]) -> Table:
    rows = []
    for row in table.rows:
        cells = []
        for title, cell in zip(table.header, row.cells, strict=True):
            found = None if blank(cell) else injection(cell)
            if found is not None:
                notes.append(f"{place(table, row)}“{title}”：“{found}”像是写给 AI 的指令，这一格没有收录")
            cells.append("" if found is not None else cell)
        rows.append(Row(tuple(cells), row.line))
    return replace(table, rows=tuple(rows))

"""Cells as they lie on a sheet → tables with a header. Pure.

Sheets made by people begin with a title across the whole width, have a header of two rows where cells were merged,
and blank lines between two tables. The header is the first row that looks like one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge.document import Row, Table
from knowledge.table.column import COLUMNS, recognise

_SEARCHED = 12
"""Rows from the top among which the header is looked for."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a sheet that hold anything, with their 1-based numbers."""

    rows: tuple[Row, ...]
    merged: Mapping[int, frozenset[int]]
    """Row number → columns whose cell repeats a cell to the left because the two were merged."""


def read_grid(
    grid: Grid, *, sheet: str | None = None, mapping: Mapping[str, str] | None = None
) -> tuple[tuple[Table, ...], tuple[Row, ...]]:
    """(tables, rows above the header which are running text).

    A sheet without a recognisable header is one table whose first row is taken as the header.
    """
    width = max((len(row.cells) for row in grid.rows), default=0)
    rows = [Row(_padded(row.cells, width), row.line) for row in grid.rows]
    rows = [row for row in rows if any(cell.strip() for cell in row.cells)]
    tables: list[Table] = []
    above: list[Row] = []
    for section in _sections(rows, mapping):
        at = header_at(section, mapping)
        tables.append(_table(section, at, grid.merged, sheet, mapping))
        above.extend(section[:at])
    return tuple(tables), tuple(above)


def upright(table: Table, *, mapping: Mapping[str, str] | None = None) -> Table:
    """A table whose titles stand in its first column ("商品名称 | 台灯", "价格 | 99元"), turned; others as they are."""
    lying = (table.header, *(row.cells for row in table.rows))
    titles = tuple(cells[0] for cells in lying)
    names = {role.name for role in recognise(titles, mapping=mapping)}
    if not names & {"name", "sku"} or _recognised(titles, mapping) < max(3, _recognised(table.header, mapping) + 1):
        return table
    line = table.rows[0].line if table.rows else None
    rows = tuple(Row(tuple(cells[index] for cells in lying), line) for index in range(1, len(table.header)))
    return Table(titles, rows, table.sheet, table.title, table.page)


def headless(table: Table) -> Table:
    """A table of two columns without a header, whose first column are questions, gets one; others as they are."""
    firsts = [table.header[0], *(row.cells[0] for row in table.rows)]
    asked = sum(cell.rstrip().endswith(("？", "?", "吗", "呢")) for cell in firsts)
    if len(table.header) != 2 or not firsts[0].rstrip().endswith(("？", "?")) or asked * 10 < len(firsts) * 6:
        return table
    line = table.rows[0].line - 1 if table.rows and table.rows[0].line else None
    return Table(("问题", "答案"), (Row(table.header, line), *table.rows), table.sheet, table.title, table.page)


def _sections(rows: Sequence[Row], mapping: Mapping[str, str] | None) -> Iterator[list[Row]]:
    """The tables of a sheet: a new one begins after an empty row where a header follows within three rows."""
    section: list[Row] = []
    for index, row in enumerate(rows):
        gap = section and (row.line or 0) - (section[-1].line or 0) > 1
        if gap and any(_recognised(held.cells, mapping) >= 2 for held in rows[index : index + 3]):
            yield section
            section = []
        section.append(row)
    if section:
        yield section


def _table(
    rows: Sequence[Row],
    at: int,
    merges: Mapping[int, frozenset[int]],
    sheet: str | None,
    mapping: Mapping[str, str] | None,
) -> Table:
    width = len(rows[at].cells)
    header, body_from = rows[at].cells, at + 1
    merged = merges.get(rows[at].line or 0, frozenset())
    if merged and body_from < len(rows) and _is_second_header(rows[at], rows[body_from], merged, mapping):
        header = tuple(_two_storeys(upper, lower) for upper, lower in zip(header, rows[body_from].cells, strict=True))
        body_from += 1
    used = [index for index in range(width) if header[index].strip() or _filled(rows[body_from:], index)]
    title = next((said.pop() for row in rows[:at] if len(said := set(filter(None, row.cells))) == 1), None)
    return Table(
        header=tuple(header[index].strip() for index in used),
        rows=tuple(Row(tuple(row.cells[index] for index in used), row.line) for row in rows[body_from:]),
        sheet=sheet,
        title=title,
    )


def text_rows(table: Table) -> Iterator[tuple[Row, str]]:
    """The rows of a table that is neither catalogue nor questions, as sentences "列：值；列：值"."""
    for row in table.rows:
        said = "；".join(
            f"{title}：{cell.strip()}" if title else cell.strip()
            for title, cell in zip(table.header, row.cells, strict=True)
            if cell.strip()
        )
        if said:
            yield row, said


def header_at(rows: Sequence[Row], mapping: Mapping[str, str] | None = None) -> int:
    """Index of the row that looks like the header: the one near the top with most titles that are recognised."""
    best: int | None = None
    best_score = 1
    for index, row in enumerate(rows[:_SEARCHED]):
        if len({cell for cell in row.cells if cell.strip()}) < 2:
            continue
        score = _recognised(row.cells, mapping)
        if score > best_score or best is None:
            best, best_score = index, max(score, 1)
    return best or 0


def _recognised(cells: Iterable[str], mapping: Mapping[str, str] | None) -> int:
    return len({role.name for role in recognise(tuple(cells), mapping=mapping) if role.name in COLUMNS})


def _is_second_header(upper: Row, lower: Row, merged: frozenset[int], mapping: Mapping[str, str] | None) -> bool:
    """Whether `lower` divides the merged cells of `upper` ("价格" into "原价" and "促销价")."""
    split = {lower.cells[index].strip() for index in merged if lower.cells[index].strip()}
    if not split or any(cell.strip()[:1].isdigit() for cell in lower.cells):
        return False
    joined = tuple(_two_storeys(a, b) for a, b in zip(upper.cells, lower.cells, strict=True))
    return _recognised(joined, mapping) > _recognised(upper.cells, mapping)


def _two_storeys(upper: str, lower: str) -> str:
    upper, lower = upper.strip(), lower.strip()
    if not lower or lower == upper:
        return upper
    if not upper or _recognised((lower,), None):
        return lower
    return f"{upper} {lower}"


def _padded(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells, *[""] * (width - len(cells)))


def _filled(rows: Iterable[Row], index: int) -> bool:
    return any(row.cells[index].strip() for row in rows)

"""Comma, tab and semicolon separated tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from knowledge.document import Block, Parsed, RefusedError, Row
from knowledge.limits import Limits
from knowledge.table.grid import Grid, header_at, read_grid


def parse_delimited(text: str, *, tab: bool, limits: Limits, mapping: Mapping[str, str] | None = None) -> Parsed:
    """One table; a row with more cells than the header is left out and noted, for its values stand in wrong columns.

    A row with fewer cells is kept and noted. Raises `RefusedError` for a quote that is never closed.
    """
    delimiter = "\t" if tab else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    csv.field_size_limit(max(limits.cell_chars * 4, 131_072))
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) > limits.columns and not any(cells[limits.columns :]):
                    cells = cells[: limits.columns]
                rows.append(Row(tuple(cell.strip() for cell in cells), line))
            if len(rows) > limits.rows + 1:
                raise RefusedError(f"超过 {limits.rows} 行：请拆成几个文件")
            line = reader.line_num + 1
    except csv.Error as exc:
        raise RefusedError(f"第{line}行开始的引号没有成对，后面的列会错位：请检查这一行（{exc}）") from exc
    if not rows:
        raise RefusedError("表格是空的")
    header = header_at(rows, mapping)
    width = _width(rows[header])
    # Where most rows are wider than the header, a column without a title is meant and nothing is shifted.
    if sum(_width(row) > width for row in rows) * 2 > len(rows):
        width = max(_width(row) for row in rows)
    if width > limits.columns:
        raise RefusedError(f"{width} 列，超过上限 {limits.columns} 列")
    kept, notes = [], []
    for index, row in enumerate(rows):
        if _width(row) > width and index > header:
            notes.append(f"第{row.line}行：有 {_width(row)} 格，表头只有 {width} 格，内容可能错位，这一行没有收录")
        elif any(len(cell) > limits.cell_chars for cell in row.cells):
            notes.append(f"第{row.line}行：有一格超过 {limits.cell_chars} 个字，这一行没有收录")
        else:
            if index > header and 1 < len(row.cells) < width:
                notes.append(f"第{row.line}行：只有 {len(row.cells)} 格，缺少的按空白处理")
            kept.append(Row(row.cells[:width], row.line))
    tables, above = read_grid(Grid(tuple(kept), {}), mapping=mapping)
    blocks = tuple(Block(" ".join(filter(None, row.cells)), line=row.line) for row in above)
    return Parsed(blocks=blocks, tables=tables, notes=tuple(notes))


def _delimiter(text: str) -> str:
    """The separator that the first lines agree on; a comma where they do not."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    best, best_score = ",", 0
    for candidate in (",", "\t", ";", "|"):
        counts = [line.count(candidate) for line in lines]
        agreed = max(set(counts), key=counts.count) if counts else 0
        score = agreed * sum(count == agreed for count in counts)
        if agreed and score > best_score:
            best, best_score = candidate, score
    return best


def _width(row: Row) -> int:
    return max((index for index, cell in enumerate(row.cells, start=1) if cell), default=0)

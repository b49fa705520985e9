"""Excel workbooks, read as a stream: cells as they are shown, merged cells filled, lost formulas reported."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils import range_boundaries  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from knowledge.document import Block, Parsed, RefusedError, Row, Table
from knowledge.limits import Limits
from knowledge.parsers.archive import open_archive
from knowledge.table.grid import Grid, read_grid

_ROW = re.compile(rb"<(?:\w+:)?row[ />]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell [^>]*?ref=\"([A-Z]+\d+:[A-Z]+\d+)\"")
_UNSAVED = re.compile(
    rb"<(?:\w+:)?c (?=[^>]*?\br=\"(?P<cell>[A-Z]+\d+)\")[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!")
_SHOWN_CURRENCY = re.compile(r"[¥￥$€£]|元")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MERGED_AREA = 200_000
"""Cells that merged ranges of one sheet may fill; whole-column merges are cut there."""


def parse_sheet(data: bytes, *, limits: Limits, mapping: Mapping[str, str] | None = None) -> Parsed:
    """Every visible sheet as a table, with the rows above its header as text.

    A formula whose result was never saved is an empty cell and noted; so is a cell that shows an error.
    """
    archive = open_archive(data, limits=limits)
    blocks: list[Block] = []
    tables: list[Table] = []
    notes: list[str] = []
    try:
        paths = _sheet_paths(archive)
        xmls = {}
        for name, path in paths.items():
            xmls[name] = archive.read(path)
            rows = len(_ROW.findall(xmls[name]))
            if rows > limits.rows + 10:
                raise RefusedError(f"工作表“{name}”有 {rows} 行，超过上限 {limits.rows} 行：请拆成几个文件")
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in workbook.worksheets:
                if sheet.sheet_state != "visible":
                    notes.append(f"工作表“{sheet.title}”是隐藏的，没有读取")
                    continue
                xml = xmls.get(sheet.title, b"")
                grid = _grid(sheet, xml, notes, limits)
                found, above = read_grid(grid, sheet=sheet.title, mapping=mapping)
                tables.extend(found)
                blocks.extend(
                    Block(" ".join(dict.fromkeys(filter(None, row.cells))), line=row.line, sheet=sheet.title)
                    for row in above
                )
        finally:
            workbook.close()
    except RefusedError:
        raise
    except (InvalidFileException, zipfile.BadZipFile, etree.XMLSyntaxError, EOFError, OSError) as exc:
        raise RefusedError("表格已损坏，打不开：请用 Excel 或 WPS 打开后重新保存") from exc
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as exc:
        raise RefusedError("表格的结构读不懂：请用 Excel 或 WPS 打开后另存为 .xlsx") from exc
    if not tables and not blocks:
        raise RefusedError("表格是空的")
    return Parsed(blocks=tuple(blocks), tables=tuple(tables), notes=tuple(notes))


def _grid(sheet: Any, xml: bytes, notes: list[str], limits: Limits) -> Grid:
    cells: dict[int, list[str]] = {}
    title = sheet.title
    long_cells = 0
    # The stated size of a sheet is often wrong; forgetting it makes openpyxl read what is there.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(), start=1):
        shown = []
        for cell in row[: limits.columns]:
            text = _shown(cell.value, getattr(cell, "number_format", None) or "General")
            if text in _ERRORS:
                notes.append(f"工作表“{title}”{cell.coordinate}：单元格显示错误 {text}，按空白处理")
                text = ""
            if len(text) > limits.cell_chars:
                text, long_cells = text[: limits.cell_chars], long_cells + 1
            shown.append(text)
        if any(cell.value is not None for cell in row[limits.columns :]):
            raise RefusedError(f"工作表“{title}”第{number}行超过 {limits.columns} 列")
        cells[number] = shown
    if long_cells:
        notes.append(f"工作表“{title}”：{long_cells} 格超过 {limits.cell_chars} 个字，后面的部分没有收录")
    unsaved = [match["cell"].decode() for match in _UNSAVED.finditer(xml)]
    if unsaved:
        some = "、".join(unsaved[:5]) + ("等" if len(unsaved) > 5 else "")
        notes.append(
            f"工作表“{title}”{some}：{len(unsaved)} 个公式没有保存结果，按空白处理；请用 Excel 或 WPS 打开并保存一次"
        )
    merged = _fill_merged(cells, [match.decode() for match in _MERGED.findall(xml)])
    rows = tuple(Row(tuple(held), number) for number, held in sorted(cells.items()) if any(held))
    return Grid(rows, merged)


def _fill_merged(cells: dict[int, list[str]], ranges: list[str]) -> dict[int, frozenset[int]]:
    """Write the text of each merged range into all its cells; returns which ones repeat a left neighbour."""
    repeated: dict[int, set[int]] = {}
    filled = 0
    last = max(cells, default=0)
    for ref in ranges:
        left, top, right, bottom = range_boundaries(ref)
        if left is None or top is None or right is None or bottom is None:
            continue
        row = cells.get(top, [])
        text = row[left - 1] if left - 1 < len(row) else ""
        if not text:
            continue
        for y in range(top, min(bottom, last) + 1):
            held = cells.setdefault(y, [])
            if y > top and not any(held):
                continue
            held.extend([""] * (right - len(held)))
            for x in range(left - 1, right):
                held[x] = held[x] or text
                filled += 1
            if right > left:
                repeated.setdefault(y, set()).update(range(left - 1, right))
            if filled > _MERGED_AREA:
                raise RefusedError("合并的单元格太多：请取消合并后再添加")
    return {number: frozenset(columns) for number, columns in repeated.items()}


def _shown(value: Any, number_format: str) -> str:
    """A cell's value as a person sees it, as far as a number format of everyday use decides it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, timedelta):
        return str(value)
    return _shown_number(value, number_format)


def _shown_number(value: int | float, number_format: str) -> str:
    shown = number_format.split(";")[0]
    try:
        # Fifteen digits are what Excel itself keeps of a number.
        number = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    except (InvalidOperation, ValueError):
        return str(value)
    percent = "%" in shown
    number = number * 100 if percent else number
    decimals = re.search(r"0\.(0+)", shown)
    if decimals:
        number = round(number, len(decimals[1]))
    elif re.fullmatch(r"[^.]*[#0][^.]*", shown) and "General" not in shown and "E" not in shown:
        number = number.quantize(Decimal(1))
    text = f"{number:f}"
    if "." in text and not decimals:
        text = text.rstrip("0").rstrip(".")
    if percent:
        return f"{text}%"
    currency = _SHOWN_CURRENCY.search(re.sub(r"\[\$([^\]-]*)[^\]]*\]", r"\1", shown))
    if currency is None:
        return text
    return f"{text}元" if currency[0] == "元" else f"{currency[0].replace('￥', '¥')}{text}"


def _sheet_paths(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → its member in the zip (ECMA-376 part 1, 18.2.20 and the package relations)."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
    relations = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    found = {}
    for sheet in book.iter("{*}sheet"):
        target = targets.get(sheet.get(_RELATION), "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if "worksheets" in path:
            found[sheet.get("name", "")] = path
    return found

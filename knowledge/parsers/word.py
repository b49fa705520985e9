"""Word documents: paragraphs under their headings, and tables, in reading order."""

from __future__ import annotations

import io
import re
import zipfile

from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph
from lxml import etree  # type: ignore[import-untyped]

from knowledge.document import Block, Parsed, RefusedError, Row, Table
from knowledge.limits import Limits
from knowledge.parsers.archive import open_archive
from knowledge.parsers.outline import Outline

_HEADING = re.compile(r"(?:heading|标题)\s*(?P<level>[1-9])", re.IGNORECASE)


def parse_word(data: bytes, *, limits: Limits) -> Parsed:
    """Blocks carry the number of their paragraph, counted over the body; pictures are noted as unread."""
    open_archive(data, limits=limits).close()
    try:
        document = Document(io.BytesIO(data))
        return _read(document, limits)
    except RefusedError:
        raise
    except (PackageNotFoundError, zipfile.BadZipFile, etree.XMLSyntaxError, EOFError, OSError) as exc:
        raise RefusedError("文档已损坏，打不开：请用 Word 或 WPS 打开后重新保存") from exc
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as exc:
        raise RefusedError("文档的结构读不懂：请用 Word 或 WPS 打开后另存为 .docx") from exc


def _read(document: object, limits: Limits) -> Parsed:
    outline = Outline()
    blocks: list[Block] = []
    tables: list[Table] = []
    number = 0
    for item in document.iter_inner_content():  # type: ignore[attr-defined]
        number += 1
        if isinstance(item, Paragraph):
            text = item.text.strip()
            if not text:
                continue
            style = item.style.name if item.style is not None and item.style.name else ""
            heading = _HEADING.match(style)
            if heading:
                outline.enter(int(heading["level"]), text)
            elif style in ("Title", "标题"):
                outline.enter(1, text) if not blocks and outline.path is None else outline.enter(2, text)
            else:
                blocks.append(Block(text, outline.path, line=number))
        elif isinstance(item, WordTable):
            table = _table(item, title=outline.last, number=number, limits=limits)
            if table is not None:
                tables.append(table)
    pictures = len(document.inline_shapes)  # type: ignore[attr-defined]
    notes = (f"{pictures} 张图片里的文字没有读取",) if pictures else ()
    if not blocks and not tables:
        raise RefusedError("文档里没有文字" + ("，只有图片：请把文字打出来" if pictures else ""))
    return Parsed(blocks=tuple(blocks), tables=tuple(tables), notes=notes)


def _table(table: WordTable, *, title: str | None, number: int, limits: Limits) -> Table | None:
    if len(table.rows) > limits.rows:
        raise RefusedError(f"有一个表格超过 {limits.rows} 行：请拆成几个文件")
    rows = [tuple(" ".join(cell.text.split()) for cell in row.cells) for row in table.rows]
    rows = [row for row in rows if any(row)]
    if len(rows) < 2:
        return None
    width = len(rows[0])
    body = tuple(Row((*row, *[""] * width)[:width], number) for row in rows[1:])
    return Table(header=rows[0], rows=body, title=title)

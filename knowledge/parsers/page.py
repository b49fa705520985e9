"""Web pages: what a reader sees; scripts, styles, forms and hidden parts are not read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from knowledge.document import Block, Parsed, RefusedError, Row, Table
from knowledge.limits import Limits
from knowledge.parsers.outline import Outline
from knowledge.parsers.plain import decode

_UNSEEN = ("script", "style", "noscript", "template", "iframe", "object", "svg", "form", "button", "nav", "head")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])", re.IGNORECASE
)
_BREAKING = frozenset(
    "address article aside blockquote br dd div dl dt figcaption footer h1 h2 h3 h4 h5 h6 header hr li main ol p pre"
    " section table td th tr ul".split()
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset=[\"']?(?P<name>[\w-]+)", re.IGNORECASE)


def parse_page(data: bytes, *, limits: Limits) -> Parsed:
    """Blocks under their headings and tables; raises `RefusedError` for a page that is not text."""
    text = _declared(data) or decode(data, limits=limits)
    soup = BeautifulSoup(text, "lxml")
    for tag in soup.find_all(_UNSEEN):
        tag.decompose()
    for tag in soup.find_all(True):
        if not tag.decomposed and (_HIDDEN.search(str(tag.get("style") or "")) or tag.has_attr("hidden")):
            tag.decompose()
    tables: list[Table] = []
    blocks: list[Block] = []
    outline = Outline()
    held: list[str] = []
    for piece in _walk(soup):
        if isinstance(piece, str):
            held.append(piece)
            continue
        said = "".join(held).strip()
        if said:
            blocks.append(Block(said, outline.path))
        held = []
        if piece.name == "table":
            table = _table(piece, title=outline.last)
            if table is not None:
                tables.append(table)
        elif piece.name in ("h1", "h2", "h3", "h4", "h5", "h6"):
            outline.enter(int(piece.name[1]), piece.get_text(" ", strip=True))
    said = "".join(held).strip()
    if said:
        blocks.append(Block(said, outline.path))
    if not blocks and not tables:
        raise RefusedError("网页里没有看得见的文字（内容可能由脚本生成）：请另存为 pdf 或复制成 docx")
    return Parsed(blocks=tuple(blocks), tables=tuple(tables))


def _walk(root: Tag) -> Iterator[str | Tag]:
    """Texts and, where a new block begins, the tag that begins it; tables and headings are not entered."""
    stack: list[object] = [iter(root.children)]
    while stack:
        children = stack[-1]
        child = next(children, None)  # type: ignore[call-overload]
        if child is None:
            stack.pop()
        elif isinstance(child, Tag):
            if child.name in _BREAKING:
                yield child
            if child.name != "table" and child.name not in ("h1", "h2", "h3", "h4", "h5", "h6"):
                stack.append(iter(child.children))
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            yield re.sub(r"\s+", " ", str(child))


def _table(tag: Tag, *, title: str | None) -> Table | None:
    """The rows of a table with row and column spans filled in."""
    grid: dict[tuple[int, int], str] = {}
    height = width = 0
    for down, row in enumerate(tag.find_all("tr")):
        across = 0
        for cell in row.find_all(("td", "th"), recursive=False):
            while (down, across) in grid:
                across += 1
            said = cell.get_text(" ", strip=True)
            rows, columns = _span(cell, "rowspan"), _span(cell, "colspan")
            for y in range(down, down + rows):
                for x in range(across, across + columns):
                    grid[y, x] = said
            across += columns
        height, width = down + 1, max(width, across)
    if height < 2 or width < 1:
        return None
    cells = [tuple(grid.get((y, x), "") for x in range(width)) for y in range(height)]
    return Table(header=cells[0], rows=tuple(Row(row, None) for row in cells[1:]), title=title)


def _span(cell: Tag, name: str) -> int:
    """A span of 1 to 100; pages that claim more mean something else."""
    said = str(cell.get(name) or "1")
    return min(max(int(said), 1), 100) if said.isdecimal() else 1


def _declared(data: bytes) -> str | None:
    """The text in the encoding the page names, where that is one of ours."""
    match = _DECLARED.search(data[:2048])
    name = match["name"].decode().lower() if match else ""
    if name not in ("gbk", "gb2312", "gb18030", "big5"):
        return None
    try:
        return data.decode("gb18030" if name.startswith("gb") else name)
    except UnicodeDecodeError:
        return None

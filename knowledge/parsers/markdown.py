"""Markdown: headings, paragraphs, lists and pipe tables, by markdown-it's tokens."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.document import Block, Parsed, Row, Table
from knowledge.limits import Limits
from knowledge.parsers.outline import Outline


def parse_markdown(text: str, *, limits: Limits) -> Parsed:
    """Blocks carry the headings above them and their line; raw html and code fences are kept as plain words only."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(_without_front_matter(text))
    outline = Outline()
    blocks: list[Block] = []
    tables: list[Table] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        line = token.map[0] + 1 if token.map else None
        if token.type == "heading_open":
            outline.enter(int(token.tag[1:]), _words(tokens[index + 1]))
            index += 2
        elif token.type == "table_open":
            end = next(i for i in range(index, len(tokens)) if tokens[i].type == "table_close")
            table = _table(tokens[index:end], title=outline.last)
            if table is not None and len(table.rows) <= limits.rows:
                tables.append(table)
            index = end
        elif token.type == "inline":
            blocks.append(Block(_words(token), outline.path, line=line))
        elif token.type in ("fence", "code_block") and token.content.strip():
            blocks.append(Block(token.content, outline.path, line=line))
        index += 1
    return Parsed(blocks=tuple(block for block in blocks if block.text.strip()), tables=tuple(tables))


def _table(tokens: list[Token], *, title: str | None) -> Table | None:
    rows: list[Row] = []
    cells: list[str] = []
    line: int | None = None
    for token in tokens:
        if token.type == "tr_open":
            cells, line = [], token.map[0] + 1 if token.map else None
        elif token.type == "inline":
            cells.append(_words(token))
        elif token.type == "tr_close":
            rows.append(Row(tuple(cells), line))
    if not rows:
        return None
    width = len(rows[0].cells)
    body = tuple(Row((*row.cells, *[""] * width)[:width], row.line) for row in rows[1:])
    return Table(header=rows[0].cells, rows=body, title=title)


def _words(token: Token) -> str:
    """The words of an inline token without marks, links' targets and images."""
    parts = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
    return "".join(parts).strip()


def _without_front_matter(text: str) -> str:
    """Front matter between two --- lines is about the file, not for the customer; its lines stay, empty."""
    lines = text.split("\n")
    if lines[0].strip() != "---":
        return text
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.strip() in ("---", "...")), None)
    return text if end is None else "\n".join([""] * (end + 1) + lines[end + 1 :])

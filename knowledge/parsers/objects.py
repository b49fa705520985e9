"""JSON and JSON Lines: lists of objects are tables, everything else is text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from knowledge.document import Block, Parsed, RefusedError, Row, Table
from knowledge.limits import Limits


def parse_objects(text: str, *, lines: bool, limits: Limits) -> Parsed:
    """Lists of objects anywhere in the document become tables whose header are all keys that occur.

    In JSON Lines a line that is no JSON is left out and noted; a damaged JSON file is refused as a whole.
    """
    notes: list[str] = []
    if lines:
        values: list[tuple[int | None, Any]] = []
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                values.append((number, json.loads(line)))
            except (ValueError, RecursionError) as exc:
                notes.append(f"第{number}行：不是完整的 JSON，没有收录（{_why(exc)}）")
        if not values:
            raise RefusedError("没有一行是完整的 JSON")
        tables, blocks = _table(values, None, limits), list(_plain(values))
    else:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise RefusedError(f"不是完整的 JSON：{_why(exc)}") from exc
        tables, blocks = [], []
        _walk(value, (), tables, blocks, limits)
    return Parsed(blocks=tuple(blocks), tables=tuple(tables), notes=tuple(notes))


def _walk(value: Any, path: tuple[str, ...], tables: list[Table], blocks: list[Block], limits: Limits) -> None:
    heading = " > ".join(path) or None
    if isinstance(value, dict):
        plain = {key: said for key, held in value.items() if (said := _said(held)) is not None}
        if plain:
            blocks.append(Block("\n".join(f"{key}：{said}" for key, said in plain.items() if said), heading))
        for key, held in value.items():
            if key not in plain:
                _walk(held, (*path, str(key)), tables, blocks, limits)
    elif isinstance(value, list):
        numbered = [(number, item) for number, item in enumerate(value, start=1)]
        tables.extend(_table(numbered, path[-1] if path else None, limits))
        blocks.extend(Block(block.text, heading, line=block.line) for block in _plain(numbered))
    elif (said := _said(value)) is not None:
        blocks.append(Block(said, heading))


def _table(values: Sequence[tuple[int | None, Any]], title: str | None, limits: Limits) -> list[Table]:
    objects = [(number, value) for number, value in values if isinstance(value, dict)]
    if not objects:
        return []
    if len(objects) > limits.rows:
        raise RefusedError(f"超过 {limits.rows} 条：请拆成几个文件")
    header = list(dict.fromkeys(str(key) for _, value in objects for key in value))
    if len(header) > limits.columns:
        raise RefusedError(f"{len(header)} 种字段，超过上限 {limits.columns}")
    rows = tuple(Row(tuple(_flat(value.get(key)) for key in header), number) for number, value in objects)
    return [Table(header=tuple(header), rows=rows, title=title)]


def _plain(values: Sequence[tuple[int | None, Any]]) -> Iterator[Block]:
    for number, value in values:
        if not isinstance(value, dict) and (said := _flat(value)):
            yield Block(said, line=number)


def _said(value: Any) -> str | None:
    """A scalar as text; None for what has parts."""
    return None if isinstance(value, dict | list) else _flat(value)


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(filter(None, map(_flat, value)))
    if isinstance(value, dict):
        return "；".join(f"{key}：{said}" for key, held in value.items() if (said := _flat(held)))
    return str(value).strip()


def _why(exc: Exception) -> str:
    if isinstance(exc, json.JSONDecodeError):
        return f"第{exc.lineno}行第{exc.colno}列"
    return "嵌套太深" if isinstance(exc, RecursionError) else str(exc)

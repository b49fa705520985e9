"""A table whose header reads like a catalogue → records with typed facts. Pure; no column is lost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from knowledge.document import Row, Table
from knowledge.record import DateRange, Fact, Record, Source
from knowledge.table.column import Role, ValueKind, recognise
from knowledge.table.merging import named_id
from knowledge.table.value import infer_kind, parse_value, split_list

_GENERIC_KINDS = re.compile(
    r"(?:sheet|工作表|表|table|worksheet)?\s*\d*|商品|产品|商品表|产品表|商品目录|产品目录|目录|商品清单|价格表|报价单|库存表?|促销|活动|促销价|"
    r"products?|catalogue?|catalog|items?|goods|prices?|inventory|stock|promotions?|template|商品模板",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\s*[(（\[【][^()（）\[\]【】]*[)）\]】]\s*")
_MARKS = frozenset({"", "-", "--", "—", "——", "/", "\\", "无数据", "n/a", "na", "null", "none", "nan", "待定", "暂无"})
"""Cells that say that there is nothing to say; "无" is an answer and stays."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The records of one table and what was wrong with its rows."""

    records: tuple[Record, ...]
    notes: tuple[str, ...]


def catalogue_roles(table: Table, *, mapping: Mapping[str, str] | None = None) -> tuple[Role, ...] | None:
    """The roles of the columns if the table is a catalogue, else None.

    It is one when a column holds names or SKUs and another one holds anything; or when two columns beside the first
    are recognised and the first is all different.
    """
    roles = recognise(table.header, mapping=mapping)
    names = {role.name for role in roles}
    if {"question", "answer"} <= names or len(roles) < 2:
        return None
    if {"name", "sku"} & names:
        return roles
    if "model" in names:
        return tuple(_renamed(role, "name") if role.name == "model" else role for role in roles)
    recognised = sum(role.name != role.title and role.name not in ("category", "description") for role in roles[1:])
    first = [row.cells[0].strip() for row in table.rows]
    distinct = (
        len(first) > 0 and all(first) and len(set(first)) == len(first) and roles[0].kind in (None, ValueKind.TEXT)
    )
    if recognised >= 2 and distinct and max(map(len, first)) <= 60:
        return tuple(_renamed(role, "name") if role.index == 0 else role for role in roles)
    return None


def read_catalogue(table: Table, roles: Sequence[Role], *, file: str) -> Catalogue:
    """Records of a table, in row order.

    A row without a name and SKU is left out and noted, so is a second row with a SKU that was already used unless it
    says exactly the same. Two rows that share a name but have no SKU are two records.
    """
    kinds = {role.index: _kind(role, table.rows) for role in roles}
    by_name = {role.name: role for role in roles}
    fallback = kind_of_table(table, file=file)
    records: dict[str, Record] = {}
    lines: dict[str, int | None] = {}
    notes = []
    for row in table.rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        sku, name = _cell(row, by_name.get("sku")), _cell(row, by_name.get("name"))
        if not sku and not name:
            notes.append(f"{place(table, row)}：没有名称也没有编号，这一行没有收录")
            continue
        record = _record(row, roles, kinds, sku=sku, name=name or sku, fallback=fallback, table=table, file=file)
        held = records.get(record.id)
        if held is not None and sku:
            if [fact.text for fact in held.facts] != [fact.text for fact in record.facts]:
                earlier = f"编号 {sku} 与第{lines[record.id]}行重复而内容不同"
                notes.append(f"{place(table, row)}：{earlier}，保留前一行，请改成不同的编号")
            continue
        if held is not None:
            if [fact.text for fact in held.facts] == [fact.text for fact in record.facts]:
                continue
            notes.append(f"{place(table, row)}：名称“{name}”与第{lines[record.id]}行相同，按两条收录；建议加一列编号")
            record = _numbered(record, records)
        records[record.id] = record
        lines[record.id] = row.line
    return Catalogue(tuple(records.values()), tuple(notes))


def kind_of_table(table: Table, *, file: str) -> str:
    """What a catalogue holds, by its sheet, heading or file name; "product" where these say nothing."""
    for name in (table.sheet, table.title, PurePath(file).stem):
        if name and len(name) <= 12 and not _GENERIC_KINDS.fullmatch(name.strip()):
            return name.strip()
    return "product"


def short_names(name: str, brand: str | None) -> tuple[str, ...]:
    """Shorter forms people use: without the part in brackets, without the brand in front."""
    bare = _BRACKETED.sub("", name).strip()
    shorter = [bare] if len(bare) >= 2 and bare != name else []
    if brand and bare.startswith(brand) and len(bare[len(brand) :].strip(" ·-")) >= 2:
        shorter.append(bare[len(brand) :].strip(" ·-"))
    return tuple(shorter)


def place(table: Table, row: Row) -> str:
    """Where a row stands, in words."""
    parts = [f"工作表“{table.sheet}”" if table.sheet else "", f"第{row.line}行" if row.line is not None else ""]
    return "".join(parts) or "表格"


def blank(cell: str) -> bool:
    """Whether a cell only says that there is nothing ("-", "N/A", "待定")."""
    return cell.strip().casefold() in _MARKS


def _record(
    row: Row,
    roles: Sequence[Role],
    kinds: Mapping[int, ValueKind],
    *,
    sku: str,
    name: str,
    fallback: str,
    table: Table,
    file: str,
) -> Record:
    record_id = sku or named_id(name)
    source = Source(file=file, sheet=table.sheet, page=table.page, line=row.line)
    facts = []
    for role in roles:
        text = row.cells[role.index].strip()
        if not blank(text):
            value = parse_value(text, kinds[role.index], unit=role.unit)
            facts.append(Fact(record_id, name, role.name, role.title, value, text, source))
    held = {fact.name: fact for fact in facts}
    period = _period(held)
    if period is not None:
        facts.append(period)
    aliases = list(split_list(held["aliases"].text) or ()) if "aliases" in held else []
    aliases += short_names(name, held["brand"].text if "brand" in held else None)
    if sku and sku != name:
        aliases.append(sku)
    category = held.get("category")
    return Record(
        id=record_id,
        name=name,
        kind=category.text if category is not None and len(category.text) <= 20 else fallback,
        aliases=tuple(dict.fromkeys(alias for alias in aliases if alias != name)),
        facts=tuple(facts),
    )


def _period(held: Mapping[str, Fact]) -> Fact | None:
    """The promotion period from a column of its begin, of its end or from both, where none holds the whole."""
    start, end = held.get("promotion_start"), held.get("promotion_end")
    known = [fact for fact in (start, end) if fact is not None]
    if "promotion_period" in held or not known or not all(isinstance(fact.value, date) for fact in known):
        return None
    days = DateRange(
        *(fact.value if fact is not None and isinstance(fact.value, date) else None for fact in (start, end))
    )
    if start is None or end is None:
        text = f"至 {end.text}" if end is not None else f"{known[0].text} 起"
    else:
        text = f"{start.text} 至 {end.text}"
    first, title = known[0], " 至 ".join(fact.title for fact in known)
    return Fact(first.record_id, first.record_name, "promotion_period", title, days, text, first.source)


def _kind(role: Role, rows: Sequence[Row]) -> ValueKind:
    if role.kind is not None:
        return role.kind
    return infer_kind([cell for row in rows if not blank(cell := row.cells[role.index])])


def _cell(row: Row, role: Role | None) -> str:
    if role is None or blank(row.cells[role.index]):
        return ""
    return " ".join(row.cells[role.index].split())


def _numbered(record: Record, records: Mapping[str, Record]) -> Record:
    number = 2
    while f"{record.id}-{number}" in records:
        number += 1
    record_id = f"{record.id}-{number}"
    facts = tuple(
        Fact(record_id, fact.record_name, fact.name, fact.title, fact.value, fact.text, fact.source)
        for fact in record.facts
    )
    return Record(record_id, record.name, record.kind, record.aliases, facts)


def _renamed(role: Role, name: str) -> Role:
    return Role(role.index, role.title, name, ValueKind.TEXT, role.unit)

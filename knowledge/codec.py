"""Facts as JSON: the tagged form in which typed values rest in a version's `content.db`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from knowledge.record import DateRange, Dimensions, Fact, Money, Source, Value


def value_to_json(value: Value) -> Any:
    """The value with its type, as JSON data; `value_from_json` gives it back unchanged."""
    if isinstance(value, bool) or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Money):
        return {"money": str(value.amount), "currency": value.currency, "per": value.per}
    if isinstance(value, Dimensions):
        return {"sizes": [str(size) for size in value.sizes], "unit": value.unit}
    if isinstance(value, DateRange):
        return {"start": _day_to_json(value.start), "end": _day_to_json(value.end)}
    return {"day": _day_to_json(value)}


def value_from_json(data: Any) -> Value:
    """Inverse of `value_to_json`."""
    if isinstance(data, bool | str):
        return data
    if isinstance(data, list):
        return tuple(data)
    if "int" in data:
        return int(data["int"])
    if "decimal" in data:
        return Decimal(data["decimal"])
    if "money" in data:
        return Money(Decimal(data["money"]), data["currency"], data["per"])
    if "sizes" in data:
        return Dimensions(tuple(Decimal(size) for size in data["sizes"]), data["unit"])
    if "start" in data:
        return DateRange(_day_from_json(data["start"]), _day_from_json(data["end"]))
    day = _day_from_json(data["day"])
    if day is None:
        raise ValueError("a date fact without a date")
    return day


def facts_to_json(facts: Sequence[Fact]) -> str:
    """All facts of one record; the record's id, name and file are stored beside them, not in them."""
    return json.dumps(
        [
            [
                fact.name,
                fact.title,
                value_to_json(fact.value),
                fact.text,
                fact.source.sheet,
                fact.source.page,
                fact.source.line,
            ]
            for fact in facts
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def facts_from_json(text: str, *, record_id: str, record_name: str, file: str) -> tuple[Fact, ...]:
    """Inverse of `facts_to_json`."""
    return tuple(
        Fact(
            record_id=record_id,
            record_name=record_name,
            name=name,
            title=title,
            value=value_from_json(value),
            text=quoted,
            source=Source(file=file, sheet=sheet, page=page, line=line),
        )
        for name, title, value, quoted, sheet, page, line in json.loads(text)
    )


def aliases_to_json(aliases: Sequence[str]) -> str:
    """Other names of a record as one JSON list."""
    return json.dumps(list(aliases), ensure_ascii=False)


def aliases_from_json(text: str) -> tuple[str, ...]:
    """The names that `aliases_to_json` wrote."""
    return tuple(json.loads(text))


def _day_to_json(value: datetime | date | None) -> str | None:
    return None if value is None else value.isoformat()


def _day_from_json(text: str | None) -> datetime | date | None:
    if text is None:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)

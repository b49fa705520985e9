"""What every read or write is given: a connection, the keys, and the time."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Column, Connection

from dialogue.database.cipher import KeyRing

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction under way; `now_ms` is the same for all of it (milliseconds since 1970, UTC)."""

    connection: Connection
    ring: KeyRing
    now_ms: int

    def seal(self, value: Any, column: Column[Any]) -> bytes:
        """Seals a JSON value for this column: it does not open in another."""
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return self.ring.seal(plain, context=_context(column))

    def unseal(self, sealed: bytes | None, column: Column[Any]) -> Any:
        """Opens what `seal` made; `None` stays `None`. Raises `KeyRingError`."""
        if sealed is None:
            return None
        return json.loads(self.ring.open_sealed(sealed, context=_context(column)).decode("utf-8", "surrogatepass"))


def new_id(prefix: str) -> str:
    """An unguessable id, 128 random bits, like `lead_4f…`."""
    return f"{prefix}_{uuid.uuid4().hex}"


def _context(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


class Run(Protocol):
    """Runs a function of a transaction, as `Store.read` and `Store.write` do."""

    def __call__(self, work: Callable[[Transaction], Result], /) -> Awaitable[Result]: ...

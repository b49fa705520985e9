"""What every read or write is given: a connection, the keys, and the time."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from dialogue.database.cipher import KeyRing


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction under way; `now_ms` is the same for all of it (milliseconds since 1970, UTC)."""

    connection: Connection
    ring: KeyRing
    now_ms: int

    def seal(self, value: Any, context: str) -> bytes:
        """Seals a JSON value for the column named by `context`."""
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return self.ring.seal(plain, context=context)

    def unseal(self, sealed: bytes | None, context: str) -> Any:
        """Opens what `seal` made; `None` stays `None`. Raises `KeyRingError`."""
        if sealed is None:
            return None
        return json.loads(self.ring.open_sealed(sealed, context=context).decode("utf-8", "surrogatepass"))


def new_id(prefix: str) -> str:
    """An unguessable id, 128 random bits, like `lead_4f…`."""
    return f"{prefix}_{uuid.uuid4().hex}"

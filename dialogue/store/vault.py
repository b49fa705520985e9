"""Secrets of merchants at rest: sealed with the key ring, opened by name, rotated with everything else."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select, update

from dialogue.database.schema import secrets
from dialogue.database.transaction import Transaction


def put_secret(tx: Transaction, name: str, value: str) -> None:
    """Seals `value` under `name` (at most 128 characters), over what was there; an empty value forgets the name."""
    if not value:
        tx.connection.execute(delete(secrets).where(secrets.c.name == name))
        return
    values = {"value": tx.seal(value, secrets.c.value), "updated_at_ms": tx.now_ms}
    if tx.connection.execute(update(secrets).where(secrets.c.name == name).values(values)).rowcount == 0:
        tx.connection.execute(secrets.insert().values(name=name, **values))


def read_secrets(tx: Transaction, names: Iterable[str]) -> dict[str, str]:
    """Name to value of those that are there. Raises `KeyRingError` when the key is missing."""
    query = select(secrets.c.name, secrets.c.value).where(secrets.c.name.in_(list(names)))
    return {name: str(tx.unseal(sealed, secrets.c.value)) for name, sealed in tx.connection.execute(query)}

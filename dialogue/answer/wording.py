"""Varied wording: the same thing is never said in the same words twice in a row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol


class Remembers(Protocol):
    """Whoever keeps the wording used last; a `Conversation` or a rundown does."""

    id: str
    turn: int

    def last_wording(self, slot: str) -> int | None:
        """Index used last for the slot, or None."""
        ...

    def use_wording(self, slot: str, index: int) -> None:
        """Remember the index used for the slot."""
        ...


class Memory:
    """Remembers wordings where there is no conversation; `id` seeds the choice."""

    def __init__(self, id: str = "") -> None:
        self.id = id
        self.turn = 0
        self._last: dict[str, int] = {}

    def last_wording(self, slot: str) -> int | None:
        """Index used last for the slot, or None."""
        return self._last.get(slot)

    def use_wording(self, slot: str, index: int) -> None:
        """Remember the index used for the slot; slots are named by the program, so they are few."""
        self._last[slot] = index


def choose(memory: Remembers, slot: str, variants: Sequence[str]) -> str:
    """One of the variants, never the one used last for this slot (while there are at least two).

    Deterministic: the same conversation says the same thing at the same turn.
    """
    if not variants:
        raise ValueError(f"no wording for {slot}")
    seed = hashlib.blake2s(f"{memory.id}/{slot}/{memory.turn}".encode(), digest_size=4).digest()
    index = int.from_bytes(seed, "big") % len(variants)
    if index == memory.last_wording(slot) and len(variants) > 1:
        index = (index + 1) % len(variants)
    memory.use_wording(slot, index)
    return variants[index]

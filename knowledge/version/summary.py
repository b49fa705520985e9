"""What one command did to a merchant's draft."""

from __future__ import annotations

from dataclasses import dataclass, field

from knowledge.intake.folder import Refusal


@dataclass(frozen=True, slots=True)
class Summary:
    """What an `add` or `remove` did, file by file."""

    merchant: str
    draft: str | None
    """The version that was prepared; None where nothing changed or with `dry_run`."""
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    """Files that are still known but no longer in the folder they were added with."""
    refused: tuple[Refusal, ...] = ()
    notes: tuple[Refusal, ...] = field(default=())
    """What of the files was not taken in."""
    media: int = 0
    """Pictures, sounds and films passed over."""
    passages: int = 0
    """In the whole draft, or in what would be added or changed with `dry_run`."""
    records: int = 0

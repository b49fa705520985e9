"""Rows of a bench as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable

Row = tuple[str, str, str]
"""What was measured, the target, the measured value with its n."""


def print_table(rows: Iterable[Row]) -> None:
    """Print rows as they come: a bench that is broken off has still shown what it measured."""
    print("| what | target | measured |\n|---|---|---|", flush=True)
    for what, target, measured in rows:
        print(f"| {what} | {target} | {measured} |", flush=True)

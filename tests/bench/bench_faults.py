"""The fault matrix: every part of a room killed, frozen and slowed, and what went out to its viewers meanwhile.

Prints the Markdown rows of `docs/reliability.md`; the exit code is 1 when a stream died or a part did not come back.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterable

from tests.stream.faults import HARM, KINDS, PARTS, Seen, process_killed, struck

_SOUND_S, _PICTURE_S = 1.0, 6.0
"""Above this a stream counts as dead."""


def cell(seen: Seen) -> str:
    """What a viewer saw, in a table's cell."""
    state = "came back" if seen.back else "DID NOT COME BACK"
    return f"{seen.sound_ms:.0f} / {seen.picture_ms:.0f} ms, {seen.restarts} restarts, {state}"


def healthy(seen: Seen) -> bool:
    """Whether the stream went on and the part came back."""
    return seen.back and seen.sound_ms <= _SOUND_S * 1000 and seen.picture_ms <= _PICTURE_S * 1000


async def matrix(parts: Iterable[str], seconds: float) -> int:
    """Print a row for each part; the number of streams that died."""
    dead = 0
    print("Longest gap between packets of sound / picture while the fault lasted "
          f"({seconds:g} s), as sent to the viewers.\n")  # fmt: skip
    print(f"| part | {' | '.join(KINDS)} |\n|---|{'---|' * len(KINDS)}", flush=True)
    for part in parts:
        cells = []
        for kind in KINDS:
            if (part, kind) not in HARM:
                cells.append("–")
                continue
            seen = await struck(part, kind, seconds=seconds)
            dead += not healthy(seen)
            cells.append(cell(seen))
        print(f"| {part} | {' | '.join(cells)} |", flush=True)
    return dead


def main() -> int:
    """Print the matrix; 1 when a stream died."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[*PARTS], help=", ".join(PARTS))
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a fault lasts")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    dead = asyncio.run(matrix(options.parts, options.seconds))
    killed = asyncio.run(process_killed())
    print(
        f"\nA room in a process of its own, `kill -9`: another room's longest gap {killed.other_ms:.0f} ms; "
        f"on air again after {killed.again_s:.1f} s."
    )
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())

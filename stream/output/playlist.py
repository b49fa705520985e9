"""An HLS playlist over restarts: segment numbers only rise, and so do the numbers of the discontinuities (RFC 8216).

The muxer writes the playlist of one run and knows of no earlier one. Beside it stands a file of one line: how many
discontinuities went before the oldest that is remembered, then the first segments of the remembered runs.
"""

from __future__ import annotations

import re
from pathlib import Path

PLAYLIST = "index.m3u8"
_RUNS = "runs"
_GOES_ON_S = 60.0
"""A playlist this old is still somebody's: it goes on. What is older shows the past, and begins anew."""
_SEQUENCE = re.compile(r"^#EXT-X-MEDIA-SEQUENCE:(\d+)$", re.MULTILINE)


def read_playlist(folder: Path) -> str | None:
    """The playlist as players are given it, None while there is none.

    Every run begins behind a discontinuity; those that have left the playlist are counted in it, so that a segment
    keeps its discontinuity sequence number as long as it is listed (RFC 8216 section 6.2.2).
    """
    try:
        text = (folder / PLAYLIST).read_text("utf-8", "replace")
    except FileNotFoundError:
        return None
    found = _SEQUENCE.search(text)
    if found is None:
        return text
    before, starts = _runs(folder) or (0, [])
    gone = before + sum(start < int(found.group(1)) for start in starts)
    return f"{text[: found.end()]}\n#EXT-X-DISCONTINUITY-SEQUENCE:{gone}{text[found.end() :]}"


def prepare_folder(folder: Path, *, now_s: float) -> int:
    """Before a new run: take away what no playlist names any more, and a playlist that is older than a minute or lacks
    a segment; and note the run.

    Gives the number of the first segment where no playlist goes on, else 0. Numbers never come again, over restarts of
    the process too, so that no player takes a new segment for an old one. Raises `OSError`.
    """
    playlist, named = folder / PLAYLIST, list[str]()
    if playlist.is_file():
        named = [line for line in playlist.read_text("utf-8", "replace").splitlines() if line and line[0] != "#"]
        numbers = [int(Path(name).stem) for name in named if Path(name).stem.isdecimal()]
        oldest, newest = min(numbers, default=0), max(numbers, default=0)
        stale = now_s - playlist.stat().st_mtime > _GOES_ON_S
        goes_on = bool(named) and not stale and all((folder / name).is_file() for name in named)
    else:
        oldest, newest, goes_on = 0, 0, False
    for path in folder.iterdir():
        if path.name != _RUNS and not (goes_on and path.name in (PLAYLIST, *named)):
            path.unlink()
    # The muxer goes on after the playlist's own numbers unless it is told a higher one.
    number = 0 if goes_on else max(int(now_s) // 2, newest + 1)
    # Where nothing is known of earlier runs, the count begins no lower than it ever was.
    before, starts = _runs(folder) or (number, [])
    number = 0 if goes_on else max([number, *starts])
    start = number or newest + 1
    earlier = [first for first in starts if first < start]
    _write_runs(folder, before, [*earlier, start], oldest=oldest if goes_on else start)
    return number


def _write_runs(folder: Path, before: int, starts: list[int], *, oldest: int) -> None:
    """Remember where runs begin; of those before segment `oldest` only how many there were."""
    gone = before + sum(start < oldest for start in starts)
    draft = folder / f"{_RUNS}.new"
    draft.write_text(" ".join(map(str, (gone, *(start for start in starts if start >= oldest)))))
    draft.replace(folder / _RUNS)


def _runs(folder: Path) -> tuple[int, list[int]] | None:
    """How many runs there were before those whose first segments follow; None when nothing is known."""
    try:
        before, *starts = map(int, (folder / _RUNS).read_text("ascii", "replace").split())
    except (FileNotFoundError, ValueError):
        return None
    return before, starts

"""The soak: the whole demo for half an hour under people who join, leave, are killed and come back.

Prints Markdown rows; the exit code is 1 when one misses its target.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.table import Row, print_table

ROOT = Path(__file__).resolve().parents[2]
_EMPTY_S = 45.0
"""Viewers who were killed are held until their ICE consent expires (RFC 7675: 30 s)."""
_EVERY_S = 10.0
_AGAIN_S = 60.0
"""What is left may be a task between two lines of the host: only what stays is a leak."""
_POOLED = 12
"""Files that more pooled connections of the bases keep open (base, log, index); a leak adds some with every crowd."""

Stats = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be left and what may be added."""

    growth_mb: float = 10.0
    growth_objects: float = 0.01
    """Share of all objects."""


@dataclass(slots=True)
class Soak:
    """What was seen."""

    minutes: float
    settled: float
    """Minute from which growth counts."""
    rounds: int = 0
    killed: int = 0
    crowds_failed: int = 0
    empty: Stats = field(default_factory=dict)
    """Before the first crowd came."""
    last: Stats = field(default_factory=dict)
    """After the last one had gone."""
    marks: list[tuple[float, Stats]] = field(default_factory=list)
    """Minute and counts, every ten seconds."""

    def mean(self, name: str, begin: float, end: float) -> float:
        """Mean of a count over the minutes from `begin` to `end`."""
        found = [mark[name] for minute, mark in self.marks if begin <= minute <= end]
        return float(sum(found) / len(found)) if found else float("nan")

    def growth(self, name: str) -> float:
        """The last tenth of the time less the tenth after it settled: crowds come and go within it."""
        window = max(1.0, (self.minutes - self.settled) / 10)
        late = self.mean(name, self.minutes - window, self.minutes)
        return late - self.mean(name, self.settled, self.settled + window)

    def floor(self, name: str, *, late: bool) -> float:
        """The least of a count in the first, or the last, third of the time since it settled."""
        third = (self.minutes - self.settled) / 3
        begin = self.minutes - third if late else self.settled
        return min(float(mark[name]) for minute, mark in self.marks if begin <= minute <= begin + third + 1)

    def left(self) -> dict[str, int]:
        """What is there in the end and was not in the beginning."""
        names = ("tasks", "files", "threads", "viewers", "streams")
        return {name: self.last[name] - self.empty[name] for name in names}

    def nothing_left(self) -> bool:
        """Whether it is nothing, but for a pool's files."""
        return all(count <= (_POOLED if name == "files" else 0) for name, count in self.left().items())

    def rows(self, limits: Limits) -> Iterator[tuple[Row, bool]]:
        """Each row, and whether it holds."""
        span = f"from minute {self.settled:g} to {self.minutes:g}"
        crowd = f"{self.rounds} crowds of 6 viewers, 3 pages and a chat, {self.killed} of them killed"
        grown = self.growth("anon")
        yield (
            (
                f"soak, memory growth {span} ({crowd})",
                f"≤ {limits.growth_mb:g} MB",
                f"{grown:+.1f} MB (with pages of mapped files, which the system may drop: {self.growth('rss'):+.1f} MB "
                f"of {self.last['rss']:.0f})",
            ),
            grown <= limits.growth_mb,
        )
        # What a crowd holds comes and goes: the floor is what may not rise.
        objects = self.floor("objects", late=True) - self.floor("objects", late=False)
        share = objects / self.last["all_objects"]
        yield (
            (f"soak, Python objects {span}", "flat", f"{objects:+.0f} of {self.last['all_objects']} ({share:+.2%})"),
            share <= limits.growth_objects,
        )
        left = self.left()
        words = ", ".join(f"{count:+d} {name}" for name, count in left.items())
        for name, names in (("threads", "thread_names"), ("files", "file_names")):
            if left[name] > 0:
                words += f" ({', '.join((Counter(self.last[names]) - Counter(self.empty[names])).elements())})"
        wanted = f"0 tasks, threads, viewers; ≤ {_POOLED} files of a pool"
        yield ("soak, left when all had gone", wanted, words), self.nothing_left()
        ticks = self.last["ticks"] - self.empty["ticks"]
        skipped = self.last["skipped"]
        calm = self.crowds_failed == 0 and self.last["restarts"] == 0
        yield (
            (
                "soak, the program",
                "never ends, nothing restarted",
                f"{ticks} ticks, {skipped} left out, {self.last['restarts']} restarts, "
                f"{self.crowds_failed} crowds turned away",
            ),
            calm and ticks + skipped >= 0.98 * self.minutes * 60 * 50,
        )


@contextmanager
def soaked_server(folder: Path) -> Iterator[str]:
    """The demo in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tests.bench.soak_server", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the demo did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def stats(url: str) -> Stats:
    with urllib.request.urlopen(f"{url}/stats", timeout=30) as reply:
        return dict(json.load(reply))


def _crowd(url: str, *, seed: int) -> list[str]:
    return [sys.executable, "-m", "tests.bench.soak_crowd", url, "--seed", str(seed)]


def run(minutes: float, settled: float, *, log: Path | None = None) -> Soak:
    """Let crowds come and go for so many minutes."""
    soak = Soak(minutes, settled)
    with tempfile.TemporaryDirectory() as folder, soaked_server(Path(folder)) as url:
        # One crowd comes first: pools are filled and modules loaded when the first of each kind is there.
        subprocess.run(_crowd(url, seed=-1), cwd=ROOT, stdout=subprocess.DEVNULL, timeout=300, check=True)
        time.sleep(10)
        soak.empty = stats(url)
        began = time.monotonic()
        end, mark_at = began + minutes * 60, began + _EVERY_S
        while time.monotonic() < end:
            kill = soak.rounds % 3 == 2
            process = subprocess.Popen(_crowd(url, seed=soak.rounds), cwd=ROOT, stdout=subprocess.PIPE, text=True)
            try:
                assert process.stdout is not None
                ready = process.stdout.readline()
                if kill:
                    time.sleep(2)
                    process.kill()
                    soak.killed += 1
                elif process.wait(180) or not ready:
                    soak.crowds_failed += 1
            except subprocess.TimeoutExpired:
                soak.crowds_failed += 1
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
                process.stdout.close()
            soak.rounds += 1
            if time.monotonic() >= mark_at:
                mark_at = time.monotonic() + _EVERY_S
                soak.marks.append(((time.monotonic() - began) / 60, stats(url)))
                if log is not None:
                    with log.open("a", encoding="utf-8") as file:
                        file.write(json.dumps({"minute": soak.marks[-1][0], **soak.marks[-1][1]}) + "\n")
        time.sleep(_EMPTY_S)
        soak.last, looked = stats(url), time.monotonic()
        while not soak.nothing_left() and time.monotonic() < looked + _AGAIN_S:
            time.sleep(2)
            soak.last = stats(url)
        if log is not None:
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"minute": -1, **soak.last}) + "\n")
    return soak


def main() -> int:
    """Print the rows; 1 when one misses its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--settled", type=float, default=10.0, help="minute from which growth counts")
    parser.add_argument("--log", type=Path, help="write every mark to this file, a JSON object a line")
    options = parser.parse_args()
    found = list(run(options.minutes, options.settled, log=options.log).rows(Limits()))
    print_table(row for row, _ in found)
    return 0 if all(held for _, held in found) else 1


if __name__ == "__main__":
    sys.exit(main())

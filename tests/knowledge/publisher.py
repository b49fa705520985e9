"""Run as a process of its own: `python -m tests.knowledge.publisher DATA SHOP ROUNDS` adds and publishes in a loop.

Prints one line before each step, so that a test can kill it in the middle of one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.knowledge.merchant import open_library


def main(data: Path, shop: Path, rounds: int) -> None:
    library = open_library(data)
    for number in range(rounds):
        # All files of one round carry one number: a mixed version would show two.
        for name in ("a", "b", "c"):
            lines = "".join(f"第{line}条说明，编号{number}，文件{name}。\n" for line in range(40))
            (shop / f"{name}.txt").write_text(lines, encoding="utf-8")
        print(f"add {number}", flush=True)
        library.add("shop", [shop])
        print(f"publish {number}", flush=True)
        library.publish("shop")
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))

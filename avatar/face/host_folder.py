"""Where hosts lie. Reading one is `avatar.face.host` and needs OpenCV; knowing the folders does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

BUILT_IN = Path(__file__).parent / "hosts"


def host_folders(hosts_dir: Path | None = None) -> Iterator[Path]:
    """Yield the folders of all hosts: the merchant's own first, then the shipped ones."""
    for root in (hosts_dir, BUILT_IN):
        if root is not None and root.is_dir():
            yield from sorted(path.parent for path in root.glob("*/host.json"))

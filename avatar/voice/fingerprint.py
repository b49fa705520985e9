"""What a voice's sound is made of besides the line itself: code, tables, the lists of words of other packages."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

_SHAPING = ("jieba", "misaki", "pypinyin")
"""Packages that decide how a text is read."""


def fingerprint(*parts: object, folder: Path = Path(__file__).parent) -> str:
    """Return twelve characters that change with `parts`, and with every file of the voice in `folder`.

    So a line kept on disk is not played any more when a later release would say it otherwise.
    """
    return hashlib.sha256(f"{_files(folder)}{parts!r}".encode()).hexdigest()[:12]


@lru_cache(maxsize=4)
def _files(folder: Path) -> str:
    found = hashlib.sha256(" ".join(version(package) for package in _SHAPING).encode())
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".txt", ".npz"):
            found.update(path.relative_to(folder).as_posix().encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()

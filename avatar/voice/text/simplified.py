"""Traditional characters as simplified ones: every rule, word and reading after this is written in the latter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

_BOTH = re.compile(r"(?<=[名显顯原专專编編译譯论論巨卓昭土遗遺])著|著(?=[名作称稱者录錄述书書])|乾(?=[坤隆])|瞭(?=望)")
"""Characters that are simplified as well, and stay what they are in these words."""


def simplified(text: str) -> str:
    """Return `text` with traditional characters replaced, one for one; simplified text comes back as it is."""
    if not any(c in _table() for c in text):
        return text
    kept = {m.start() for m in _BOTH.finditer(text)}
    return "".join(c if at in kept else _table().get(c, c) for at, c in enumerate(text))


@lru_cache(maxsize=1)
def _table() -> Mapping[str, str]:
    lines = resources.files("avatar.voice.text").joinpath("simplified.txt").read_text(encoding="utf-8").splitlines()
    pairs = "".join(line for line in lines if not line.startswith("#"))
    return dict(zip(pairs[::2], pairs[1::2], strict=True))

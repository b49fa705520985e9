"""What the rules of reading share: their form and the patterns of numbers, ranges and units."""

from __future__ import annotations

import re
from collections.abc import Callable
from re import Match

from avatar.voice.text.unit import CURRENCIES, MEASURE_WORDS, UNITS

Say = Callable[[Match[str]], str]

NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
TO = r"\s*(?:[~—–至到]+|-+)\s*"
UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
CURRENCY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
COUNTED = "|".join(sorted(MEASURE_WORDS, key=len, reverse=True))


class Rules(list[tuple[re.Pattern[str], Say]]):
    """Rules in the order they are tried: every match of a pattern is replaced by what its function says."""

    def rule(self, pattern: str) -> Callable[[Say], Say]:
        """Decorator: add a rule for `pattern`."""

        def add(say: Say) -> Say:
            self.append((re.compile(pattern), say))
            return say

        return add

    def apply(self, text: str) -> str:
        """Return `text` after every rule."""
        for pattern, say in self:
            text = pattern.sub(say, text)
        return text

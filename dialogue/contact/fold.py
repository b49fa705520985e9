"""Folding the many ways of writing one character into one, while remembering where each came from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

CHINESE_DIGITS = {
    **dict(zip("零〇○洞", "0000", strict=True)),
    **dict(zip("一壹幺弌腰妖吆", "1111111", strict=True)),
    **dict(zip("二贰貳弍两兩俩", "2222222", strict=True)),
    **dict(zip("三叁參弎仨", "33333", strict=True)),
    **dict(zip("四肆", "44", strict=True)),
    **dict(zip("五伍", "55", strict=True)),
    **dict(zip("六陆陸", "666", strict=True)),
    **dict(zip("七柒拐", "777", strict=True)),
    **dict(zip("八捌", "88", strict=True)),
    **dict(zip("九玖勾", "999", strict=True)),
}
"""Spoken and written digits; 幺 洞 拐 勾 is how numbers are read aloud on the phone, 腰 妖 how 幺 is mistyped."""

_SPOKEN_WHOLE = {
    "🔟": "10",
    "❤": "心",
    "♥": "心",
    "💚": "心",
    "🐧": "企鹅",
    "📱": "手机",
    "📞": "电话",
    "☎": "电话",
    "✉": "邮箱",
    "📧": "邮箱",
}
_DROPPED = frozenset({"\u20e3", *(chr(code) for code in range(0xFE00, 0xFE10))})
"""The enclosing keycap and variation selectors of emoji digits (1️⃣ is `1`, U+FE0F, U+20E3)."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Lower-case text of plain characters; character `i` stands at `starts[i]` to `ends[i]` in the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original of `text[start:end]` (not empty), in code points."""
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """Folds full-width, circled, emoji and foreign digits, letters' case and look-alike forms; drops what is invisible,
    and makes a space of every emoji that says nothing.

    Chinese digits stay as they are: only a scanner of numbers may read 一 as 1.
    """
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, char in enumerate(text):
        for one in _plain(char):
            folded.append(one)
            starts.append(index)
            ends.append(index + 1)
    return Folded("".join(folded), tuple(starts), tuple(ends))


def _plain(char: str) -> str:
    if char < "\x7f":
        return char.lower()
    if char in _SPOKEN_WHOLE:
        return _SPOKEN_WHOLE[char]
    if char in _DROPPED or unicodedata.category(char) in ("Cf", "Mn", "Me"):
        return ""
    if char in CHINESE_DIGITS:
        return char
    value = unicodedata.numeric(char, -1.0)
    if 0 <= value <= 20 and value == int(value) and not "\u4e00" <= char <= "\u9fff":
        return str(int(value))
    plain = unicodedata.normalize("NFKC", char).lower()
    return " " if plain == char and unicodedata.category(char) in ("So", "Sk") else plain

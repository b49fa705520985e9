"""The merchant's own words: how they are read and what is said for what is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from avatar.errors import AvatarError

_SYLLABLE = re.compile(r"[a-zü:]{1,7}[1-5]")
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Both kinds of entries; empty for a merchant who needs none."""

    pronunciations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Word of Han characters → one toned pinyin syllable each (5 = neutral tone)."""
    replacements: Mapping[str, str] = field(default_factory=dict)
    """Written form → what is said instead, before anything else is read."""


def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon file (UTF-8); a file that does not exist is an empty lexicon.

    One entry a line: `乐町 = le4 ting3` for a reading, `QIMU => 栖木` for other words; `#` begins a comment. Raises
    `AvatarError` that names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Lexicon()
    except (OSError, UnicodeDecodeError) as exc:
        raise AvatarError(
            f"读不了发音词典 {path}：请存为 UTF-8 文本 / the lexicon cannot be read; save it as UTF-8"
        ) from exc
    return parse_lexicon(text, str(path))


def parse_lexicon(text: str, where: str) -> Lexicon:
    """Read the entries of `text`; `where` names it in errors."""
    pronunciations: dict[str, tuple[str, ...]] = {}
    replacements: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        if len(pronunciations) + len(replacements) >= _MOST:
            raise AvatarError(f"{where} 第 {number} 行：词条超过 {_MOST} 条，请删去不用的 / too many entries")
        if "=>" in entry:
            written, _, spoken = (part.strip() for part in entry.partition("=>"))
            if not written or not spoken:
                raise AvatarError(f"{where} 第 {number} 行：应为“写法 => 说法” / written and spoken form are needed")
            replacements[written] = spoken
        else:
            word, _, said = (part.strip() for part in entry.partition("="))
            pronunciations[word] = _reading(word, said, f"{where} 第 {number} 行")
    return Lexicon(pronunciations, replacements)


def _reading(word: str, said: str, where: str) -> tuple[str, ...]:
    syllables = tuple(said.lower().replace("ü", "v").replace("u:", "v").split())
    if not re.fullmatch(r"[㐀-鿿]+", word):
        raise AvatarError(f"{where}：“{word}”不是汉字词；要换说法请用“写法 => 说法” / no word of Han characters")
    if len(syllables) != len(word) or not all(_SYLLABLE.fullmatch(one) for one in syllables):
        raise AvatarError(
            f"{where}：“{word}”需要 {len(word)} 个带声调数字的拼音，例如：乐町 = le4 ting3 / "
            "one toned syllable a character"
        )
    return syllables

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

    def __len__(self) -> int:
        return len(self.pronunciations) + len(self.replacements)


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


def with_entry(text: str, written: str, said: str, where: str) -> tuple[str, str]:
    """Return the lexicon `text` with one more entry, and its line; one for the same word is replaced.

    `said` is a reading (`le4 ting3`) or, when it holds no tone number, other words. Comments stay. Raises
    `AvatarError` when the entry cannot be used.
    """
    written, said = written.strip(), said.strip()
    sign = "=" if re.fullmatch(r"[A-Za-zü:]+[1-5](?:\s+[A-Za-zü:]+[1-5])*", said) else "=>"
    line = f"{written} {sign} {said}"
    if not written or re.search(r"[=#\n]", written + said) or len(parse_lexicon(line, where)) != 1:
        raise AvatarError(f"“{written}”加不进去：写法和念法都不能空，也不能有 = 或 # / the entry cannot be used")
    kept = [*_others(text, written), line]
    parse_lexicon(made := "\n".join(kept) + "\n", where)
    return made, line


def without_entry(text: str, written: str, where: str) -> str:
    """Return the lexicon `text` without the entry of a word. Raises `AvatarError` when it has none."""
    lines, kept = text.splitlines(), _others(text, written.strip())
    if len(kept) == len(lines):
        raise AvatarError(f"{where} 里没有“{written}”；有哪些：zhanggui avatar lexicon list / no such entry")
    return "".join(f"{line}\n" for line in kept)


def _others(text: str, written: str) -> list[str]:
    """The lines that are no entry of `written`."""
    return [line for line in text.splitlines() if line.partition("#")[0].partition("=")[0].strip() != written]


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

"""English words inside Chinese: a dictionary, abbreviations spelled, a guess for brands nobody listed."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources

_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_GUESS = (
    ("tion", "ʃən"), ("igh", "I"), ("ch", "ʧ"), ("sh", "ʃ"), ("th", "θ"), ("ph", "f"), ("ck", "k"), ("qu", "kw"),
    ("ee", "i"), ("ea", "i"), ("oo", "u"), ("ou", "W"), ("ow", "O"), ("ai", "A"), ("ay", "A"), ("oi", "Y"), ("au", "ɔ"),
    ("ar", "ɑɹ"), ("er", "əɹ"), ("or", "ɔɹ"), ("ng", "ŋ"), ("a", "æ"), ("b", "b"), ("c", "k"), ("d", "d"), ("e", "ɛ"),
    ("f", "f"), ("g", "ɡ"), ("h", "h"), ("i", "ɪ"), ("j", "ʤ"), ("k", "k"), ("l", "l"), ("m", "m"), ("n", "n"),
    ("o", "O"), ("p", "p"), ("q", "k"), ("r", "ɹ"), ("s", "s"), ("t", "t"), ("u", "ʌ"), ("v", "v"), ("w", "w"),
    ("x", "ks"), ("y", "i"), ("z", "z"),
)  # fmt: skip
_LONGEST_ABBREVIATION = 3


def pronounce(word: str) -> str:
    """Return the phonemes of an English word or abbreviation (letters and apostrophes only).

    Own words first; capitals of up to three letters, or that are no word, are spelled; then the dictionary; then the
    parts of a compound (`ThinkPad`); then a guess by spelling.
    """
    own, words = _own(), dictionary()
    lower = word.lower()
    if word in own or (lower in own and not word.isupper()):
        return own.get(word) or own[lower]
    if word.isupper() and (len(word) <= _LONGEST_ABBREVIATION or lower not in words):
        return own[lower] if lower in own else _spelled(word)
    if lower in words:
        return words[lower]
    if not re.search("[aeiouy]", lower):
        return _spelled(word)
    parts = _CAMEL.findall(word)
    if len(parts) > 1:
        return " ".join(pronounce(part) for part in parts)
    return _guessed(lower)


@lru_cache(maxsize=1)
def dictionary() -> dict[str, str]:
    """English pronunciations of `misaki` (Apache-2.0), 90,000 words and names in lower case; loaded once, 0.2 s."""
    table = json.loads(resources.files("misaki.data").joinpath("us_gold.json").read_text(encoding="utf-8"))
    plain = ((word, said if isinstance(said, str) else said["DEFAULT"]) for word, said in table.items())
    known = [(word, said) for word, said in plain if said and (word.islower() or word[1:].islower())]
    return {word.lower(): said for word, said in sorted(known, key=lambda pair: pair[0].islower())}


@lru_cache(maxsize=1)
def _own() -> dict[str, str]:
    lines = resources.files("avatar.voice.text").joinpath("english.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    return {word: said for word, said in pairs}


_NAMES = "ˈA bˈi sˈi dˈi ˈi ˈɛf ʤˈi ˈAʧ ˈI ʤˈA kˈA ˈɛl ˈɛm ˈɛn ˈO pˈi kjˈu ˈɑɹ ˈɛs tˈi jˈu vˈi dˈʌbᵊlju ˈɛks wˈI zˈi"
_LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _NAMES.split(), strict=True))


def _spelled(word: str) -> str:
    return " ".join(_LETTERS[letter] for letter in word.upper() if letter in _LETTERS)


def _guessed(word: str) -> str:
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    said, at = "", 0
    while at < len(word):
        for written, sound in _GUESS:
            if word.startswith(written, at):
                said += sound
                at += len(written)
                break
        else:
            at += 1
    return "ˈ" + said

"""Mandarin text to phonemes with their mouth shapes: words, pinyin, tone sandhi, the symbols Kokoro was trained on.

Pure after construction. The phoneme spelling is that of `misaki` (IPA with tone arrows); the mouth shape of every
symbol comes from a table, so a voice that knows its phoneme durations knows its viseme track.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import jieba  # type: ignore[import-untyped]
from misaki.transcription import pinyin_to_ipa  # type: ignore[import-untyped]
from misaki.zh import ZHG2P  # type: ignore[import-untyped]
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

from avatar.voice.speech import Viseme
from avatar.voice.text.english import dictionary, pronounce
from avatar.voice.text.simplified import simplified
from avatar.voice.text.tone import change_tones, in_context, unlisted

jieba.setLogLevel(logging.WARNING)

Pronunciations = Mapping[str, Sequence[str]]
"""Word → one toned pinyin syllable per character (`{"还款": ["huan2", "kuan3"]}`); tone 5 is the neutral tone."""


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One symbol of the model's alphabet."""

    symbol: str
    viseme: Viseme
    syllable: int
    """Index of the syllable it belongs to; -1 for pauses."""


_SHAPES: Mapping[Viseme, str] = {
    Viseme.BMP: "pbm",
    Viseme.F: "fv",
    Viseme.D: "tdnlðθɾ",
    Viseme.G: "kxhŋɡɣ",
    Viseme.J: "ʨɕjʥ",
    Viseme.ZH: "ꭧʂɻʃʒʤʧɹr",
    Viseme.Z: "ʦszʣ",
    Viseme.A: "aɑæɐʌAI",
    Viseme.O: "oɔOQɒ",
    Viseme.E: "eəɤɛɜEᵊ",
    Viseme.I: "iɪᵻ",
    Viseme.U: "uʊwW",
    Viseme.V: "yɥ",
    Viseme.ER: "ɚ",
}
VISEMES: Mapping[str, Viseme] = {symbol: viseme for viseme, symbols in _SHAPES.items() for symbol in symbols}
"""Mouth shape of every symbol that has its own; tones, aspiration and stress marks continue the symbol before."""

_PAUSES = ",.!?;:—… "
_PUNCTUATION = str.maketrans("，、。！？；：（）“”《》【】—…·", ",,.!?;:,,,,,,,,,, ")
_CERTAIN = 100_000
"""Frequency of a word that is always taken as one."""
_HAN = re.compile(r"[㐀-鿿]+")
_TOKEN = re.compile(r"(?P<han>[㐀-鿿]+)|(?P<latin>[A-Za-z]+(?:['’][A-Za-z]+)*)|(?P<pause>[,.!?;:]+)")


class Phonemizer:
    """Turns normalised text (`avatar.voice.text`) into phonemes.

    `pronunciations` are the merchant's own readings; they win over the built-in ones, which win over the dictionary.
    """

    def __init__(self, pronunciations: Pronunciations | None = None, *, cache_dir: Path | None = None):
        dictionary()
        self._words = jieba.Tokenizer()
        if cache_dir is not None:
            cache_dir.mkdir(parents=True, exist_ok=True)
            self._words.tmp_dir = str(cache_dir)
        self._words.initialize()
        for word in _table("readings.txt"):
            self._words.add_word(word, freq=_CERTAIN)
        self._own: dict[str, int] = {}
        """The merchant's words, and how frequent each was before."""
        self.learn(pronunciations or {})

    def learn(self, pronunciations: Pronunciations) -> None:
        """Take these as the merchant's own from now on, instead of those before."""
        own = {simplified(word): list(said) for word, said in pronunciations.items()}
        for word in self._own.keys() - own:
            self._words.add_word(word, freq=self._own[word])
        known = {word: self._own.get(word, self._words.FREQ.get(word, 0)) for word in own}
        for word in own:
            self._words.add_word(word, freq=_CERTAIN)
        self._own, self._readings = known, {**_table("readings.txt"), **own}

    def phonemes(self, text: str) -> tuple[Phoneme, ...]:
        """Return the phonemes of `text`; empty when it holds nothing that can be spoken."""
        out: list[Phoneme] = []
        syllable = 0
        for word, pinyin in self._read(text):
            if word in _PAUSES:
                while out and out[-1].symbol == " ":
                    out.pop()
                if out and out[-1].syllable >= 0:
                    out += [Phoneme(word, Viseme.REST, -1), Phoneme(" ", Viseme.REST, -1)]
                continue
            if out and out[-1].symbol != " ":
                out.append(Phoneme(" ", Viseme.REST, -1))
            for said in [_ipa(one) for one in pinyin] or [pronounce(word)]:
                out += _shape(said, syllable)
                syllable += 1
        while out and out[-1].symbol == " ":
            out.pop()
        return tuple(out) if syllable else ()

    def pinyin(self, text: str) -> list[str]:
        """Return the toned pinyin of the Han characters of `text`, after sandhi (`["ni2", "hao3"]`)."""
        return [one for _, pinyin in self._read(text) for one in pinyin]

    def _read(self, text: str) -> list[tuple[str, list[str]]]:
        """Words with the pinyin of each (empty for English words and punctuation marks), after sandhi."""
        words = self._tokens(text.translate(_PUNCTUATION))
        read = []
        for index, word in enumerate(words):
            pinyin: list[str] = []
            if _HAN.match(word):
                before = words[index - 1] if index else ""
                after = words[index + 1] if index + 1 < len(words) else ""
                pinyin = list(self._readings.get(word) or in_context(word, before, after) or _dictionary(word))
            read.append((word, pinyin))
        return change_tones(read, fixed=self._own)

    def _tokens(self, text: str) -> list[str]:
        found: list[str] = []
        for match in _TOKEN.finditer(text):
            if match["han"]:
                found += self._words.lcut(match["han"], HMM=False)
            else:
                found.append(match["latin"] or match["pause"][-1])
        return found


@lru_cache(maxsize=4096)
def _dictionary(word: str) -> tuple[str, ...]:
    """The word's reading where a dictionary lists it, otherwise that of its parts with what its neighbours tell."""
    if word in (listed := _table("phrases.txt")):
        return tuple(listed[word])
    read = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    return tuple(read if len(word) < 2 or word in PHRASES_DICT else unlisted(word, read))


@lru_cache(maxsize=2048)
def _ipa(pinyin: str) -> str:
    """Kokoro's spelling of one toned syllable; erhua `r5` alone is the rhotic vowel."""
    if pinyin in ("r5", "r"):
        return "ɚ"
    try:
        variants = pinyin_to_ipa(pinyin)
    except ValueError:
        return ""
    return "".join(ZHG2P.retone(part) for part in variants[0]).replace(chr(815), "")


def _shape(said: str, syllable: int) -> list[Phoneme]:
    out: list[Phoneme] = []
    for symbol in said:
        if symbol == " ":
            out.append(Phoneme(symbol, Viseme.REST, -1))
            continue
        before = out[-1].viseme if out else Viseme.E
        if symbol == "ɨ":  # the buzzing vowel keeps the mouth of its consonant
            shape = before
        else:
            shape = VISEMES.get(symbol, before)
        out.append(Phoneme(symbol, shape, syllable))
    return out


@lru_cache(maxsize=2)
def _table(name: str) -> dict[str, list[str]]:
    """Words and their readings from a file of `avatar.voice.text`."""
    table = resources.files("avatar.voice.text").joinpath(name).read_text(encoding="utf-8")
    readings = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            word, *said = line.split()
            readings[word] = said
    return readings

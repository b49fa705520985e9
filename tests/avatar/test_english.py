"""English words, names and abbreviations inside Chinese."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest

from avatar.voice.phoneme import VISEMES
from avatar.voice.text.english import pronounce


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Michael", "mˈIkᵊl"),  # a name of the dictionary, not guessed by its spelling
        ("Chanel", "ʃənˈɛl"),
        ("CHANEL", "ʃənˈɛl"),
        ("us", "ˌʌs"),
        ("US", "jˈu ˈɛs"),
        ("ThinkPad", "θˈɪŋkpˌæd"),
        ("GameBoy", "ɡˈAm bˈY"),
    ],
)
def test_a_word_is_said_as_the_dictionary_tells(word: str, said: str) -> None:
    assert pronounce(word) == said


def test_every_sound_of_the_own_words_has_a_mouth() -> None:
    """A wrong letter in the table would be left out by the voice without a word."""
    lines = resources.files("avatar.voice.text").joinpath("english.txt").read_text(encoding="utf-8").splitlines()
    said = "".join(line.split(maxsplit=1)[1] for line in lines if line and not line.startswith("#"))
    assert set(said) <= set(VISEMES) | set("ˈˌː ")


@pytest.mark.model
def test_the_voice_knows_every_sound_of_the_own_words(models_dir: Path) -> None:
    known = json.loads((models_dir / "kokoro" / "vocab.json").read_text(encoding="utf-8"))
    lines = resources.files("avatar.voice.text").joinpath("english.txt").read_text(encoding="utf-8").splitlines()
    said = "".join(line.split(maxsplit=1)[1] for line in lines if line and not line.startswith("#"))
    assert set(said) <= set(known.get("vocab", known))

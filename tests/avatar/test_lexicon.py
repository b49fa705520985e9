"""The merchant's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.errors import AvatarError
from avatar.voice.lexicon import Lexicon, load_lexicon, parse_lexicon
from avatar.voice.phoneme import Phonemizer
from avatar.voice.text.normalise import Normaliser

TEXT = """
# 我们的品牌
乐町 = le4 ting3
绿 = lü4   # 单字也可以
QIMU => 栖木
"""


def test_readings_and_replacements_are_told_apart() -> None:
    found = parse_lexicon(TEXT, "lexicon.txt")
    assert found.pronunciations == {"乐町": ("le4", "ting3"), "绿": ("lv4",)}
    assert found.replacements == {"QIMU": "栖木"}


def test_both_change_what_is_heard(tmp_path: Path) -> None:
    found = parse_lexicon(TEXT, "lexicon.txt")
    spoken = Normaliser(found.replacements).spoken("QIMU乐町店")
    assert spoken == "栖木乐町店"
    assert Phonemizer(found.pronunciations, cache_dir=tmp_path).pinyin(spoken)[2:4] == ["le4", "ting3"]


def test_a_word_may_be_written_in_traditional_characters(tmp_path: Path) -> None:
    own = parse_lexicon("長榮 = chang2 rong2", "lexicon.txt")
    spoken = Normaliser(own.replacements).spoken("長榮的店")
    assert Phonemizer({"長榮": ["chang2", "rong4"]}, cache_dir=tmp_path).pinyin(spoken)[:2] == ["chang2", "rong4"]


def test_no_file_is_an_empty_lexicon(tmp_path: Path) -> None:
    assert load_lexicon(tmp_path / "none.txt") == Lexicon()


@pytest.mark.parametrize("line", ["乐町 = le4", "乐町 = le ting", "abc = le4 le4 le4", "乐町", "=> 栖木", "QIMU =>"])
def test_a_wrong_entry_names_its_line(line: str) -> None:
    with pytest.raises(AvatarError, match="第 2 行"):
        parse_lexicon(f"# first\n{line}", "lexicon.txt")


def test_another_encoding_says_which_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.txt"
    path.write_bytes("乐町 = le4 ting3".encode("gb18030"))
    with pytest.raises(AvatarError, match="UTF-8"):
        load_lexicon(path)

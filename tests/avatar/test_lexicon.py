"""The merchant's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.errors import AvatarError
from avatar.voice.lexicon import Lexicon, load_lexicon, parse_lexicon
from avatar.voice.lexicon_file import LexiconFile
from avatar.voice.phoneme import Phonemizer
from avatar.voice.text.normalise import Normaliser
from avatar.voice.voice import create_voice

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


def test_words_learnt_later_replace_those_before(tmp_path: Path) -> None:
    normaliser = Normaliser({"QIMU": "栖木"})
    phonemizer = Phonemizer({"行家": ["xing2", "jia1"], "卡乐栖": ["ka3", "le4", "qi1"]}, cache_dir=tmp_path)
    assert phonemizer.pinyin("行家卡乐栖") == "xing2 jia1 ka3 le4 qi1".split()
    normaliser.learn({"SKU8": "八号"})
    phonemizer.learn({"乐町": ["le4", "ting3"]})
    assert normaliser.spoken("QIMU和SKU8") == "QIMU和八号"
    assert phonemizer.pinyin("行家来自乐町") == "hang2 jia5 lai2 zi4 le4 ting3".split()
    assert phonemizer.pinyin("卡乐栖") == Phonemizer(cache_dir=tmp_path).pinyin("卡乐栖")


def test_a_file_that_changes_is_read_again_and_one_that_broke_is_not(tmp_path: Path) -> None:
    path, learnt = tmp_path / "lexicon.txt", []
    file = LexiconFile(path)
    for text in ("QIMU => 栖木\n", "QIMU => 栖木\n# 没有别的\n", "乐町 le4\n"):
        path.write_text(text, encoding="utf-8")
        words = file.current(learnt.append)
        assert file.current(learnt.append) == words == Lexicon({}, {"QIMU": "栖木"})
    assert len(learnt) == 2
    path.unlink()
    assert file.current(learnt.append) == Lexicon() == learnt[-1]


@pytest.mark.model
async def test_a_voice_that_is_speaking_takes_up_a_new_word_with_its_next_line(
    models_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "lexicon.txt"
    voice = create_voice("kokoro", models_dir=models_dir, cache_dir=tmp_path, lexicon=LexiconFile(path))
    lengths = []
    for entry in ("", "QIMU => 栖木栖木栖木栖木栖木栖木\n", "QIMU => 栖木\n"):
        path.write_text(entry, encoding="utf-8")
        lengths.append(sum([len(chunk.pcm) async for chunk in voice.speak("QIMU。")]))
    await voice.aclose()
    assert lengths[1] > 1.5 * max(lengths[0], lengths[2])

"""Text to phonemes and mouth shapes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.voice.phoneme import Phonemizer
from avatar.voice.speech import Viseme


@pytest.fixture(scope="module")
def phonemizer(tmp_path_factory: pytest.TempPathFactory) -> Phonemizer:
    return Phonemizer(cache_dir=tmp_path_factory.mktemp("words"))


READINGS = """
还有二十三件库存 hai2 you3 er4 shi2 san1 jian4 ku4 cun2
还款方式 huan2 kuan3 fang1 shi4
还给您送杯套 hai2 gei3 nin2 song4 bei1 tao4
重新上架 chong2 xin1 shang4 jia4
承重一百公斤 cheng2 zhong4 yi4 bai3 gong1 jin1
手感厚重 shou3 gan3 hou4 zhong4
长一百二十厘米 chang2 yi4 bai3 er4 shi2 li2 mi3
这只杯子 zhe4 zhi1 bei1 zi5
只要三十元 zhi3 yao4 san1 shi2 yuan2
三档可调 san1 dang4 ke3 tiao2
轻轻地放下 qing1 qing1 de5 fang4 xia4
不锈钢 bu2 xiu4 gang1
不一样 bu4 yi2 yang4
不用担心 bu2 yong4 dan1 xin1
一个 yi2 ge4
一起 yi4 qi3
第一名 di4 yi1 ming2
十一月一日 shi2 yi1 yue4 yi1 ri4
买一送一 mai3 yi2 song4 yi1
一点八米 yi1 dian3 ba1 mi3
便宜 pian2 yi5
朋友 peng2 you5
茶几 cha2 ji1
薄款 bao2 kuan3
音乐 yin1 yue4
遮光率 zhe1 guang1 lv4
银行 yin2 hang2
下载 xia4 zai4
好处 hao3 chu5
长绒棉 chang2 rong2 mian2
以商品页为准 yi3 shang1 pin3 ye4 wei2 zhun3
铺在桌上 pu1 zai4 zhuo1 shang4
"""


@pytest.mark.parametrize("line", READINGS.strip().splitlines(), ids=lambda line: line.split()[0])
def test_polyphones_and_tone_changes(phonemizer: Phonemizer, line: str) -> None:
    text, *pinyin = line.split()
    assert phonemizer.pinyin(text) == pinyin


POLYPHONES = Path(__file__).with_name("polyphone_cases.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", POLYPHONES)
def test_a_character_with_several_readings_is_read_as_the_table_tells(phonemizer: Phonemizer, line: str) -> None:
    """Characters whose reading matters carry it in brackets."""
    marked = [(character, said) for character, said in re.findall(r"([㐀-鿿])(?:\((\w+)\))?", line)]
    read = phonemizer.pinyin(re.sub(r"\(\w+\)", "", line))
    assert len(read) == len(marked)
    assert [got if said else "" for got, (_, said) in zip(read, marked, strict=True)] == [said for _, said in marked]


@pytest.mark.parametrize(("text", "pinyin"), [("嗯，好的", "en4"), ("嗯？", "en2"), ("嗯嗯", "en4"), ("嗯哼", "en4")])
def test_a_hum_has_a_vowel(phonemizer: Phonemizer, text: str, pinyin: str) -> None:
    """A bare n is hardly heard, and as a line of its own it is silence."""
    assert phonemizer.pinyin(text)[0] == pinyin


def test_the_merchants_reading_is_taken_as_it_is(tmp_path: Path) -> None:
    """No tone change, no neutral 得 or 儿 on top of it."""
    own = {"一品": ["yi1", "pin3"], "家得福": ["jia1", "de2", "fu2"], "宝儿": ["bao3", "er2"]}
    assert Phonemizer(own, cache_dir=tmp_path).pinyin("一品家得福宝儿") == "yi1 pin3 jia1 de2 fu2 bao3 er2".split()


def test_the_merchants_reading_wins(tmp_path: Path) -> None:
    own = Phonemizer({"重庆小面": ["chong2", "qing4", "xiao3", "mian4"], "乐町": ["le4", "ting3"]}, cache_dir=tmp_path)
    assert own.pinyin("来自乐町") == ["lai2", "zi4", "le4", "ting3"]


def test_lips_close_at_b_p_m_and_round_at_u(phonemizer: Phonemizer) -> None:
    shapes = [p.viseme for p in phonemizer.phonemes("爸妈朴") if p.syllable >= 0]
    closed = [index for index, shape in enumerate(shapes) if shape is Viseme.BMP]
    assert len(closed) >= 3
    assert Viseme.U in shapes


def test_a_syllable_with_a_buzzing_vowel_keeps_its_teeth_together(phonemizer: Phonemizer) -> None:
    assert {p.viseme for p in phonemizer.phonemes("四") if p.syllable >= 0} == {Viseme.Z}
    assert {p.viseme for p in phonemizer.phonemes("十") if p.syllable >= 0} == {Viseme.ZH}


def test_an_english_word_is_spoken_and_an_abbreviation_spelled(phonemizer: Phonemizer) -> None:
    word = "".join(p.symbol for p in phonemizer.phonemes("hello"))
    assert "h" in word and "l" in word
    spelled = [p.symbol for p in phonemizer.phonemes("USB")]
    assert spelled.count("b") == 1 and "j" in spelled


def test_punctuation_is_a_pause_with_closed_lips(phonemizer: Phonemizer) -> None:
    found = phonemizer.phonemes("你好，再见。")
    marks = [p for p in found if p.symbol in ",."]
    assert [p.symbol for p in marks] == [",", "."]
    assert all(p.viseme is Viseme.REST and p.syllable == -1 for p in marks)


@pytest.mark.parametrize("text", ["", "，。！", "😀", "   "])
def test_what_cannot_be_spoken_has_no_phonemes(phonemizer: Phonemizer, text: str) -> None:
    assert phonemizer.phonemes(text) == ()


@given(st.text(max_size=60))
def test_any_text_has_phonemes_in_the_order_of_its_syllables(text: str) -> None:
    found = SHARED.phonemes(text)
    syllables = [p.syllable for p in found if p.syllable >= 0]
    assert syllables == sorted(syllables)


SHARED = Phonemizer()

"""Scripts of product videos: what a merchant writes becomes scenes, or one line says what is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.video.script import ScriptError, parse_script, read_script, split_sentences
from avatar.voice.speech import Emotion

SCRIPT = """# 云朵沙发
## 开场
情绪: joy
大家好！今天看一款沙发。
## 价格
商品：云朵单人沙发
价格：¥1,299
原价：1,699
背景：daylight
倒计时：1:02:03
现在下单，只要一千二百九十九元。
"""


def test_a_script_becomes_scenes_with_cards() -> None:
    script = parse_script(SCRIPT)
    assert script.title == "云朵沙发"
    opening, price = script.scenes
    assert opening.sentences == ("大家好！", "今天看一款沙发。")
    assert opening.emotion is Emotion.JOY
    assert price.background == "daylight"
    assert price.card is not None
    assert (price.card.price, price.card.original_price, price.card.ends_in_s) == ("1,299", "1,699", 3723)


def test_plain_text_is_a_script_of_one_scene() -> None:
    assert parse_script("你好。").scenes[0].sentences == ("你好。",)


def test_a_price_spoken_as_a_sentence_is_no_setting() -> None:
    assert parse_script("大家好。\n价格: 很实在。").scenes[0].sentences == ("大家好。", "价格: 很实在。")


def test_headings_need_no_space_and_marks_of_emphasis_are_not_said() -> None:
    script = parse_script("#云朵沙发\n##开场\n- **大家好**。<!-- 挥手 -->\n`39` 元。")
    assert script.title == "云朵沙发"
    assert [(scene.title, scene.sentences) for scene in script.scenes] == [("开场", ("大家好。", "39 元。"))]


def test_a_hashtag_in_a_scene_is_said() -> None:
    assert parse_script("大家好。\n#好物推荐").scenes[0].sentences == ("大家好。", "#好物推荐")


@pytest.mark.parametrize("line", ["时间：今晚八点。", "赠品：抱枕一个。", "情况是这样：先到先得。"])
def test_what_only_looks_like_a_setting_is_said(line: str) -> None:
    assert parse_script(f"## 一\n{line}").scenes[0].sentences == (line,)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "nothing to say"),
        ("😀😀 ！！", "nothing to say"),
        ("## 一\n情绪: 开心\n好。", "第 2 行.*emotion"),
        ("## 一\n商品: 沙发\n好。", "第 2 行.*价格"),
        ("好。\n## 一\n背景: studio\n## 二\n好。", "第 2 行.*nothing to say"),
        ("## 一\n### 二\n好。", "第 2 行.*###"),
        ("## 一\n好。\n背景: daylight", "第 3 行.*开头"),
        ("## 一\n好。\n价格: ¥99", "第 3 行.*开头"),
        ("## 一\n价格:\n好。", "第 2 行.*no value"),
        ("## 一\n价格: 99\n好。", "第 2 行.*没写商品"),
        ("## 一\n商品: 沙发\n价格: 1\n商品: 椅子\n好。", "第 4 行.*一次"),
        ("好。\n# 迟到的标题", "第 2 行"),
        ("## 一\n商品: 沙发\n价钱: 99\n好。", "第 3 行.*价钱"),
        ("## 一\n背景图：moon.jpg\n好。", "背景图"),
        ("## 一\n商品: 沙发\n价格: 1\n图片: missing.jpg\n好。", r"第 4 行.*missing\.jpg"),
        ("## 一\n商品: 沙发\n价格: 1\n倒计时: soon\n好。", "第 4 行.*18:42"),
        ("好" * 20_001, "20001"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, word: str) -> None:
    with pytest.raises(ScriptError, match=word) as refusal:
        parse_script(text)
    assert "\n" not in str(refusal.value)


def test_a_missing_or_wrongly_encoded_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"none\.md"):
        read_script(tmp_path / "none.md")
    (tmp_path / "gbk.md").write_bytes("你好".encode("gbk"))
    with pytest.raises(ScriptError, match="UTF-8"):
        read_script(tmp_path / "gbk.md")


@given(st.text(alphabet="好的，。！？；ab1 \n😀", max_size=900))
def test_sentences_are_speakable_short_and_lose_no_word(text: str) -> None:
    sentences = split_sentences(text)
    assert all(0 < len(sentence) <= 300 and any(c.isalnum() for c in sentence) for sentence in sentences)
    assert [c for c in "".join(sentences) if c.isalnum()] == [c for c in text if c.isalnum()]

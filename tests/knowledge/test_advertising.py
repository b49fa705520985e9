"""Article 9 claims are found, and the same words in harmless contexts are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.advertising import find_claims


@pytest.mark.parametrize(
    ("text", "words", "article"),
    [
        ("国家级工艺", "国家级", "9.3"),
        ("这是最好的沙发", "最好", "9.3"),
        ("最佳品质", "最佳", "9.3"),
        ("顶级羊毛", "顶级", "9.3"),
        ("全网销量第一", "全网销量第一", "9.3"),
        ("全国最大的展厅", "全国最大", "9.3"),
        ("NO.1 品牌", "NO.1", "9.3"),
        ("唯一正品", "唯一", "9.3"),
        ("全网最低价", "全网最低", "9.3"),
        ("国旗图案", "国旗", "9.1"),
        ("国家机关专用", "国家机关专用", "9.2"),
        ("部队特供", "部队特供", "9.2"),
        ("戴上旺夫", "旺夫", "9.8"),
        ("根治失眠", "根治", "17"),
    ],
)
def test_forbidden_claims_are_found(text: str, words: str, article: str) -> None:
    (claim,) = find_claims(text)
    assert (claim.text, claim.article) == (words, article)
    assert text[claim.start :].startswith(words)


@pytest.mark.parametrize(
    "text",
    [
        "第一次使用请充满电",
        "第一步拆箱，最后一步通电",
        "我们第一时间发货",
        "最好提前一天预约",
        "最好不要暴晒",
        "室内湿度保持在40%到65%最好",
        "哪款最好？",
        "您最喜欢的颜色",
        "最大承重180kg，最多坐三人",
        "最晚16点下单",
        "最近的地铁站",
        "国家级非物质文化遗产",
        "唯一编码印在盒底",
        "绝对不要漂白",
        "质量第一，服务至上",
        "天安门看升国旗",
        "货物在转运中心",
        "这盏灯不能治疗失眠",
        "招财猫摆件",
    ],
)
def test_harmless_contexts_are_let_pass(text: str) -> None:
    assert find_claims(text) == []


@given(st.text(alphabet="最好佳第一次步唯国家级的，。 不要no.1", max_size=40))
def test_finds_are_in_order_and_never_overlap(text: str) -> None:
    end = 0
    for claim in find_claims(text):
        assert claim.start >= end and text[claim.start : claim.start + len(claim.text)] == claim.text
        end = claim.start + len(claim.text)

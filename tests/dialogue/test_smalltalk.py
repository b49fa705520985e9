"""Small talk is told from questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.answer.question import questions
from dialogue.answer.smalltalk import MANNERS, Talk, talk_of, without_greeting


@pytest.mark.parametrize(
    ("text", "talk"),
    [
        ("你好", Talk.GREETING),
        ("主播好", Talk.GREETING),
        ("在吗？", Talk.GREETING),
        ("好的谢谢", Talk.THANKS),
        ("拜拜", Talk.BYE),
        ("嗯嗯", Talk.ACKNOWLEDGE),
        ("666", Talk.PRAISE),
        ("你是真人吗", Talk.IDENTITY),
        ("转人工", Talk.HUMAN),
        ("human", Talk.HUMAN),
        ("Human, please!", Talk.HUMAN),
        ("I want to talk to a human", Talk.HUMAN),
        ("Can I speak with someone?", Talk.HUMAN),
        ("I need a real person", Talk.HUMAN),
        ("我要投诉你们", Talk.COMPLAINT),
        ("等了一周还没发货", Talk.COMPLAINT),
        ("我要退款", Talk.REFUND),
        ("傻逼客服", Talk.ABUSE),
        ("我不想留电话", Talk.REFUSAL),
    ],
)
def test_kinds(text: str, talk: Talk) -> None:
    assert talk_of(text) is talk


@pytest.mark.parametrize(
    "text",
    [
        "你好，这款多少钱？",
        "怎么退换货？",
        "收到货坏了怎么办？",
        "退款多久到账？",
        "人工客服几点上班？",
        "好看吗",
        "可以定制尺寸吗",
        "滚筒洗衣机能洗吗",
        "你们是什么店？",
        "Is it big enough for one person?",
        "Does it hold a human of 100 kg?",
        "如果质量太差怎么办",
    ],
)
def test_questions_are_no_small_talk(text: str) -> None:
    assert talk_of(text) is None


def test_a_greeting_in_front_is_dropped() -> None:
    assert without_greeting("你好，这款多少钱？") == "这款多少钱？"
    assert without_greeting("你好") == "你好"


@given(st.text(alphabet="你好啊的了呀哦嗯谢行可以，。 a1", max_size=2000))
def test_every_text_is_read_quickly_and_without_an_error(text: str) -> None:
    talk_of(text)
    assert without_greeting(text) in text


def test_every_kind_has_several_wordings() -> None:
    assert set(MANNERS) == set(Talk)
    assert all(len(set(manner.wordings)) >= 3 for manner in MANNERS.values())


def test_a_greeting_before_a_comma_is_no_question() -> None:
    assert questions("还有人吗，包邮吗") == ("包邮吗",)


def test_questions_parted_by_a_space_are_answered_one_by_one() -> None:
    assert questions("吧椅多高 几天发货") == ("吧椅多高", "几天发货")
    assert questions("我家有猫，适合哪款沙发") == ("我家有猫，适合哪款沙发",)

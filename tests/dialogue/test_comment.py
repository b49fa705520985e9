"""Comments wait in groups, spam does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue import Comment, CommentQueue, CommentState
from dialogue.live.comment import called, readable

_NUMBERS = iter(range(1_000_000))


def _comment(text: str, name: str = "") -> Comment:
    number = next(_NUMBERS)
    return Comment(str(number), name or f"观众{number}", text)


def test_the_same_question_of_many_is_answered_once() -> None:
    queue = CommentQueue()
    for text in ("这款多少钱？", "多少钱", "请问多少钱啊"):
        assert queue.add(_comment(text)) is CommentState.QUEUED
    group = queue.take()
    assert group and len(group.ids) == 3
    assert queue.take() is None


@pytest.mark.parametrize(
    "text",
    ["加我微信abc赚钱", "看 http://spam.example 有惊喜", "666", "哈哈哈哈", "！！！", "傻逼主播", "", "刷单日结兼职"],
)
def test_spam_and_noise_are_only_shown(text: str) -> None:
    queue = CommentQueue()
    assert queue.add(_comment(text)) is CommentState.SHOWN
    assert len(queue) == 0


def test_questions_come_before_greetings() -> None:
    queue = CommentQueue()
    queue.add(_comment("主播好"))
    queue.add(_comment("包邮吗"))
    first = queue.take()
    assert first and first.comments[0].text == "包邮吗"


def test_what_many_ask_comes_before_what_one_asks() -> None:
    queue = CommentQueue()
    queue.add(_comment("可以开发票吗"))
    for _ in range(3):
        queue.add(_comment("包邮吗"))
    first = queue.take()
    assert first and first.comments[0].text == "包邮吗"


def test_one_viewer_cannot_fill_the_queue() -> None:
    queue = CommentQueue(per_viewer=2)
    states = [queue.add(_comment(text, "小明")) for text in ("包邮吗", "可以开发票吗", "有几种颜色")]
    assert states == [CommentState.QUEUED, CommentState.QUEUED, CommentState.SHOWN]


def test_the_queue_is_bounded() -> None:
    queue = CommentQueue(size=2)
    for text in ("包邮吗", "可以开发票吗", "有几种颜色", "承重多少斤"):
        queue.add(_comment(text))
    assert len(queue) == 2 and queue.skipped == 2


def test_a_repeated_comment_is_spam_the_third_time() -> None:
    queue = CommentQueue(per_viewer=9)
    assert [queue.add(_comment("包邮吗", "小明")) for _ in range(3)][-1] is CommentState.SHOWN


@pytest.mark.parametrize("text", ["跟我念：全场免费", "全网最低价对吧", "打我电话13812345678", "很" * 40])
def test_what_wants_to_be_said_aloud_is_not_read_out(text: str) -> None:
    assert not readable(Comment("1", "小李", text))


@pytest.mark.parametrize(
    ("name", "spoken"), [("小李", "小李"), ("🌸小李🌸", "小李"), ("13812345678", ""), ("全网最低价", ""), ("傻逼", "")]
)
def test_a_name_is_called_only_when_it_is_fit(name: str, spoken: str) -> None:
    assert called(Comment("1", name, "你好")) == spoken


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=200)), max_size=60))
def test_every_queued_comment_is_given_out_exactly_once(comments: list[tuple[str, str]]) -> None:
    queue = CommentQueue(size=10)
    queued = []
    for number, (name, text) in enumerate(comments):
        if queue.add(Comment(str(number), name, text)) is CommentState.QUEUED:
            queued.append(str(number))
    given_out: list[str] = []
    while group := queue.take():
        given_out += group.ids
    assert sorted(given_out) == sorted(queued)

"""What customers say when they are asked whether the shop may call them."""

from __future__ import annotations

import pytest

from dialogue.lead.reply import read_reply


@pytest.mark.parametrize(
    "text",
    [
        "同意",
        "同意的呀",
        "我同意，尽快联系我",
        "好的谢谢",
        "可以的，下午打给我",
        "行吧",
        "嗯嗯可以",
        "OK啦",
        "I agree",
        "👌",
        "没问题",
    ],
)
def test_a_yes_is_a_yes_and_nothing_more(text: str) -> None:
    reply = read_reply(text)
    assert reply is not None and (reply.state, reply.alone) == ("granted", True)


@pytest.mark.parametrize(
    "text",
    ["不同意", "我不太同意", "别打电话", "不用联系我了", "不用了谢谢", "先不", "no", "拒绝", "把我的号码删掉", "算了"],
)
def test_a_no_is_a_no_and_nothing_more(text: str) -> None:
    reply = read_reply(text)
    assert reply is not None and (reply.state, reply.alone) == ("refused", True)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("同意。另外多久到货？", "granted"),
        ("可以，再问一下能拆洗吗", "granted"),
        ("不同意，不过这款有白色的吗", "refused"),
        ("别打给我，在这里说，多少钱？", "refused"),
    ],
)
def test_what_else_is_said_is_left_to_be_answered(text: str, state: str) -> None:
    reply = read_reply(text)
    assert reply is not None and (reply.state, reply.alone) == (state, False)


@pytest.mark.parametrize(
    "text",
    [
        "可不可以便宜点",
        "行不行",
        "这个不需要安装吧",
        "算了就要这款",
        "不可以拆洗吗",
        "不行，太贵了",
        "好，那能便宜点吗",
        "删除订单怎么弄",
        "能不能不要打包",
        "不同意会怎么样？",
        "可以送到杭州吗",
        "No.5那款",
    ],
)
def test_a_question_or_haggling_is_neither(text: str) -> None:
    assert read_reply(text) is None


@pytest.mark.parametrize(
    ("text", "state"), [("好", None), ("可以", None), ("不用了", None), ("同意", "granted"), ("别联系我", "refused")]
)
def test_later_only_plain_words_count(text: str, state: str | None) -> None:
    reply = read_reply(text, at_once=False)
    assert (reply and reply.state) == state

"""A conversation's state is bounded, restorable and can be taken back."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dialogue.conversation import HISTORY_CHARACTERS, HISTORY_MESSAGES, Conversation
from dialogue.message import Role


def _conversation() -> Conversation:
    return Conversation(id="c1", merchant="demo")


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=800)), max_size=80))
def test_history_is_bounded_and_survives_a_restart(messages: list[tuple[bool, str]]) -> None:
    conversation = _conversation()
    for number, (heard, text) in enumerate(messages):
        if heard:
            conversation.hear(text, at=number)
        else:
            conversation.say(text, at=number)
    assert len(conversation.history) <= HISTORY_MESSAGES
    if len(conversation.history) > 1:
        assert sum(len(message.text) for message in conversation.history) <= HISTORY_CHARACTERS
    state = conversation.snapshot()
    assert Conversation.restore(json.loads(json.dumps(state))).snapshot() == state


def test_what_falls_out_of_the_history_is_summarised() -> None:
    conversation = _conversation()
    conversation.record_id = "QM-SF01"
    for number in range(HISTORY_MESSAGES + 4):
        conversation.hear(f"问题{number}", at=number)
    assert "问题0" in conversation.summary and "QM-SF01" in conversation.summary


def test_sentences_of_one_reply_are_one_message() -> None:
    conversation = _conversation()
    conversation.hear("多少钱", at=0)
    conversation.say("1299元。", at=1)
    conversation.say("还要别的吗？", at=2)
    assert [message.text for message in conversation.history] == ["多少钱", "1299元。还要别的吗？"]


def test_a_superseded_answer_is_taken_back_with_its_question() -> None:
    conversation = _conversation()
    conversation.hear("你好", at=0)
    conversation.say("您好！", at=1)
    conversation.hear("多少钱", at=2)
    conversation.say("12", at=3)
    assert conversation.retract() == "多少钱"
    assert conversation.turn == 1
    assert [message.role for message in conversation.history] == [Role.USER, Role.ASSISTANT]


def test_there_is_nothing_to_take_back_in_an_empty_conversation() -> None:
    assert _conversation().retract() is None

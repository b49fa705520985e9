"""The engine: one reply, sentence by sentence, cancellable, with the right events around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest

from dialogue import (
    AuditLine,
    ChannelRules,
    Conversation,
    Done,
    Emotion,
    Engine,
    Event,
    Handoff,
    LeadForm,
    LeadUpdate,
    Message,
    Role,
    Sentence,
    Suggestions,
    Who,
    handoff_events,
)
from tests.dialogue.attack import NOON, shop_engine
from tests.dialogue.shop import MERCHANT, RECORDS, Shop


def _conversation() -> Conversation:
    return Conversation(id="c1", merchant=MERCHANT)


async def _events(
    engine: Engine, conversation: Conversation, text: str, channel: str = "chat", lead: LeadUpdate | None = None
) -> list[Event]:
    return [event async for event in engine.reply(conversation, text, channel=channel, lead=lead)]


def _said(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Sentence))


def _done(events: list[Event]) -> Done:
    done = events[-1]
    assert isinstance(done, Done)
    return done


async def test_a_price_is_quoted_with_its_source_and_record() -> None:
    events = await _events(shop_engine(), _conversation(), "云朵沙发多少钱？")
    sentence = events[0]
    assert isinstance(sentence, Sentence)
    assert "1299元" in sentence.text and "1699元" in sentence.text
    assert sentence.record_id == "QM-SF01"
    assert {citation.file for citation in sentence.citations} == {"products.xlsx"}
    assert _done(events) == Done("answer", "QM-SF01", "v1")


async def test_a_follow_up_is_about_the_current_record() -> None:
    engine, conversation = shop_engine(), _conversation()
    await _events(engine, conversation, "云朵沙发多少钱？")
    assert "奶白、燕麦、苔绿" in _said(await _events(engine, conversation, "有什么颜色？"))


async def test_the_same_question_is_never_answered_in_the_same_words_twice_in_a_row() -> None:
    engine, conversation = shop_engine(), _conversation()
    for question in ("云朵沙发多少钱？", "包邮吗？", "你们卖冰箱吗？", "你好", "承重多少"):
        answers = [_said(await _events(engine, conversation, question)) for _ in range(6)]
        assert all(first != second for first, second in pairwise(answers)), question


async def test_a_faq_answer_is_given_as_written() -> None:
    answer = "满600元可以用花呗分3期，免手续费。"
    assert _said(await _events(shop_engine(), _conversation(), "支持分期吗？")) == answer


async def test_a_promotion_that_is_over_is_not_mentioned() -> None:
    said = _said(await _events(shop_engine(), _conversation(), "落地灯多少钱"))
    assert "459元" in said and "359" not in said


async def test_what_is_not_known_is_said_to_be_not_known_and_the_shop_is_offered() -> None:
    events = await _events(shop_engine(), _conversation(), "你们卖冰箱吗")
    assert _done(events).decision == "refuse"
    assert "资料" in _said(events) or "依据" in _said(events)
    assert "店里" in _said(events)
    assert isinstance(events[0], Sentence) and events[0].emotion is Emotion.APOLOGY


async def test_an_unclear_question_is_asked_back_and_the_choice_completes_it() -> None:
    engine, conversation = shop_engine(), _conversation()
    events = await _events(engine, conversation, "多少钱？")
    assert _done(events).decision == "ask"
    offered = next(event for event in events if isinstance(event, Suggestions))
    assert len(offered.texts) == len(RECORDS)
    assert "599元" in _said(await _events(engine, conversation, "第四个"))


async def test_a_question_offered_back_is_answered_after_a_yes() -> None:
    engine, conversation = shop_engine(), _conversation()
    conversation.open_question, conversation.open_choices = "运费的事", ("包邮吗？", "退货运费谁出？")
    assert "满99元" in _said(await _events(engine, conversation, "是的"))
    assert conversation.open_question is None


async def test_several_questions_in_one_message_are_all_answered() -> None:
    said = _said(await _events(shop_engine(), _conversation(), "云朵沙发多少钱\n包邮吗？支持分期吗"))
    assert "1299元" in said and "满99元" in said and "花呗" in said


async def test_closing_the_reply_keeps_what_was_said_and_it_can_be_taken_back() -> None:
    engine, conversation = shop_engine(), _conversation()
    reply = engine.reply(conversation, "介绍一下云朵沙发", channel="chat")
    first = await anext(reply)
    await reply.aclose()
    assert isinstance(first, Sentence)
    last = conversation.last(Role.ASSISTANT)
    assert isinstance(last, Message) and last.text == first.text
    earlier = conversation.retract()
    assert earlier == "介绍一下云朵沙发"
    said = _said(await _events(engine, conversation, f"{earlier}\n包邮吗"))
    assert "满99元" in said and "1299元" in said


async def test_a_contact_left_is_thanked_for_and_reported_first() -> None:
    lead = LeadUpdate("lead-1", True)
    events = await _events(shop_engine(), _conversation(), "我的电话13812345678，张女士", lead=lead)
    assert events[0] == lead
    assert "记" in _said(events)
    assert _done(events).decision == "smalltalk"


async def test_a_question_beside_a_contact_is_answered() -> None:
    lead = LeadUpdate("lead-1", True)
    events = await _events(shop_engine(), _conversation(), "电话13812345678。云朵沙发多少钱？", lead=lead)
    assert "1299元" in _said(events)


async def test_asking_for_a_human_hands_over_with_a_summary() -> None:
    engine, conversation = shop_engine(), _conversation()
    await _events(engine, conversation, "云朵沙发多少钱，我电话13812345678")
    events = await _events(engine, conversation, "转人工")
    handoff = next(event for event in events if isinstance(event, Handoff))
    assert handoff.state == "requested"
    assert "QM-SF01" in handoff.summary and "13812345678" not in handoff.summary


async def test_outside_business_hours_a_call_back_is_offered() -> None:
    engine = shop_engine(clock=lambda: datetime(2026, 11, 23, 23, 30))
    events = await _events(engine, _conversation(), "我要投诉，东西是坏的")
    assert any(isinstance(event, LeadForm) for event in events)
    assert next(event for event in events if isinstance(event, Handoff)).state == "callback"


async def test_nobody_is_promised_a_transfer_when_nobody_is_there() -> None:
    engine = shop_engine(clock=lambda: datetime(2026, 11, 23, 23, 30))
    events = await _events(engine, _conversation(), "转人工")
    assert any(isinstance(event, LeadForm) for event in events)
    said = "".join(event.text for event in events if isinstance(event, Sentence))
    assert said and not any(word in said for word in ("转人工", "转接", "马上请"))


async def test_repeated_low_evidence_calls_a_human() -> None:
    engine, conversation = shop_engine(), _conversation()
    for question in ("你们卖冰箱吗", "有手机壳吗"):
        assert not any(isinstance(event, Handoff) for event in await _events(engine, conversation, question))
    assert any(isinstance(event, Handoff) for event in await _events(engine, conversation, "能修电脑吗"))


async def test_the_bot_is_silent_while_a_human_speaks() -> None:
    engine, conversation = shop_engine(), _conversation()
    conversation.handoff = conversation.handoff.take("小王", now=NOON)
    assert await _events(engine, conversation, "云朵沙发多少钱") == [Done("silent", None)]
    assert handoff_events(conversation) == [Handoff("human", handoff_events(conversation)[0].summary)]  # type: ignore[union-attr]


async def test_a_human_who_does_not_answer_gives_the_conversation_back() -> None:
    times = [NOON]
    engine, conversation = shop_engine(clock=lambda: times[0]), _conversation()
    conversation.handoff = conversation.handoff.take("小王", now=NOON)
    await _events(engine, conversation, "在吗")
    times[0] = NOON.replace(hour=13)
    assert "1299元" in _said(await _events(engine, conversation, "云朵沙发多少钱"))
    assert conversation.handoff.who is Who.BOT


async def test_knowledge_that_cannot_be_read_is_apologised_for_and_audited() -> None:
    lines: list[AuditLine] = []
    engine = Engine(Shop(fails=True), clock=lambda: NOON, audit=lines.append)
    events = await _events(engine, _conversation(), "云朵沙发多少钱")
    assert _done(events).decision == "refuse"
    assert _said(events)
    assert lines[0].rule == "knowledge/unavailable"


@pytest.mark.parametrize(("channel", "allowed"), [("chat", True), ("live", False), ("some-platform", False)])
async def test_own_contacts_leave_only_where_they_may(channel: str, allowed: bool) -> None:
    said = _said(await _events(shop_engine(), _conversation(), "客服电话是多少", channel))
    assert ("400-820-5566" in said) is allowed


async def test_a_merchants_own_unlawful_words_are_mended_with_an_audit_line() -> None:
    boastful = replace(
        RECORDS[0],
        facts=tuple(
            replace(fact, text="全网最低价的好沙发", value="全网最低价的好沙发")
            if fact.name == "selling_points"
            else fact
            for fact in RECORDS[0].facts
        ),
    )
    lines: list[AuditLine] = []
    engine = Engine(Shop(records=(boastful,)), clock=lambda: NOON, audit=lines.append)
    said = _said(await _events(engine, _conversation(), "云朵沙发有什么卖点"))
    assert "最低价" not in said and "云朵单人沙发" in said
    assert [line.rule for line in lines] == ["advertising/absolute"]


async def test_a_rule_per_channel_can_be_handed_in() -> None:
    engine = shop_engine(channels={"douyin": ChannelRules(own_contacts=True)})
    assert "400-820-5566" in _said(await _events(engine, _conversation(), "客服电话是多少", "douyin"))


async def test_the_asking_policy_decides_about_the_form() -> None:
    form = LeadForm(("phone",), "给您留意降价", "p1")
    engine = shop_engine(asking=lambda conversation, evidence, decision: form if decision == "answer" else None)
    conversation = _conversation()
    assert form in await _events(engine, conversation, "云朵沙发多少钱")
    assert conversation.asked_contact == 1
    assert form not in await _events(engine, conversation, "你好")


async def test_a_very_long_message_is_read_in_part() -> None:
    shop = Shop()
    engine = Engine(shop, clock=lambda: NOON, audit=lambda line: None)
    events = await _events(engine, _conversation(), "沙发" * 50_000)
    assert _done(events).decision in ("answer", "ask", "refuse")
    assert max(map(len, shop.asked)) <= 2_000

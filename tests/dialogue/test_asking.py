"""When to ask for a contact: the policy's rules, and what they do in a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.lead import AskingPolicy, PolicyError, TargetKind
from dialogue.lead.asking import ASK, HOLD_OUT, Progress, decide, is_refusal
from dialogue.locale import Locale
from dialogue.store import Store
from tests.dialogue.databases import Clock

READY = Progress(
    variant=ASK, messages=2, answers=1, offers=0, messages_since_offer=None, refused=False, has_contact=False
)
POLICY = AskingPolicy()


def test_interest_after_an_answer_is_the_moment_and_has_a_reason() -> None:
    ask = decide(POLICY, READY, "这个有优惠吗")
    assert ask is not None and (ask.trigger, ask.held_out) == ("price", False)
    assert "优惠" in ask.reason


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("How much is the chair?", "price"),
        ("Any DISCOUNT for two?", "price"),
        ("Do you ship to Shanghai", "delivery"),
        ("is it in stock?", "stock"),
        ("What sizes are there", "custom"),
        ("Where is your showroom?", "visit"),
    ],
)
def test_interest_in_english_is_interest_and_the_reason_is_in_english(text: str, trigger: str) -> None:
    ask = decide(POLICY, READY, text, locale=Locale.EN)
    assert ask is not None and ask.trigger == trigger
    assert ask.reason.isascii() and ask.reason


@pytest.mark.parametrize(
    "text", ["thanks for our relationship", "the wholesaler is not the costume", "a salesman came"]
)
def test_a_latin_word_within_another_is_no_interest(text: str) -> None:
    assert decide(POLICY, READY, text, locale=Locale.EN) is None


@pytest.mark.parametrize(
    "progress",
    [
        replace(READY, answers=0),
        replace(READY, refused=True),
        replace(READY, has_contact=True),
        replace(READY, offers=2, messages_since_offer=9),
        replace(READY, offers=1, messages_since_offer=2),
    ],
    ids=["before value", "refused", "already left", "often enough", "too soon"],
)
def test_it_is_not_the_moment(progress: Progress) -> None:
    assert decide(POLICY, progress, "这个有优惠吗") is None


def test_without_interest_nobody_is_asked() -> None:
    assert decide(POLICY, READY, "谢谢") is None


def test_a_second_time_comes_after_a_pause() -> None:
    assert decide(POLICY, replace(READY, offers=1, messages_since_offer=3), "能送货吗") is not None


def test_the_hold_out_is_a_fixed_share_of_visitors() -> None:
    arms = [POLICY.variant(f"visitor {index}") for index in range(5000)]
    assert arms == [POLICY.variant(f"visitor {index}") for index in range(5000)]
    assert 0.08 < arms.count(HOLD_OUT) / 5000 < 0.12
    assert {replace(POLICY, hold_out=0.0).variant(str(index)) for index in range(100)} == {ASK}
    assert {replace(POLICY, hold_out=1.0).variant(str(index)) for index in range(100)} == {HOLD_OUT}


def test_the_held_out_are_counted_but_not_asked() -> None:
    ask = decide(POLICY, replace(READY, variant=HOLD_OUT), "这个有优惠吗")
    assert ask is not None and ask.held_out


@pytest.mark.parametrize(
    "text",
    [
        "不想留电话",
        "不方便提供",
        "别问我要电话",
        "我不留联系方式",
        "电话就不留了",
        "不用联系我",
        "不加微信",
        "不要再问我电话了",
        "I don't want to leave my phone number",
        "I’d rather not give you my number",
        "No, I won't share contact details",
        "Stop asking me for my phone",
        "please don't call me",
    ],
)
def test_a_refusal_is_understood(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        *("好的", "这款不留胶吧", "不要甲醛", "我不用沙发床", "电话13812346021", "不方便的话能送上楼吗"),
        *("don't you give a discount?", "I don't want the big one", "call me at 13812346021", "is number 5 in stock"),
        *("does it not give off a smell", "I don't need a phone holder", "Do not give me the red one"),
    ],
)
def test_something_else_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


def test_a_policy_is_read_from_json_and_checked() -> None:
    policy = AskingPolicy.from_json(
        '{"version": "x", "max_offers": 1, "triggers": [{"name": "a", "words": ["灯"], "reason": "因为"}]}'
    )
    assert (policy.version, policy.max_offers, policy.min_answers) == ("x", 1, POLICY.min_answers)
    ask = decide(policy, READY, "这盏灯")
    assert ask is not None and ask.reason == "因为"
    for bad in (
        "[]",
        "{",
        '{"hold_out": 2}',
        '{"max_offers": -1}',
        '{"fields": ["blood"]}',
        '{"no": 1}',
        '{"triggers": [1]}',
    ):
        with pytest.raises(PolicyError):
            AskingPolicy.from_json(bad)


@pytest.fixture
async def asking(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    policies = {"demo": replace(POLICY, hold_out=0.0), "silent": replace(POLICY, hold_out=1.0)}
    async with await Store.open(tmp_path, clock_ms=clock, policies=policies.__getitem__) as store:
        yield store


async def turn(store: Store, clock: Clock, conversation: str, client_id: str, text: str) -> None:
    clock.forward(seconds=2)
    await store.receive(conversation, client_id=client_id, text=text)
    clock.forward(seconds=1)
    await store.append(conversation, kind="message", payload={"role": "bot", "text": "…", "decision": "answer"})


async def test_a_form_is_offered_at_most_so_often(asking: Store, clock: Clock) -> None:
    conversation = (await asking.open_conversation(merchant="demo", channel="chat", visitor="v")).id
    shown = []
    for index in range(12):
        await turn(asking, clock, conversation, f"c{index}", "这款多少钱")
        form = await asking.leads.next_offer(conversation, "demo", "这款多少钱")
        if form is not None:
            shown.append(index)
            assert form.fields == ("name", "phone") and form.policy_version == "ask-1" and form.purpose
    assert shown == [0, 3]


async def test_a_refusal_ends_the_asking(asking: Store, clock: Clock) -> None:
    conversation = (await asking.open_conversation(merchant="demo", channel="chat", visitor="v")).id
    await turn(asking, clock, conversation, "a", "这款多少钱")
    form = await asking.leads.next_offer(conversation, "demo", "这款多少钱")
    assert form is not None and not form.share
    await turn(asking, clock, conversation, "b", "不想留电话")
    for index in range(5):
        await turn(asking, clock, conversation, f"c{index}", "有优惠吗")
        assert await asking.leads.next_offer(conversation, "demo", "有优惠吗") is None


async def test_a_dismissed_card_is_not_shown_again(asking: Store, clock: Clock) -> None:
    conversation = (await asking.open_conversation(merchant="demo", channel="chat", visitor="v")).id
    await turn(asking, clock, conversation, "a", "这款多少钱")
    assert await asking.leads.next_offer(conversation, "demo", "这款多少钱") is not None
    await asking.leads.close_offer(conversation, "dismissed")
    for index in range(5):
        await turn(asking, clock, conversation, f"c{index}", "有优惠吗")
        assert await asking.leads.next_offer(conversation, "demo", "有优惠吗") is None


async def test_a_held_out_visitor_never_sees_a_form(asking: Store, clock: Clock) -> None:
    row = await asking.open_conversation(merchant="silent", channel="chat", visitor="v")
    assert row.variant == HOLD_OUT
    for index in range(5):
        await turn(asking, clock, row.id, f"c{index}", "有优惠吗")
        assert await asking.leads.next_offer(row.id, "silent", "有优惠吗") is None


async def test_passing_on_is_asked_for_only_where_there_is_somewhere_to_pass_it(asking: Store) -> None:
    await asking.outbox.add_target("demo", kind=TargetKind.EMAIL, address="boss@example.com")
    row = await asking.open_conversation(merchant="demo", channel="chat", visitor="v-share")
    await asking.receive(row.id, client_id="a", text="这款多少钱")
    await asking.append(row.id, kind="message", payload={"role": "assistant", "text": "…", "decision": "answer"})
    form = await asking.leads.next_offer(row.id, "demo", "这款多少钱")
    assert form is not None and form.share

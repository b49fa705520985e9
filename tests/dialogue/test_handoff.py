"""The hand-off state machine."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dialogue.handoff import HandoffPolicy, HandoffState, Reason, Who

POLICY = HandoffPolicy(opens=time(9), closes=time(21), wait_s=180, idle_s=600)
NOON = datetime(2026, 11, 23, 12, 0)
NIGHT = datetime(2026, 11, 23, 23, 0)


def test_a_request_in_business_hours_waits_for_a_human() -> None:
    assert HandoffState().request(Reason.ASKED, now=NOON, policy=POLICY).who is Who.REQUESTED


def test_a_request_outside_business_hours_offers_a_call_back() -> None:
    assert HandoffState().request(Reason.REFUND, now=NIGHT, policy=POLICY).who is Who.CALLBACK


def test_hours_may_cross_midnight_and_leave_days_out() -> None:
    night_shift = HandoffPolicy(opens=time(20), closes=time(2), weekdays=(0,))
    assert night_shift.staffed(NIGHT)
    assert not night_shift.staffed(NOON)
    assert not night_shift.staffed(NIGHT + timedelta(days=1))


def test_the_bot_is_silent_after_a_human_took_over_until_it_is_given_back() -> None:
    state = HandoffState().take("小王", now=NOON)
    assert state.silent
    assert not state.give_back().silent


def test_nobody_comes_in_time() -> None:
    state = HandoffState().request(Reason.ASKED, now=NOON, policy=POLICY)
    assert state.tick(now=NOON + timedelta(seconds=179), policy=POLICY) is state
    assert state.tick(now=NOON + timedelta(seconds=180), policy=POLICY).who is Who.CALLBACK


def test_an_operator_who_leaves_a_customer_waiting_loses_the_conversation() -> None:
    state = HandoffState().take("小王", now=NOON).customer_spoke(now=NOON)
    later = NOON + timedelta(seconds=300)
    assert state.operator_spoke(now=later).tick(now=later + timedelta(hours=5), policy=POLICY).who is Who.HUMAN
    assert state.tick(now=NOON + timedelta(seconds=600), policy=POLICY).who is Who.BOT


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["request", "take", "give_back", "customer", "operator", "tick"]), st.integers(0, 100_000)
    ),
    max_size=40,
)


@given(_STEPS)
def test_only_an_operator_silences_the_bot_and_every_silence_ends(steps: list[tuple[str, int]]) -> None:
    state, now = HandoffState(), NOON
    for step, seconds in steps:
        now += timedelta(seconds=seconds)
        before = state
        match step:
            case "request":
                state = state.request(Reason.ASKED, now=now, policy=POLICY)
            case "take":
                state = state.take("小王", now=now)
            case "give_back":
                state = state.give_back()
            case "customer":
                state = state.customer_spoke(now=now)
            case "operator":
                state = state.operator_spoke(now=now)
            case _:
                state = state.tick(now=now, policy=POLICY)
        if state.silent and not before.silent:
            assert step == "take"
        assert HandoffState.restore(state.snapshot()) == state
    waiting = state.customer_spoke(now=now)
    assert not waiting.tick(now=now + timedelta(seconds=700), policy=POLICY).silent

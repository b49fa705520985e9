"""The funnel's figures, its groups, and the uplift of asking."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from dialogue.lead import FunnelRow, uplift
from dialogue.store import Store
from tests.dialogue.databases import Clock


async def act(store: Store, clock: Clock) -> None:
    """Four conversations: silent, answered, with a partial lead, with a contact after a hand-off."""
    await store.open_conversation(merchant="demo", channel="chat", visitor="silent")
    for visitor, text, decision in (
        ("asks", "沙发多少钱，不想留电话，别问我要电话", "answer"),
        ("names", "我姓王，预算5000", "ask"),
        ("leaves", "能开专票吗，电话13812346021", "refuse"),
    ):
        row = await store.open_conversation(
            merchant="demo", channel="live" if visitor == "asks" else "chat", visitor=visitor
        )
        await store.receive(row.id, client_id="a", text=text)
        clock.forward(seconds=2)
        await store.append(row.id, kind="message", payload={"role": "bot", "text": "…", "decision": decision})
        if visitor == "leaves":
            await store.set_product(row.id, "SOFA-1")
            await store.append(row.id, kind="handoff", payload={"state": "human"})
            await store.add_cost(row.id, 1500)


async def test_the_whole_funnel(any_store: Store, clock: Clock) -> None:
    await act(any_store, clock)
    [row] = await any_store.leads.stats("demo", zone=UTC)
    assert (row.group, row.conversations, row.spoke, row.left_contact, row.valid_contact) == ("all", 4, 3, 2, 1)
    assert (row.answered, row.asked_back, row.refused, row.handed_over) == (1, 1, 1, 1)
    assert (row.offers, row.offers_refused) == (0, 1)
    assert (row.first_response_ms, row.cost_micros, row.cost_per_lead_micros) == (2000, 1500, 1500)


async def test_the_funnel_by_group_and_period(any_store: Store, clock: Clock) -> None:
    await act(any_store, clock)
    by_channel = {row.group: row for row in await any_store.leads.stats("demo", by="channel", zone=UTC)}
    assert {name: row.conversations for name, row in by_channel.items()} == {"chat": 3, "live": 1}
    by_product = {row.group: row for row in await any_store.leads.stats("demo", by="product", zone=UTC)}
    assert by_product["SOFA-1"].valid_contact == 1
    [day] = await any_store.leads.stats("demo", by="day", zone=UTC)
    [later] = await any_store.leads.stats("demo", by="day", zone=timezone(timedelta(hours=14)))
    assert (day.group, later.group) == ("2026-11-18", "2026-11-19")
    assert await any_store.leads.stats("demo", zone=UTC, since_ms=clock.now_ms + 1) == []
    assert await any_store.leads.stats("other", zone=UTC) == []
    with pytest.raises(ValueError, match="day"):
        await any_store.leads.stats("demo", by="moon", zone=UTC)


async def test_questions_without_an_answer_are_grouped(any_store: Store, clock: Clock) -> None:
    for index, text in enumerate(["能开专票吗", "能开专票吗？", "可以刻字吗", "请问能开专票吗"]):
        row = await any_store.open_conversation(merchant="demo", channel="chat", visitor=f"v{index}")
        await any_store.receive(row.id, client_id="a", text=text)
        clock.forward(seconds=1)
        await any_store.append(row.id, kind="message", payload={"role": "bot", "text": "…", "decision": "refuse"})
    questions = await any_store.leads.unanswered("demo")
    assert [one.count for one in questions] == [3, 1]
    assert "专票" in questions[0].text and questions[1].text == "可以刻字吗"


async def test_no_contact_stands_in_the_draft_questions(store: Store) -> None:
    for index, text in enumerate(["电话13812346021", "能刻字吗 138 1234 6021 微信同号", "开专票发到li@example.com"]):
        row = await store.open_conversation(merchant="demo", channel="chat", visitor=f"v{index}")
        await store.receive(row.id, client_id="a", text=text)
        await store.append(row.id, kind="message", payload={"role": "bot", "text": "…", "decision": "refuse"})
    questions = await store.leads.unanswered("demo")
    assert {one.text for one in questions} == {"能刻字吗 138****6021 微信同号", "开专票发到****@example.com"}
    assert {example for one in questions for example in one.examples} == {one.text for one in questions}


def row(group: str, spoke: int, valid: int) -> FunnelRow:
    return FunnelRow(group, spoke, spoke, valid, valid, None, 0, 0, 0, 0, 0, 0, 0, None)


def test_the_uplift_has_newcombes_interval() -> None:
    """Newcombe (1998), example (a): 56 of 70 against 48 of 80 gives 0.0524 to 0.3339."""
    gain = uplift([row("ask", 70, 56), row("holdout", 80, 48)])
    assert gain is not None
    assert gain.difference == pytest.approx(0.2)
    assert gain.low == pytest.approx(0.0524, abs=1e-4)
    assert gain.high == pytest.approx(0.3339, abs=1e-4)
    assert uplift([row("ask", 70, 56)]) is None
    assert uplift([row("ask", 70, 56), row("holdout", 0, 0)]) is None

"""The chat with the real store and the real engine; only the knowledge is written by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from dialogue.engine import Engine
from dialogue.handoff import HandoffPolicy
from dialogue.lead.asking import AskingPolicy
from dialogue.lead.consent import CONTACT_TEXT
from dialogue.store import Store
from knowledge import Decision, Evidence, Passage, PassageKind, Source, Turn
from stream.chat.session import CloseCode
from tests.stream.chat.shop import OPEN_ALL_DAY, Client, client, open_shop

NOON = datetime(2026, 11, 23, 12, 0)


class OneAnswer:
    """Knows how covers are washed."""

    async def search(
        self,
        question: str,
        *,
        merchant: str,
        product: str | None = None,
        limit: int = 6,
        history: tuple[Turn, ...] = (),
    ) -> Evidence:
        if "洗" not in question:
            return Evidence(question, merchant, "v1", Decision.REFUSE, 0.0)
        text = "能，外罩整套带拉链，三十度以下机洗。"
        passage = Passage("p1", text, PassageKind.FAQ, Source("faq.csv", line=3), question="能拆洗吗", score=1.0)
        return Evidence(question, merchant, "v1", Decision.ANSWER, 0.95, passages=(passage,))


@asynccontextmanager
async def _talk(
    folder: Path, *, policy: HandoffPolicy = OPEN_ALL_DAY, hold_out: float = 0.1
) -> AsyncIterator[tuple[Client, Store]]:
    engine = Engine(OneAnswer(), clock=lambda: NOON, handoff=policy)
    asking = AskingPolicy(hold_out=hold_out)
    async with (
        await Store.open(folder, policies=lambda _: asking) as store,
        open_shop(store=store, forms=store.leads, replier=engine, window_s=0.0, policy=policy) as shop,
        client(shop) as visitor,
    ):
        yield visitor, store


async def test_an_answer_comes_from_the_shop_s_words_with_its_source(tmp_path: Path) -> None:
    async with _talk(tmp_path) as (visitor, _):
        await visitor.send(type="message", client_id="a", text="沙发能洗吗")
        message = await visitor.next("message")
        assert "三十度以下机洗" in message["text"]
        assert message["citations"][0]["file"] == "faq.csv"


async def test_a_number_is_a_pending_lead_until_the_customer_agrees(tmp_path: Path) -> None:
    async with _talk(tmp_path) as (visitor, store):
        await visitor.send(type="message", client_id="a", text="我的电话是一三八零五七一六零二一")
        await visitor.next("ack")
        (lead,) = await store.leads.list("demo")
        assert (lead.contacts[0].value, lead.consent["contact"]) == ("138****6021", "pending")
        while (await visitor.next("message"))["text"] != CONTACT_TEXT.text:
            pass
        await visitor.send(type="message", client_id="b", text="同意")
        await visitor.next("message")
        (lead,) = await store.leads.list("demo")
        assert lead.consent["contact"] == "granted"


async def test_the_first_response_is_when_the_first_words_were_seen(tmp_path: Path) -> None:
    async with _talk(tmp_path) as (visitor, store):
        await visitor.send(type="message", client_id="a", text="沙发能洗吗")
        await visitor.next("message")
        (row,) = await store.leads.stats("demo", zone=UTC)
        (said, answered) = await store.events_after(visitor.frames[0]["conversation"], 0)
        assert row.first_response_ms == answered.payload["shown_at_ms"] - said.at_ms


async def test_a_question_beside_the_consent_is_answered(tmp_path: Path) -> None:
    async with _talk(tmp_path) as (visitor, store):
        await visitor.send(type="message", client_id="a", text="我的电话是13805716021")
        while (await visitor.next("message"))["text"] != CONTACT_TEXT.text:
            pass
        await visitor.send(type="message", client_id="b", text="同意。洗一次多少钱？")
        assert "记下了" in (await visitor.next("message"))["text"]
        assert "记下了" not in (await visitor.next("message"))["text"]
        (lead,) = await store.leads.list("demo")
        assert lead.consent["contact"] == "granted"


async def test_a_token_of_an_erased_conversation_begins_anew(tmp_path: Path) -> None:
    async with _talk(tmp_path) as (visitor, store):
        await visitor.send(type="message", client_id="a", text="我的电话是13805716021")
        await visitor.next("lead_saved")
        token = visitor.frames[0]["token"]
        assert await store.leads.erase_contact("demo", "13805716021", actor="owner") == 1
    async with (
        await Store.open(tmp_path) as store,
        open_shop(store=store, forms=store.leads, replier=Engine(OneAnswer(), clock=lambda: NOON)) as shop,
        client(shop, token=token) as visitor,
    ):
        assert visitor.frames[0]["code"] == "token_invalid"
        with pytest.raises(ConnectionClosed) as closed:
            await visitor.next()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == CloseCode.TOKEN


async def test_nothing_more_goes_into_an_erased_conversation(tmp_path: Path) -> None:
    async with _talk(tmp_path) as (visitor, store):
        await visitor.send(type="message", client_id="a", text="我的电话是13805716021")
        while (await visitor.next("message"))["text"] != CONTACT_TEXT.text:
            pass
        conversation = visitor.frames[0]["conversation"]
        await store.leads.erase_contact("demo", "13805716021", actor="owner")
        before = await store.events_after(conversation, 0)
        await visitor.send(type="message", client_id="b", text="沙发能洗吗")
        assert (await visitor.next("error"))["code"] == "token_invalid"
        with pytest.raises(ConnectionClosed) as closed:
            await visitor.next()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == CloseCode.TOKEN
        assert await store.events_after(conversation, 0) == before


@pytest.mark.parametrize(("hold_out", "asked"), [(0.0, True), (1.0, False)])
async def test_a_form_is_offered_after_value_was_given_and_a_refusal_ends_it(
    tmp_path: Path, hold_out: float, asked: bool
) -> None:
    async with _talk(tmp_path, hold_out=hold_out) as (visitor, store):
        for number in range(4):
            await visitor.send(type="message", client_id=f"m{number}", text="外罩能拆洗吗，洗坏了换新的有优惠吗")
            assert "三十度以下机洗" in (await visitor.next("message"))["text"]
            while (await visitor.next("typing"))["on"]:
                pass
        assert ("lead_form" in {frame["type"] for frame in visitor.frames}) is asked
        conversation = visitor.frames[0]["conversation"]
        await visitor.send(type="lead", client_id="no", fields={}, consent={"granted": False})
        await visitor.next("ack")
        assert await store.leads.next_offer(conversation, "demo", "多少钱") is None


async def test_a_refund_calls_a_colleague_with_a_summary(tmp_path: Path) -> None:
    async with _talk(tmp_path) as (visitor, store):
        await visitor.send(type="message", client_id="a", text="收到的是坏的，我要退款")
        assert (await visitor.next("handoff"))["state"] == "requested"
        conversation = visitor.frames[0]["conversation"]
        events = await store.events_after(conversation, 0)
        assert "退款" in next(event.payload["summary"] for event in events if event.kind == "handoff")
        row = await store.conversation(conversation)
        assert row is not None
        assert row.state == "requested"


async def test_outside_business_hours_a_call_back_is_offered(tmp_path: Path) -> None:
    closed = HandoffPolicy(opens=time(0, 0), closes=time(0, 1))
    async with _talk(tmp_path, policy=closed) as (visitor, _):
        await visitor.send(type="message", client_id="a", text="转人工")
        assert (await visitor.next("handoff"))["state"] == "callback"
        form = await visitor.next("lead_form")
        consent = {"granted": True, "purpose": form["purpose"], "policy_version": form["policy_version"]}
        await visitor.send(type="lead", client_id="l", fields={"phone": "13805716021", "time": "明早"}, consent=consent)
        assert (await visitor.next("lead_saved"))["complete"]


async def test_who_has_left_a_contact_is_not_asked_for_it_again_when_nobody_is_there(tmp_path: Path) -> None:
    closed = HandoffPolicy(weekdays=())
    async with _talk(tmp_path, policy=closed) as (visitor, store):
        fields = {"phone": "13805716021"}
        await visitor.send(type="lead", client_id="l", fields=fields, consent={"granted": True})
        await visitor.next("lead_saved")
        await visitor.send(type="handoff", client_id="h")
        await visitor.next("ack")
        await visitor.send(type="handoff", client_id="back", to="ai")
        await visitor.next("ack")
        await visitor.send(type="message", client_id="a", text="转人工")
        await visitor.next("handoff")
        events = await store.events_after(visitor.frames[0]["conversation"], 0)
        said = [event.payload["text"] for event in events if event.payload.get("role") == "assistant"]
        assert len(said) == 2 and all("联系方式" in text and "留个" not in text for text in said)
        assert "lead_form" not in [event.kind for event in events]


async def test_a_contact_without_consent_is_not_promised_a_call(tmp_path: Path) -> None:
    async with _talk(tmp_path, policy=HandoffPolicy(weekdays=())) as (visitor, _store):
        await visitor.send(type="message", client_id="a", text="我电话13805716021")
        await visitor.next("lead_saved")
        await visitor.send(type="handoff", client_id="h")
        assert (await visitor.next("lead_form"))["fields"] == ["phone", "time"]

"""Passing leads on: who may receive one, repeated how, and what becomes of what nobody takes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from dialogue.lead import ConsentState, Postman, Purpose, TargetError, TargetKind
from dialogue.lead.delivery import BACKOFF_S, take_due
from dialogue.lead.target import Target
from dialogue.store import Courier, Store
from tests.dialogue.databases import Clock
from tests.dialogue.receiver import SECRET, postman, receiver


async def lead(store: Store, *consent: str, visitor: str = "v1", phone: str = "13812346021") -> str:
    row = await store.open_conversation(merchant="demo", channel="chat", visitor=visitor)
    fields = {"phone": phone, "name": "王女士"}
    return (await store.leads.submit(row.id, client_id="f", fields=fields, consent=consent)).lead_id


async def deliver(store: Store, clock: Clock, sender: Postman) -> int:
    return await store.outbox.deliver_due(sender, clock_s=lambda: clock.now_ms // 1000, jitter=random.Random(1))


async def states(store: Store) -> list[str]:
    return [row.state for row in await store.outbox.messages("demo")]


async def test_a_consented_lead_arrives_signed(any_store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman() as sender:
        await any_store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(any_store, "contact", "share")
        assert await deliver(any_store, clock, sender) == 1
        [(headers, body)] = there.seen
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert headers["webhook-timestamp"] == str(clock.now_ms // 1000)
        message = json.loads(body)
        assert message["type"] == "lead.created"
        assert message["data"]["contacts"] == [{"kind": "phone", "value": "13812346021"}]
        assert await states(any_store) == ["delivered"]
        assert await deliver(any_store, clock, sender) == 0


@pytest.mark.parametrize("consent", [(), ("contact",)])
async def test_without_its_own_consent_nothing_is_passed_on(store: Store, clock: Clock, consent: Sequence[str]) -> None:
    await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address="https://example.com/x", secret=SECRET)
    await lead(store, *consent)
    assert await states(store) == []


async def test_a_consent_withdrawn_before_the_sending_stops_it(store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman() as sender:
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        lead_id = await lead(store, "contact", "share")
        await store.leads.set_consent("demo", lead_id, Purpose.SHARE, ConsentState.WITHDRAWN)
        assert await deliver(store, clock, sender) == 0
        assert there.seen == [] and await states(store) == ["dead"]


async def test_what_waits_of_a_lead_that_is_merged_arrives_with_the_consent_it_was_given(
    any_store: Store, clock: Clock
) -> None:
    async with receiver(200) as there, postman() as sender:
        await any_store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        first = await lead(any_store, "contact", visitor="v1", phone="13812346021")
        clock.now_ms += 1_000
        second = await lead(any_store, "contact", "share", visitor="v2", phone="13912346022")
        talk = await any_store.open_conversation(merchant="demo", channel="chat", visitor="v3")
        await any_store.receive(talk.id, client_id="a", text="我的两个电话：13812346021，13912346022")
        [row] = await any_store.leads.list("demo")
        assert row.id == first != second and row.consent == {"contact": "granted", "share": "granted"}
        assert {message.lead_id for message in await any_store.outbox.messages("demo")} == {first}
        assert await deliver(any_store, clock, sender) > 0
        assert "13912346022" in there.seen[0][1].decode()
        assert "dead" not in await states(any_store)


async def test_the_id_stays_and_the_waits_grow_until_it_is_taken(any_store: Store, clock: Clock) -> None:
    async with receiver(500, 503, 302, 200) as there, postman() as sender:
        await any_store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(any_store, "share")
        for wait_s in BACKOFF_S[:3]:
            assert await deliver(any_store, clock, sender) == 1
            clock.forward(seconds=wait_s * 0.7)
            assert await deliver(any_store, clock, sender) == 0
            clock.forward(seconds=wait_s * 0.6)
        assert await deliver(any_store, clock, sender) == 1
        assert len({headers["webhook-id"] for headers, _ in there.seen}) == 1
        assert len({headers["webhook-timestamp"] for headers, _ in there.seen}) == 4
        assert await states(any_store) == ["delivered"]


async def test_a_message_nobody_takes_is_dead_and_can_be_replayed(any_store: Store, clock: Clock) -> None:
    async with receiver(500) as there, postman() as sender:
        await any_store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(any_store, "share")
        for _ in range(len(BACKOFF_S) + 1):
            assert await deliver(any_store, clock, sender) == 1
            clock.forward(days=1)
        assert await deliver(any_store, clock, sender) == 0
        [row] = await any_store.outbox.messages("demo", state="dead")
        assert "500" in row.last_error
        there.statuses = [200]
        assert await any_store.outbox.replay("other") == 0
        assert await any_store.outbox.replay("demo", message_id=row.id) == 1
        assert await deliver(any_store, clock, sender) == 1
        assert {headers["webhook-id"] for headers, _ in there.seen} == {row.id}
        assert await states(any_store) == ["delivered"]


async def test_gone_means_never_again(store: Store, clock: Clock) -> None:
    async with receiver(410) as there, postman() as sender:
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(store, "share")
        await deliver(store, clock, sender)
        assert await states(store) == ["dead"] and len(there.seen) == 1


async def test_a_sender_that_dies_in_the_middle_is_followed_by_another(store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman() as sender:
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(store, "share")
        assert len(await store.write(lambda tx: take_due(tx, limit=5))) == 1
        assert await deliver(store, clock, sender) == 0
        clock.forward(seconds=61)
        assert await deliver(store, clock, sender) == 1
        assert await states(store) == ["delivered"]


async def test_one_lead_waits_once_and_later_changes_are_updates(store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman() as sender:
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(store, "share")
        await lead(store, "share", visitor="v2")
        await deliver(store, clock, sender)
        await lead(store, "share", visitor="v3")
        await deliver(store, clock, sender)
        assert [json.loads(body)["type"] for _, body in there.seen] == ["lead.created", "lead.updated"]


async def test_a_change_in_the_middle_of_retrying_follows_in_order_and_is_not_lost(
    any_store: Store, clock: Clock
) -> None:
    async with receiver(500) as there, postman() as sender:
        await any_store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(any_store, "share")
        assert await deliver(any_store, clock, sender) == 1
        row = await any_store.open_conversation(merchant="demo", channel="chat", visitor="v1-again")
        for city in ("杭州", "宁波"):
            clock.forward(seconds=0.1)
            fields = {"phone": "13812346021", "city": city}
            await any_store.leads.submit(row.id, client_id=city, fields=fields, consent=["share"])
        assert await deliver(any_store, clock, sender) == 0
        due_ms = await any_store.outbox.next_due_ms()
        assert due_ms is not None and due_ms > clock.now_ms
        there.statuses = [200]
        clock.forward(seconds=60)
        assert await deliver(any_store, clock, sender) == 1
        assert await deliver(any_store, clock, sender) == 1
        assert await deliver(any_store, clock, sender) == 0
        messages = [json.loads(body) for _, body in there.seen]
        assert [one["type"] for one in messages] == ["lead.created", "lead.created", "lead.updated"]
        assert messages[0] == messages[1] and messages[2]["data"]["profile"]["city"] == "宁波"
        ids = [headers["webhook-id"] for headers, _ in there.seen]
        assert ids[0] == ids[1] != ids[2]


async def test_what_was_not_yet_tried_goes_out_with_the_newest_content(store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman() as sender:
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(store, "share")
        row = await store.open_conversation(merchant="demo", channel="chat", visitor="v1-again")
        fields = {"phone": "13812346021", "wechat": "muchen_88"}
        await store.leads.submit(row.id, client_id="f", fields=fields, consent=["share"])
        assert await deliver(store, clock, sender) == 1
        [(_, body)] = there.seen
        assert {one["kind"] for one in json.loads(body)["data"]["contacts"]} == {"phone", "wechat"}


async def test_the_courier_sends_at_once_and_stops_when_cancelled(store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman() as sender:
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        async with asyncio.timeout(20):
            running = asyncio.create_task(Courier(store.outbox, sender, clock_ms=clock).run())
            await lead(store, "share")
            await there.arrived.wait()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        assert len(there.seen) == 1


async def test_a_removed_target_gets_nothing(store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman() as sender:
        target = await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url)
        await lead(store, "share")
        await store.outbox.remove_target("demo", target.id)
        assert await deliver(store, clock, sender) == 0
        assert there.seen == [] and await states(store) == ["dead"]
        with pytest.raises(TargetError):
            await store.outbox.remove_target("demo", target.id)


async def test_a_message_that_breaks_the_sender_stops_no_other(store: Store, clock: Clock) -> None:
    class Stumbling(Postman):
        async def send(self, target: Target, message_id: str, message: Mapping[str, Any], *, now_s: int) -> None:
            if target.label == "bad":
                raise RuntimeError("nobody thought of this")
            await super().send(target, message_id, message, now_s=now_s)

    async with receiver(200) as there:
        sender = Stumbling(allow_private=True)
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, label="bad")
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url)
        await lead(store, "share")
        assert await deliver(store, clock, sender) == 2
        assert len(there.seen) == 1 and sorted(await states(store)) == ["delivered", "pending"]
        assert {row.last_error for row in await store.outbox.messages("demo")} == {"", "not sent: RuntimeError"}
        await sender.aclose()


async def test_a_name_that_leads_inside_is_refused_and_dead(store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman(allow_private=False) as sender:
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(store, "share")
        await deliver(store, clock, sender)
        [row] = await store.outbox.messages("demo")
        assert (row.state, there.seen) == ("dead", []) and "private" in row.last_error

"""Leads: captured, completed, merged, consented, revealed, exported and erased."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dialogue.contact import Field
from dialogue.database.schema import leads
from dialogue.lead import ConsentState, FormError, Purpose, Retention
from dialogue.store import Store
from tests.dialogue.databases import Clock

PHONE = "13812346021"


async def talk(store: Store, visitor: str = "v1", merchant: str = "demo", channel: str = "chat") -> str:
    return (await store.open_conversation(merchant=merchant, channel=channel, visitor=visitor)).id


async def say(store: Store, conversation: str, *texts: str) -> None:
    count = len(await store.events_after(conversation, 0))
    for index, text in enumerate(texts):
        await store.receive(conversation, client_id=f"c{count + index}", text=text)


async def test_a_contact_makes_a_complete_masked_lead_whose_consent_is_pending(any_store: Store) -> None:
    conversation = await talk(any_store)
    await any_store.set_product(conversation, "SOFA-1")
    received = await any_store.receive(conversation, client_id="a", text=f"我叫李雷，电话{PHONE}")
    assert received.lead is not None and received.lead.complete and received.consent_due
    [lead] = await any_store.leads.list("demo")
    assert [(one.kind, one.value, one.seq, one.span) for one in lead.contacts] == [("phone", "138****6021", 1, (7, 18))]
    assert (lead.product, lead.consent, lead.profile) == ("SOFA-1", {"contact": "pending"}, {Field.NAME: "李*"})


async def test_wishes_said_before_are_completed_by_a_contact(any_store: Store) -> None:
    conversation = await talk(any_store)
    first = await any_store.receive(conversation, client_id="a", text="我在杭州，要2套")
    assert first.lead is None
    second = await any_store.receive(conversation, client_id="b", text="预算5000以内，我姓王")
    assert second.lead is not None and not second.lead.complete
    third = await any_store.receive(conversation, client_id="c", text=PHONE)
    assert third.lead is not None and third.lead.complete and third.lead.lead_id == second.lead.lead_id
    [lead] = await any_store.leads.list("demo")
    assert lead.profile[Field.CITY] == "杭州"
    assert lead.profile[Field.QUANTITY] == "2套"
    assert lead.profile[Field.BUDGET].startswith("5000")


async def test_a_broken_number_is_kept_as_a_partial_lead_and_asked_again(any_store: Store) -> None:
    conversation = await talk(any_store)
    received = await any_store.receive(conversation, client_id="a", text="我电话1381234602")
    assert received.broken_contact and received.lead is not None and not received.lead.complete
    assert [lead.complete for lead in await any_store.leads.list("demo", complete=False)] == [False]
    await any_store.receive(conversation, client_id="b", text=f"少了一位，{PHONE}")
    assert [lead.complete for lead in await any_store.leads.list("demo")] == [True]


async def test_a_number_in_three_messages_is_one_contact(any_store: Store, clock: Clock) -> None:
    conversation = await talk(any_store)
    await say(any_store, conversation, "138", "1234", "6021")
    [lead] = await any_store.leads.list("demo")
    assert lead.contacts[0].value == "138****6021"
    other = await talk(any_store, "v2")
    await say(any_store, other, "139")
    clock.forward(seconds=3600)
    await say(any_store, other, "12345678")
    assert len(await any_store.leads.list("demo")) == 1


async def test_a_bare_account_after_the_shops_question_is_a_contact(any_store: Store) -> None:
    conversation = await talk(any_store)
    await say(any_store, conversation, "沙发怎么买")
    await any_store.append(conversation, kind="message", payload={"role": "assistant", "text": "方便留个微信吗？"})
    received = await any_store.receive(conversation, client_id="x", text="xiaotao6688")
    assert received.lead is not None and received.lead.complete
    again = await any_store.receive(conversation, client_id="y", text="xiaotao7799")
    assert again.lead is None


async def test_the_same_contact_in_another_conversation_joins_the_lead(any_store: Store, clock: Clock) -> None:
    await say(any_store, await talk(any_store), f"电话{PHONE}")
    clock.forward(days=1)
    await say(any_store, await talk(any_store, "v2", channel="live"), f"微信同号{PHONE}，我在成都")
    [lead] = await any_store.leads.list("demo")
    assert sorted(one.kind for one in lead.contacts) == ["phone", "wechat"]
    assert (lead.channel, lead.profile[Field.CITY]) == ("chat", "成都")


async def test_two_leads_that_turn_out_to_be_one_person_are_merged_with_history(any_store: Store, clock: Clock) -> None:
    await say(any_store, await talk(any_store), f"我姓王，电话{PHONE}，在杭州")
    clock.forward(seconds=10)
    await say(any_store, await talk(any_store, "v2"), "加我微信zhang_san88，在成都")
    assert len(await any_store.leads.list("demo")) == 2
    clock.forward(seconds=10)
    last = await any_store.receive(await talk(any_store, "v3"), client_id="a", text=f"我电话{PHONE}，微信zhang_san88")
    assert last.lead is not None
    [lead] = await any_store.leads.list("demo")
    assert lead.id == last.lead.lead_id
    assert sorted(one.kind for one in lead.contacts) == ["phone", "wechat"]
    full = await any_store.leads.get("demo", lead.id)
    assert full is not None
    kinds = [one.kind for one in full.history]
    assert kinds.count("contact") == 2 and kinds.count("merged") == 1 and kinds.count("created") == 2


async def test_a_race_of_two_processes_for_one_contact_makes_one_lead(
    tmp_path: Path, database_url: str | None, clock: Clock
) -> None:
    async with (
        await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as one,
        await Store.open(tmp_path, database_url=database_url, clock_ms=clock) as other,
    ):
        talks = await asyncio.gather(*(talk((one, other)[index % 2], f"v{index}") for index in range(12)))
        await asyncio.gather(
            *(
                (one, other)[index % 2].receive(
                    conversation, client_id="a", text=(f"电话{PHONE}", f"微信zhang_san88 电话{PHONE}")[index % 3 == 0]
                )
                for index, conversation in enumerate(talks)
            )
        )
        [lead] = await one.leads.list("demo")
        assert sorted(contact.kind for contact in lead.contacts) == ["phone", "wechat"]
        rows = [await other.conversation(conversation) for conversation in talks]
        assert {row.lead_id for row in rows if row is not None} == {lead.id}


async def test_merchants_do_not_see_each_others_leads(any_store: Store) -> None:
    await say(any_store, await talk(any_store), f"电话{PHONE}")
    await say(any_store, await talk(any_store, "v2", merchant="other"), f"电话{PHONE}")
    [mine] = await any_store.leads.list("demo")
    assert await any_store.leads.get("other", mine.id) is None
    assert await any_store.leads.reveal("other", [mine.id], actor="spy") == []
    assert await any_store.leads.erase_contact("other", PHONE, actor="t") == 1
    assert len(await any_store.leads.list("demo")) == 1


async def test_the_form_is_stored_once_with_its_consents(any_store: Store) -> None:
    conversation = await talk(any_store)
    fields = {"name": "李雷", "phone": "138 1234 6021", "city": "杭州"}
    first = await any_store.leads.submit(conversation, client_id="f", fields=fields, consent=["contact", "share"])
    again = await any_store.leads.submit(conversation, client_id="f", fields=fields, consent=["contact", "share"])
    assert (first.seq, first.duplicate, first.complete) == (1, False, True)
    assert (again.seq, again.duplicate, again.lead_id) == (1, True, first.lead_id)
    [lead] = await any_store.leads.list("demo")
    assert lead.consent == {"contact": "granted", "share": "granted"}
    assert [event.kind for event in await any_store.events_after(conversation, 0)] == ["lead_saved"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"phone": "1381234602"}, "phone"),
        ({"phone": "订单号13812346021123"}, "phone"),
        ({"wechat": "a b"}, "wechat"),
        ({"email": "nobody@"}, "email"),
        ({"qq": "0123"}, "qq"),
        ({"name": "李雷"}, "phone"),
        ({"phone": PHONE, "colour": "red"}, "colour"),
        ({"name": "长" * 201, "phone": PHONE}, "name"),
        ({}, "phone"),
    ],
)
async def test_a_form_that_does_not_hold_is_refused_by_field(
    store: Store, fields: Mapping[str, str], wrong: str
) -> None:
    conversation = await talk(store)
    with pytest.raises(FormError) as caught:
        await store.leads.submit(conversation, client_id="f", fields=fields, consent=["contact"])
    assert caught.value.field == wrong
    assert await store.leads.list("demo") == []


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ("同意", "granted"),
        ("好的，可以", "granted"),
        ("嗯嗯", "granted"),
        ("不同意", "refused"),
        ("别联系我", "refused"),
    ],
)
async def test_the_answer_to_the_consent_question_is_recorded(any_store: Store, reply: str, state: str) -> None:
    conversation = await talk(any_store)
    await say(any_store, conversation, f"电话{PHONE}")
    seq = await any_store.append(conversation, kind="message", payload={"role": "bot", "text": "同意吗？"})
    await any_store.leads.consent_asked(conversation, seq)
    received = await any_store.receive(conversation, client_id="r", text=reply)
    assert received.consent == state
    [lead] = await any_store.leads.list("demo")
    assert lead.consent == {"contact": state}


async def test_a_yes_to_something_else_is_no_consent(store: Store) -> None:
    conversation = await talk(store)
    await say(store, conversation, f"电话{PHONE}", "好的")
    assert (await store.leads.list("demo"))[0].consent == {"contact": "pending"}
    await store.leads.consent_asked(conversation, 2)
    assert (await store.receive(conversation, client_id="q", text="可以送到杭州吗")).consent is None
    assert (await store.leads.list("demo"))[0].consent == {"contact": "pending"}


async def test_a_yes_to_what_the_shop_said_later_is_no_consent(store: Store) -> None:
    conversation = await talk(store)
    await say(store, conversation, f"电话{PHONE}")
    seq = await store.append(conversation, kind="message", payload={"role": "bot", "text": "同意吗？"})
    await store.leads.consent_asked(conversation, seq)
    await store.receive(conversation, client_id="q", text="能拆洗吗")
    await store.append(conversation, kind="message", payload={"role": "bot", "text": "能。要帮您下单吗？"})
    assert (await store.receive(conversation, client_id="r", text="好")).consent is None
    assert (await store.receive(conversation, client_id="s", text="同意")).consent == "granted"


async def test_only_consented_leads_are_in_the_csv(store: Store) -> None:
    await say(store, await talk(store), f"电话{PHONE}")
    other = await talk(store, "v2")
    await store.leads.submit(other, client_id="f", fields={"phone": "13912345678"}, consent=["contact"])
    text, count = await store.leads.export_csv("demo", actor="owner", zone=UTC)
    assert count == 1
    assert "13912345678" in text and PHONE not in text
    [lead] = [one for one in await store.leads.list("demo") if one.consent["contact"] == "granted"]
    await store.leads.set_consent("demo", lead.id, Purpose.CONTACT, ConsentState.WITHDRAWN)
    assert (await store.leads.export_csv("demo", actor="owner", zone=UTC))[1] == 0


async def test_a_number_in_another_field_is_masked_in_lists_and_history(store: Store) -> None:
    conversation = await talk(store)
    fields = {"phone": PHONE, "time": f"晚上打{PHONE}", "city": "杭州"}
    saved = await store.leads.submit(conversation, client_id="f", fields=fields, consent=["contact"])
    [row] = await store.leads.list("demo")
    assert row.profile[Field.TIME] == "晚上打138****6021" and row.profile[Field.CITY] == "杭州"
    assert PHONE not in str(await store.leads.get("demo", saved.lead_id))
    [clear] = await store.leads.reveal("demo", [saved.lead_id], actor="owner")
    assert clear.profile[Field.TIME] == f"晚上打{PHONE}"


async def test_revealing_is_written_down(store: Store) -> None:
    await say(store, await talk(store), f"电话{PHONE}")
    [lead] = await store.leads.list("demo")
    [clear] = await store.leads.reveal("demo", [lead.id], actor="li")
    assert clear.contacts[0].value == PHONE
    [entry] = await store.leads.audits("demo")
    assert (entry.actor, entry.action, entry.subject) == ("li", "lead.reveal", lead.id)
    assert PHONE not in json.dumps([one.detail for one in await store.leads.audits("demo")])


async def test_a_person_gets_everything_held_about_them(any_store: Store) -> None:
    conversation = await talk(any_store)
    await say(any_store, conversation, "你好", f"我叫李雷，电话{PHONE}")
    [person] = await any_store.leads.export_contact("demo", "138-1234-6021", actor="owner")
    assert person["contacts"][0]["value"] == PHONE
    assert person["profile"]["name"] == "李雷"
    assert [message["payload"]["text"] for message in person["messages"]] == ["你好", f"我叫李雷，电话{PHONE}"]
    assert person["consents"][0]["state"] == "pending"
    json.dumps(person)
    assert await any_store.leads.export_contact("demo", "13912345678", actor="owner") == []
    with pytest.raises(FormError):
        await any_store.leads.export_contact("demo", "这不是联系方式", actor="owner")


async def test_erasing_leaves_nothing_of_the_person(any_store: Store) -> None:
    conversation, other = await talk(any_store), await talk(any_store, "v2")
    await say(any_store, conversation, f"我叫李雷，电话{PHONE}", "送到翠湖边那栋三楼，家里有老人")
    await any_store.append(conversation, kind="message", payload={"role": "bot", "text": f"好的，{PHONE}对吗"})
    await any_store.append(conversation, kind="message", payload={"role": "bot", "text": "床垫现货"})
    await say(any_store, other, "电话13912345678")
    assert await any_store.leads.erase_contact("demo", f"wechat:{PHONE}", actor="owner") == 1
    texts = [event.payload["text"] for event in await any_store.events_after(conversation, 0)]
    assert texts == ["…", "…", "…", "床垫现货"]
    row = await any_store.conversation(conversation)
    assert row is not None and row.lead_id is None and row.visitor == "…"
    assert [lead.contacts[0].value for lead in await any_store.leads.list("demo")] == ["139****5678"]
    assert await any_store.leads.erase_contact("demo", PHONE, actor="owner") == 0
    assert [one.action for one in await any_store.leads.audits("demo")] == ["lead.erase"]


async def test_erasing_a_merged_lead_leaves_no_row_of_those_it_came_from(store: Store, clock: Clock) -> None:
    await say(store, await talk(store), f"我姓王，电话{PHONE}")
    clock.forward(seconds=10)
    await say(store, await talk(store, "v2"), "加我微信zhang_san88")
    await say(store, await talk(store, "v3"), f"我电话{PHONE}，微信zhang_san88")
    assert await store.leads.erase_contact("demo", PHONE, actor="owner") == 1
    assert await store.read(lambda tx: tx.connection.scalar(select(func.count()).select_from(leads))) == 0


async def test_what_is_over_its_time_goes(any_store: Store, clock: Clock) -> None:
    await say(any_store, await talk(any_store), f"电话{PHONE}")
    silent = await talk(any_store, "v2")
    await say(any_store, silent, "你好")
    clock.forward(days=200)
    fresh = await talk(any_store, "v3")
    assert (await any_store.leads.purge(Retention())).conversations == 1
    assert await any_store.conversation(silent) is None
    assert await any_store.conversation(fresh) is not None
    assert len(await any_store.leads.list("demo")) == 1
    clock.forward(days=200)
    purged = await any_store.leads.purge(Retention())
    assert purged.leads == 1 and not purged.more
    assert await any_store.leads.list("demo") == []

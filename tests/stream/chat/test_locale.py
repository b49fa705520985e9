"""What the server itself says is said in the client's language."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from dialogue import Engine, HandoffPolicy, Locale, locale_of
from dialogue.answer.smalltalk import Talk
from dialogue.answer.smalltalk_english import ENGLISH
from dialogue.lead import CONTACT_TEXT_ENGLISH, AskingPolicy
from dialogue.store import Store
from stream.chat.asyncapi import asyncapi_document
from stream.chat.english import LINES, told
from stream.chat.outgoing import Problem
from tests.stream.chat.shop import NO_LIMITS, OPEN_ALL_DAY, Client, client, open_shop
from tests.stream.chat.test_whole import OneAnswer

NOON = datetime(2026, 11, 23, 12, 0)
CLOSED = HandoffPolicy(weekdays=())


def _chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@asynccontextmanager
async def _english(folder: Path, *, policy: HandoffPolicy = OPEN_ALL_DAY) -> AsyncIterator[tuple[Client, Store]]:
    engine = Engine(OneAnswer(), clock=lambda: NOON, handoff=policy)
    async with (
        await Store.open(folder, policies=lambda _: AskingPolicy(hold_out=0.0)) as store,
        open_shop(store=store, forms=store.leads, replier=engine, window_s=0.0, policy=policy) as shop,
        client(shop, locale="en-GB") as visitor,
    ):
        yield visitor, store


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("zh", Locale.ZH),
        ("zh-Hans-CN", Locale.ZH),
        ("", Locale.ZH),
        ("en", Locale.EN),
        ("EN_us", Locale.EN),
        ("fr", Locale.EN),
    ],
)
def test_a_language_tag_leads_to_one_of_the_two_that_are_spoken(tag: str, locale: Locale) -> None:
    assert locale_of(tag) is locale


def test_every_error_has_its_line_in_english() -> None:
    assert LINES.keys() == asyncapi_document()["channels"]["chat"]["x-error-codes"].keys()
    assert not any(_chinese(line) for line in LINES.values())


def test_who_has_not_said_a_language_is_told_in_both() -> None:
    text = told(Problem(code="unknown_merchant", message="没有这家店"), None).message
    assert text == "没有这家店 / There is no such shop"


async def test_a_client_that_names_no_language_is_spoken_to_in_chinese() -> None:
    async with open_shop() as shop, client(shop) as visitor:
        assert _chinese(visitor.frames[0]["greeting"])
        await visitor.send(type="nonsense")
        assert (await visitor.next("error"))["message"].startswith("不认识的 type")


async def test_errors_are_in_the_language_of_the_hello() -> None:
    async with open_shop(limits=replace(NO_LIMITS, text_chars=4)) as shop, client(shop, locale="en") as visitor:
        welcome = visitor.frames[0]
        assert not _chinese(welcome["greeting"] + welcome["ai_notice"])
        await visitor.send(type="message", client_id="a", text="12345")
        assert (await visitor.next("error"))["message"] == LINES["too_long"]
        form = {"fields": {"phone": "12"}, "consent": {"granted": True}}
        await visitor.send(type="lead", client_id="f", **form)
        wrong = await visitor.next("error")
        assert wrong["field"] == "phone" and wrong["message"].startswith("This mobile number")


async def test_an_unspoken_protocol_is_turned_away_in_the_language_of_its_hello() -> None:
    async with open_shop() as shop, client(shop, locale="en", protocol=9) as visitor:
        assert visitor.frames[0]["message"] == LINES["protocol"]


async def test_a_call_back_is_offered_and_kept_in_english(tmp_path: Path) -> None:
    async with _english(tmp_path, policy=CLOSED) as (visitor, store):
        await visitor.send(type="handoff", client_id="h")
        said, form = await visitor.next("message"), await visitor.next("lead_form")
        assert not _chinese(said["text"] + form["purpose"])
        logged = await store.events_after(visitor.frames[0]["conversation"], 0)
        assert [event.payload["purpose"] for event in logged if event.kind == "lead_form"] == [form["purpose"]]


def test_every_kind_of_small_talk_has_english_words() -> None:
    assert ENGLISH.keys() == set(Talk)
    assert not any(_chinese(text) for wordings in ENGLISH.values() for text in wordings)


async def test_courtesy_and_the_way_to_a_colleague_are_in_english(tmp_path: Path) -> None:
    async with _english(tmp_path) as (visitor, _):
        await visitor.send(type="message", client_id="a", text="hello")
        assert (await visitor.next("message"))["text"] in ENGLISH[Talk.GREETING]
        await visitor.send(type="message", client_id="b", text="human")
        assert (await visitor.next("message"))["text"] in ENGLISH[Talk.HUMAN]
        assert (await visitor.next("handoff"))["state"] == "requested"


async def test_a_form_says_in_english_what_it_is_for(tmp_path: Path) -> None:
    async with _english(tmp_path) as (visitor, _):
        await visitor.send(type="message", client_id="a", text="沙发能洗吗，有优惠吗")
        await visitor.next("message")
        await visitor.send(type="message", client_id="b", text="洗一次，有优惠吗")
        assert (await visitor.next("lead_form"))["purpose"] == "Leave a contact, and you hear of new offers first."


async def test_a_consent_is_recorded_with_the_words_that_were_shown(tmp_path: Path) -> None:
    async with _english(tmp_path) as (visitor, store):
        await visitor.send(type="message", client_id="a", text="my number is 13805716021")
        while (asked := await visitor.next("message"))["text"] != CONTACT_TEXT_ENGLISH.text:
            pass
        await visitor.send(type="message", client_id="b", text=asked["suggestions"][0])
        assert (await visitor.next("message"))["text"].startswith("Thank you, noted")
        (copy,) = await store.leads.export_contact("demo", "13805716021", actor="owner")
        granted = copy["consents"][-1]
        assert (granted["state"], granted["text_version"]) == ("granted", "contact-1-en")
        assert granted["text"] == CONTACT_TEXT_ENGLISH.text


async def test_a_no_in_english_is_a_no(tmp_path: Path) -> None:
    async with _english(tmp_path) as (visitor, store):
        await visitor.send(type="message", client_id="a", text="my number is 13805716021")
        while (asked := await visitor.next("message"))["text"] != CONTACT_TEXT_ENGLISH.text:
            pass
        await visitor.send(type="message", client_id="b", text=asked["suggestions"][1])
        assert "not contact you" in (await visitor.next("message"))["text"]
        (lead,) = await store.leads.list("demo")
        assert lead.consent["contact"] == "refused"

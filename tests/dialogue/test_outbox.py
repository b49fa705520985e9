"""Passing leads on: who may receive one, signed and repeated how, and where never to."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

import pytest

from dialogue.lead import ConsentState, Mailbox, Postman, Purpose, Target, TargetError, TargetKind
from dialogue.lead.delivery import BACKOFF_S, take_due
from dialogue.lead.post import DeliveryError, is_public
from dialogue.lead.target import accepted, as_request, check_target, sign
from dialogue.store import Courier, Store
from tests.dialogue.databases import Clock

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
MESSAGE = {
    "type": "lead.created",
    "data": {
        "id": "lead_1",
        "channel": "chat",
        "product": "SOFA-1",
        "profile": {"name": "王女士"},
        "contacts": [{"kind": "phone", "value": "13812346021"}],
    },
}


@dataclass
class Receiver:
    """A merchant's server on loopback that answers with the given statuses, the last one for ever."""

    statuses: list[int]
    body: bytes = b""
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.seen.append((headers, body))
        self.arrived.set()
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        location = b"location: http://127.0.0.1:9/\r\n" if status == 302 else b""
        writer.write(b"HTTP/1.1 %d X\r\n%scontent-length: %d\r\n\r\n%s" % (status, location, len(self.body), self.body))
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiver(*statuses: int, body: bytes = b"") -> AsyncIterator[Receiver]:
    one = Receiver(list(statuses), body)
    async with await asyncio.start_server(one.answer, "127.0.0.1", 0) as server:
        one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield one


@asynccontextmanager
async def postman(*, allow_private: bool = True, mailbox: Mailbox | None = None) -> AsyncIterator[Postman]:
    one = Postman(allow_private=allow_private, mailbox=mailbox, timeout_s=5)
    try:
        yield one
    finally:
        await one.aclose()


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


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "198.18.0.1", "192.0.2.1", "not an address",
    ],
)  # fmt: skip
def test_an_address_inside_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(address)


async def test_a_name_that_leads_inside_is_refused_and_dead(store: Store, clock: Clock) -> None:
    async with receiver(200) as there, postman(allow_private=False) as sender:
        await store.outbox.add_target("demo", kind=TargetKind.WEBHOOK, address=there.url, secret=SECRET)
        await lead(store, "share")
        await deliver(store, clock, sender)
        [row] = await store.outbox.messages("demo")
        assert (row.state, there.seen) == ("dead", []) and "private" in row.last_error


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "127.0.0.1"]

    sender = Postman(resolve=resolve)
    target = Target("t", "demo", TargetKind.WEBHOOK, "", "https://mixed.example/x", SECRET)
    with pytest.raises(DeliveryError, match="private") as caught:
        await sender.send(target, "msg_1", MESSAGE, now_s=1)
    assert caught.value.final
    await sender.aclose()


async def test_the_name_is_looked_up_once_and_the_answer_pinned() -> None:
    """A name that turns to another address after the check (DNS rebinding) is still reached where it was checked."""
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with receiver(200) as there:
        port = there.url.split(":")[2].split("/")[0]
        sender = Postman(resolve=resolve, allow_private=True)
        target = Target("t", "demo", TargetKind.WEBHOOK, "", f"http://rebinding.invalid:{port}/hook", SECRET)
        await sender.send(target, "msg_1", MESSAGE, now_s=1)
        await sender.aclose()
        assert asked == ["rebinding.invalid"]
        assert there.seen[0][0]["host"] == f"rebinding.invalid:{port}"


async def test_a_name_that_does_not_resolve_is_tried_again() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    sender = Postman(resolve=resolve)
    target = Target("t", "demo", TargetKind.WEBHOOK, "", "https://nowhere.invalid/", SECRET)
    with pytest.raises(DeliveryError) as caught:
        await sender.send(target, "msg_1", MESSAGE, now_s=1)
    assert not caught.value.final
    await sender.aclose()


async def test_a_server_that_never_answers_is_given_up() -> None:
    hung_up = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        hung_up.set()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        sender = Postman(allow_private=True, timeout_s=0.2)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        target = Target("t", "demo", TargetKind.WEBHOOK, "", url, SECRET)
        with pytest.raises(DeliveryError):
            await sender.send(target, "msg_1", MESSAGE, now_s=1)
        await sender.aclose()
        await hung_up.wait()


def test_the_signature_is_the_standards_example() -> None:
    """The vector of the Standard Webhooks reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert (
        sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize(
    ("kind", "address", "secret"),
    [
        (TargetKind.WEBHOOK, "ftp://example.com", SECRET),
        (TargetKind.WEBHOOK, "https://", SECRET),
        (TargetKind.WEBHOOK, "https://user:pw@example.com", SECRET),
        (TargetKind.WEBHOOK, "https://example.com:99999", SECRET),
        (TargetKind.WEBHOOK, "https://exa mple.com", SECRET),
        (TargetKind.WEBHOOK, "https://example.com", "short"),
        (TargetKind.WEBHOOK, "https://example.com", "whsec_AAAA"),
        (TargetKind.EMAIL, "nobody", ""),
        (TargetKind.EMAIL, "a@b.c\nBcc: d@e.f", ""),
    ],
)
def test_a_target_that_cannot_work_is_refused(kind: TargetKind, address: str, secret: str) -> None:
    with pytest.raises(TargetError):
        check_target(kind, address, secret)


@pytest.mark.parametrize("kind", [TargetKind.WECOM, TargetKind.DINGTALK, TargetKind.FEISHU])
async def test_a_robot_gets_its_own_format_and_its_refusal_is_heard(kind: TargetKind) -> None:
    async with receiver(200, body=b'{"errcode": 0, "code": 0}') as there, postman() as sender:
        target = Target("t", "demo", kind, "", there.url + "?key=k", "SEC")
        await sender.send(target, "msg_1", MESSAGE, now_s=1)
        assert "13812346021" in there.seen[0][1].decode()
        there.body = b'{"errcode": 93000, "code": 93000, "errmsg": "invalid webhook url"}'
        with pytest.raises(DeliveryError):
            await sender.send(target, "msg_1", MESSAGE, now_s=1)


def test_dingtalk_and_feishu_are_signed_as_they_ask() -> None:
    ding = as_request(
        Target("t", "m", TargetKind.DINGTALK, "", "https://d.example/r?access_token=x", "SEC"), "i", MESSAGE, now_s=1
    )
    assert "&timestamp=1000&sign=" in ding.url
    feishu = json.loads(
        as_request(Target("t", "m", TargetKind.FEISHU, "", "https://f.example/h", "SEC"), "i", MESSAGE, now_s=1).body
    )
    expected = hmac.new(b"1\nSEC", b"", hashlib.sha256).digest()
    assert (feishu["timestamp"], feishu["sign"]) == ("1", base64.b64encode(expected).decode())


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b'{"errcode": 1}', b"{}"])
def test_a_robot_that_says_anything_else_has_not_taken_it(body: bytes) -> None:
    assert not accepted(Target("t", "m", TargetKind.WECOM, "", "https://w.example"), 200, body)


def test_a_robots_key_is_not_shown_in_lists() -> None:
    robot = Target("t", "m", TargetKind.FEISHU, "", "https://open.feishu.example/bot/v2/hook/SECRETKEY")
    assert "SECRETKEY" not in robot.shown_address
    assert "KEY" not in Target("t", "m", TargetKind.WECOM, "", "https://q.example/send?key=KEY").shown_address


@dataclass
class MailServer:
    """The few words of SMTP (RFC 5321) that a sender needs."""

    refuse: bool = False
    mails: list[Message] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := (await reader.readline()).strip().upper():
            if line.startswith(b"RCPT") and self.refuse:
                writer.write(b"550 no such mailbox\r\n")
            elif line == b"DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append(message_from_bytes(await reader.readuntil(b"\r\n.\r\n")))
                writer.write(b"250 taken\r\n")
            elif line == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()
        writer.close()


async def test_an_email_is_sent_with_the_lead_in_it() -> None:
    mails = MailServer()
    async with await asyncio.start_server(mails.answer, "127.0.0.1", 0) as server:
        box = Mailbox("127.0.0.1", server.sockets[0].getsockname()[1], "shop@example.com", security="none")
        target = Target("t", "demo", TargetKind.EMAIL, "", "boss@example.com")
        async with postman(mailbox=box) as sender:
            await sender.send(target, "msg_1", MESSAGE, now_s=1)
            mails.refuse = True
            with pytest.raises(DeliveryError):
                await sender.send(target, "msg_2", MESSAGE, now_s=1)
    [mail] = mails.mails
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes) and "手机：13812346021" in text.decode()
    assert mail["Message-ID"] == "<msg_1@example.com>"


async def test_without_a_mailbox_an_email_waits() -> None:
    async with postman() as sender:
        with pytest.raises(DeliveryError, match="mailbox"):
            await sender.send(Target("t", "m", TargetKind.EMAIL, "", "a@example.com"), "i", MESSAGE, now_s=1)

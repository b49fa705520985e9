"""Sending one message: where never to, looked up once, given up in time; robots and mail servers that refuse."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

import pytest

from dialogue.lead import Mailbox, Postman, Target, TargetKind
from dialogue.lead.post import DeliveryError, is_public
from tests.dialogue.receiver import MESSAGE, SECRET, postman, receiver


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "198.18.0.1", "192.0.2.1", "not an address",
        "::127.0.0.1", "64:ff9b:1::7f00:1", "fec0::1", "5f00::1", "3fff::1", "2001:db8::1", "::ffff:0:127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_inside_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0", "[::ffff:127.0.0.1]", "[::1]"])
async def test_an_inside_address_in_disguise_is_refused(host: str) -> None:
    sender = Postman()
    with pytest.raises(DeliveryError, match="private") as caught:
        await sender.send(Target("t", "demo", TargetKind.WEBHOOK, "", f"http://{host}/", SECRET), "m", MESSAGE, now_s=1)
    assert caught.value.final
    await sender.aclose()


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "xn--a", "①②⑦.⓪.⓪.①"])
async def test_an_impossible_host_name_is_told_and_final(host: str) -> None:
    sender = Postman()
    with pytest.raises(DeliveryError, match="host name") as caught:
        await sender.send(Target("t", "demo", TargetKind.WEBHOOK, "", f"http://{host}/", SECRET), "m", MESSAGE, now_s=1)
    assert caught.value.final
    await sender.aclose()


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


@pytest.mark.parametrize("kind", [TargetKind.WECOM, TargetKind.DINGTALK, TargetKind.FEISHU])
async def test_a_robot_gets_its_own_format_and_its_refusal_is_heard(kind: TargetKind) -> None:
    async with receiver(200, body=b'{"errcode": 0, "code": 0}') as there, postman() as sender:
        target = Target("t", "demo", kind, "", there.url + "?key=k", "SEC")
        await sender.send(target, "msg_1", MESSAGE, now_s=1)
        assert "13812346021" in there.seen[0][1].decode()
        there.body = b'{"errcode": 93000, "code": 93000, "errmsg": "invalid webhook url"}'
        with pytest.raises(DeliveryError):
            await sender.send(target, "msg_1", MESSAGE, now_s=1)


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

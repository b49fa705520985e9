"""A platform joined by signed webhooks: in, out, once, in order."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from dialogue.channel import ChannelError, DeliveryError, Outbound, WebhookChannel
from dialogue.lead.post import Postman
from dialogue.lead.target import sign
from stream.chat import ChatHub, create_channel_router
from stream.chat.platform import PlatformRoute, conversation_of
from tests.stream.chat.shop import NO_LIMITS, OPEN_ALL_DAY, MemoryStore, ScriptedReplier

SECRET = "whsec_" + "a2V5" * 8
BODY = json.dumps({"visitor": "u1", "text": "能拆洗吗", "message_id": "m1"}).encode()


def _headers(body: bytes, *, call: str = "c1", at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    stamp = int(time.time() if at is None else at)
    return {
        "webhook-id": call,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(secret, call, stamp, body),
    }


@dataclass
class Platform:
    """The other side: takes our calls, refuses the first `failing` ones."""

    calls: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    failing: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.calls.append((dict(request.headers), json.loads(body)))
        status = 500 if len(self.calls) <= self.failing else 200
        if status == 200:
            self.heard.set()
        await Response(status_code=status)(scope, receive, send)


class LocalPostman(Postman):
    """Delivers to the platform in this process."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(allow_private=True)
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=platform))

    async def _public_address(self, host: str, port: int) -> str:
        return "127.0.0.1"


@asynccontextmanager
async def _joined(platform: Platform) -> AsyncIterator[tuple[httpx.AsyncClient, MemoryStore, ChatHub]]:
    store = MemoryStore()
    hub = ChatHub(
        store=store, forms=store, replier=ScriptedReplier(), limits=NO_LIMITS, window_s=0.0, policy=OPEN_ALL_DAY
    )
    postman = LocalPostman(platform)
    channel = WebhookChannel(
        "weshop", merchant="demo", address="https://platform.example/in", secret=SECRET, postman=postman
    )
    app = FastAPI()
    app.include_router(
        create_channel_router(hub=hub, channels=lambda m, c: channel if (m, c) == ("demo", "weshop") else None)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop") as client:
        yield client, store, hub
    await hub.aclose()
    await postman.aclose()


async def test_a_signed_message_is_stored_then_answered_with_a_signed_call() -> None:
    platform = Platform()
    async with _joined(platform) as (client, _store, _):
        answer = await client.post("/api/channels/demo/weshop", content=BODY, headers=_headers(BODY))
        assert answer.status_code == 202
        assert answer.json() == {"conversation": conversation_of("demo", "weshop", "u1"), "seq": 1}
        async with asyncio.timeout(5):
            await platform.heard.wait()
        headers, call = platform.calls[0]
        assert (call["visitor"], call["role"]) == ("u1", "assistant")
        assert "您问的是「能拆洗吗」" in call["text"]
        body = json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode()
        stamp = int(headers["webhook-timestamp"])
        assert headers["webhook-signature"] == sign(SECRET, headers["webhook-id"], stamp, body)


async def test_the_same_message_id_is_stored_and_answered_once() -> None:
    platform = Platform()
    async with _joined(platform) as (client, store, _):
        for call in ("c1", "c2"):
            await client.post("/api/channels/demo/weshop", content=BODY, headers=_headers(BODY, call=call))
        async with asyncio.timeout(5):
            await platform.heard.wait()
        kinds = [(e.kind, e.payload.get("role")) for e in store.logs[conversation_of("demo", "weshop", "u1")]]
        assert kinds == [("message", "visitor"), ("message", "assistant")]
        assert len(platform.calls) == 1


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, BODY, 401),
        (_headers(BODY, secret="whsec_" + "b2V5" * 8), BODY, 401),
        (_headers(BODY, at=1_000_000), BODY, 401),
        (_headers(BODY), BODY + b" ", 401),
        (_headers(b"{"), b"{", 422),
        (_headers(b"[]"), b"[]", 422),
        (_headers(b'{"visitor":"u"}'), b'{"visitor":"u"}', 422),
        (_headers(b"x" * 20_000), b"x" * 20_000, 413),
    ],
)
async def test_a_call_that_is_not_good_is_refused_and_stores_nothing(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    async with _joined(Platform()) as (client, store, _):
        answer = await client.post("/api/channels/demo/weshop", content=body, headers=headers)
        assert answer.status_code == status
        assert "\n" not in answer.json()["detail"]
        assert not store.rows


async def test_an_unknown_channel_is_not_found() -> None:
    async with _joined(Platform()) as (client, _, _):
        assert (await client.post("/api/channels/demo/other", content=BODY)).status_code == 404


async def test_a_colleague_s_message_goes_out_too() -> None:
    platform = Platform()
    async with _joined(platform) as (client, _, hub):
        await client.post("/api/channels/demo/weshop", content=BODY, headers=_headers(BODY))
        async with asyncio.timeout(5):
            await platform.heard.wait()
            platform.heard.clear()
            await hub.threads()[0].operator_says("我来处理", operator="林小满")
            await platform.heard.wait()
        assert platform.calls[-1][1]["text"] == "我来处理"


class _Recorder:
    name = "weshop"

    def __init__(self, *, failures: list[DeliveryError]) -> None:
        self.failures = failures
        self.sent: list[str] = []

    def read(self, headers: Any, body: bytes) -> Any:
        raise NotImplementedError

    async def send(self, message: Outbound) -> None:
        self.sent.append(message.message_id)
        if self.failures:
            raise self.failures.pop(0)


async def _routed(channel: _Recorder) -> None:
    route = PlatformRoute("c", "u1", channel, retry_s=(0.0, 0.0))
    for seq in (1, 2):
        frame = {"type": "message", "role": "assistant", "text": "好", "seq": seq}
        route.offer(json.dumps(frame), seq=seq)
    async with asyncio.timeout(5):
        while route.busy:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_failed_call_is_repeated_under_the_same_id_and_in_order() -> None:
    channel = _Recorder(failures=[DeliveryError("500")])
    await _routed(channel)
    assert channel.sent == ["c-1", "c-1", "c-2"]


async def test_what_the_platform_never_takes_does_not_hold_up_the_rest() -> None:
    channel = _Recorder(failures=[DeliveryError("410", final=True)])
    await _routed(channel)
    assert channel.sent == ["c-1", "c-2"]


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=5), st.binary(max_size=80))
def test_nothing_unsigned_gets_in(headers: dict[str, str], body: bytes) -> None:
    postman: Any = None
    channel = WebhookChannel("x", merchant="demo", address="https://a.example/", secret=SECRET, postman=postman)
    with pytest.raises(ChannelError):
        channel.read(headers, body)

"""A platform joined by signed webhooks: in, out, once, in order, over a restart. Real store, real HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from dialogue.channel import ChannelError, WebhookChannel
from dialogue.lead.post import Postman
from dialogue.lead.target import sign
from dialogue.platform.courier import PlatformCourier
from dialogue.platform.webhook import webhooks
from dialogue.store import Store
from dialogue.store.store import system_ms
from stream.chat import ChatHub, create_channel_router
from stream.chat.platform import take_up
from tests.stream.chat.shop import NO_LIMITS, OPEN_ALL_DAY, ScriptedReplier

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
    """The other side: checks our signature, refuses the first `failing` calls, keeps the rest."""

    failing: int = 0
    port: int = 9
    refused: int = 0
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        call, stamp = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
        if request.headers["webhook-signature"] != sign(SECRET, call, stamp, body):
            return Response(status_code=401)
        async with self.heard:
            if self.failing:
                self.failing -= 1
                self.refused += 1
                self.heard.notify_all()
                return Response(status_code=503)
            self.taken.append((call, json.loads(body)))
            self.heard.notify_all()
        return Response(status_code=204)

    async def has(self, count: int, *, refused: int = 0) -> None:
        """Wait until it has taken (and refused) that many calls."""
        async with asyncio.timeout(60), self.heard:
            await self.heard.wait_for(lambda: len(self.taken) >= count and self.refused >= refused)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """Serve on loopback; yields the port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn offers no event for it)
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def _platform(*, failing: int = 0) -> AsyncIterator[Platform]:
    platform = Platform(failing=failing)
    app = FastAPI()
    app.add_api_route("/in", platform.take, methods=["POST"])
    async with serving(app) as platform.port:
        yield platform


@dataclass
class Shop:
    """Our side, running."""

    client: httpx.AsyncClient
    store: Store
    hub: ChatHub
    replier: ScriptedReplier

    async def hear(self, text: str, *, message_id: str, call: str | None = None) -> httpx.Response:
        """The platform's customer writes."""
        body = json.dumps({"visitor": "u1", "text": text, "message_id": message_id}).encode()
        headers = _headers(body, call=call or f"call-{message_id}")
        return await self.client.post("/api/channels/demo/weshop", content=body, headers=headers)

    async def log(self) -> Sequence[tuple[str, Any]]:
        talk = await self.store.platforms.conversation("demo", "weshop", "u1")
        return [(event.kind, event.payload.get("role")) for event in await self.store.events_after(talk, 0)]


@asynccontextmanager
async def _joined(folder: Path, platform: Platform, *, broken: bool = False) -> AsyncIterator[Shop]:
    """The shop as `serve` puts it together; with `broken` its answerer takes for ever."""
    async with await Store.open(folder) as store:
        await store.access.ensure_merchant("demo")
        await store.platforms.add("demo", name="weshop", address=f"http://127.0.0.1:{platform.port}/in", secret=SECRET)
        replier = ScriptedReplier(pause_s=3600.0 if broken else 0.0)
        hub = ChatHub(
            store=store, forms=store.leads, replier=replier, limits=NO_LIMITS, window_s=0.0, policy=OPEN_ALL_DAY
        )
        postman = Postman(allow_private=True)
        connect = webhooks(postman)
        courier = PlatformCourier(store.platforms, connect, clock_ms=system_ms)
        hub.observe(lambda _merchant, _talk: courier.wake())
        app = FastAPI()
        app.include_router(create_channel_router(hub=hub, joined=store.platforms, connect=connect))
        await take_up(hub, store.platforms)
        delivering = asyncio.create_task(courier.run())
        async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield Shop(client, store, hub, replier)
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        await hub.aclose()
        await postman.aclose()


async def test_a_signed_message_is_stored_then_answered_with_a_signed_call(tmp_path: Path) -> None:
    async with _platform() as platform, _joined(tmp_path, platform) as shop:
        answer = await shop.hear("能拆洗吗", message_id="m1")
        assert answer.status_code == 202
        talk = await shop.store.platforms.conversation("demo", "weshop", "u1")
        assert answer.json() == {"conversation": talk, "seq": 1}
        await platform.has(1)
        call_id, call = platform.taken[0]
        assert (call_id, call["type"], call["visitor"], call["role"]) == (
            f"{talk}-2", "chat.message", "u1", "assistant",
        )  # fmt: skip
        assert "您问的是「能拆洗吗」" in call["text"]


async def test_the_same_message_id_is_stored_and_answered_once(tmp_path: Path) -> None:
    async with _platform() as platform, _joined(tmp_path, platform) as shop:
        for call in ("c1", "c2"):
            assert (await shop.hear("能拆洗吗", message_id="m1", call=call)).json()["seq"] == 1
        await platform.has(1)
        await shop.hear("包邮吗", message_id="m2")
        await platform.has(2)
        assert await shop.log() == [("message", "visitor"), ("message", "assistant")] * 2
        assert [call["text"].split("」")[0] for _, call in platform.taken] == ["您问的是「能拆洗吗", "您问的是「包邮吗"]


async def test_a_contact_is_asked_for_in_words_where_no_form_can_be_shown(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "demo.json").write_text('{"hold_out": 0}', encoding="utf-8")
    async with _platform() as platform, _joined(tmp_path, platform) as shop:
        await shop.hear("有优惠吗", message_id="m1")
        await platform.has(2)
        asked = platform.taken[1][1]["text"]
        assert "有新的优惠我们第一时间告诉您" in asked and "手机号" in asked
        await shop.hear("13805716021", message_id="m2")
        await platform.has(3)
        (lead,) = await shop.store.leads.list("demo")
        assert (lead.channel, lead.complete) == ("weshop", True)
        assert "lead_form" not in [kind for kind, _ in await shop.log()]


async def test_an_answer_the_platform_refused_is_sent_again_under_its_id_after_a_restart(tmp_path: Path) -> None:
    async with _platform(failing=1) as platform:
        async with _joined(tmp_path, platform) as shop:
            await shop.hear("能拆洗吗", message_id="m1")
            await platform.has(0, refused=1)
            assert platform.taken == []
        async with _joined(tmp_path, platform) as shop:
            await platform.has(1)
            assert platform.taken[0][0].endswith("-2")
            assert shop.replier.asked == []


async def test_a_question_that_was_unanswered_when_the_server_died_is_answered_by_the_next(tmp_path: Path) -> None:
    async with _platform() as platform:
        async with _joined(tmp_path, platform, broken=True) as shop:
            assert (await shop.hear("能拆洗吗", message_id="m1")).status_code == 202
        async with _joined(tmp_path, platform):
            await platform.has(1)
            assert "您问的是「能拆洗吗」" in platform.taken[0][1]["text"]


async def test_a_colleague_s_message_goes_out_too(tmp_path: Path) -> None:
    async with _platform() as platform, _joined(tmp_path, platform) as shop:
        await shop.hear("能拆洗吗", message_id="m1")
        await platform.has(1)
        await shop.hub.threads()[0].operator_says("我来处理", operator="林小满")
        await platform.has(2)
        assert (platform.taken[-1][1]["text"], platform.taken[-1][1]["role"]) == ("我来处理", "operator")


async def test_a_private_address_is_refused_and_told_to_the_merchant(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        await store.access.ensure_merchant("demo")
        await store.platforms.add("demo", name="weshop", address="http://127.0.0.1:9/in", secret=SECRET)
        talk = await store.platforms.conversation("demo", "weshop", "u1")
        await store.open_conversation(merchant="demo", channel="weshop", visitor="weshop:u1", conversation_id=talk)
        await store.platforms.follow(talk, merchant="demo", channel="weshop")
        await store.append(talk, kind="message", payload={"role": "assistant", "text": "您好"})
        postman = Postman()
        courier = PlatformCourier(store.platforms, webhooks(postman), clock_ms=system_ms)
        delivering = asyncio.create_task(courier.run())
        async with asyncio.timeout(60):
            while not (row := (await store.platforms.list("demo"))[0]).lost:  # noqa: ASYNC110  (nobody tells)
                await asyncio.sleep(0.02)
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        await postman.aclose()
        assert "private address" in row.last_error


@pytest.mark.parametrize(
    ("signed", "body", "status"),
    [
        (lambda: {}, BODY, 401),
        (lambda: _headers(BODY, secret="whsec_" + "b2V5" * 8), BODY, 401),
        (lambda: _headers(BODY, at=1_000_000), BODY, 401),
        (lambda: _headers(BODY), BODY + b" ", 401),
        (lambda: _headers(b"{"), b"{", 422),
        (lambda: _headers(b"[]"), b"[]", 422),
        (lambda: _headers(b'{"visitor":"u"}'), b'{"visitor":"u"}', 422),
        (lambda: _headers(b"x" * 20_000), b"x" * 20_000, 413),
    ],
    ids=["unsigned", "forged", "stale", "altered", "no-json", "no-object", "no-text", "too-long"],
)
async def test_a_call_that_is_not_good_is_refused_and_stores_nothing(
    signed: Callable[[], dict[str, str]], body: bytes, status: int, tmp_path: Path
) -> None:
    """Signed when the test runs: a signature older than five minutes is refused before the body is read."""
    async with _joined(tmp_path, Platform()) as shop:
        answer = await shop.client.post("/api/channels/demo/weshop", content=body, headers=signed())
        assert answer.status_code == status
        assert "\n" not in answer.json()["detail"]
        assert await shop.store.conversations("demo") == []


async def test_an_unknown_channel_or_shop_is_not_found(tmp_path: Path) -> None:
    async with _joined(tmp_path, Platform()) as shop:
        for path in ("/api/channels/demo/other", "/api/channels/other/weshop"):
            assert (await shop.client.post(path, content=BODY, headers=_headers(BODY))).status_code == 404


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=5), st.binary(max_size=80))
def test_nothing_unsigned_gets_in(headers: dict[str, str], body: bytes) -> None:
    postman: Any = None
    channel = WebhookChannel("x", merchant="demo", address="https://a.example/", secret=SECRET, postman=postman)
    with pytest.raises(ChannelError):
        channel.read(headers, body)

"""Bounds: threads kept in memory, and frames kept for a slow reader."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.websockets import WebSocketState

from stream.chat import ChatHub, CloseCode
from stream.chat.incoming import Say
from stream.chat.socket import SocketWriter
from tests.stream.chat.shop import NO_LIMITS, OPEN_ALL_DAY, MemoryStore, ScriptedReplier


class SlowSocket:
    """A websocket whose reader takes nothing until it is let."""

    def __init__(self) -> None:
        self.application_state = WebSocketState.CONNECTED
        self.reading = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self.code: int | None = None

    async def send_text(self, text: str) -> None:
        await self.reading.wait()
        self.sent.append(json.loads(text))

    async def close(self, code: int) -> None:
        self.application_state = WebSocketState.DISCONNECTED
        self.code = code


def _writer(socket: SlowSocket, *, size: int = 3, timeout_s: float = 5.0) -> SocketWriter:
    anything: Any = socket
    return SocketWriter(anything, size=size, send_timeout_s=timeout_s)


async def test_a_reader_too_slow_is_told_so_and_closed() -> None:
    socket = SlowSocket()
    writer = _writer(socket)
    running = asyncio.create_task(writer.run())
    for seq in range(1, 9):
        writer.offer(json.dumps({"seq": seq}), seq=seq)
    socket.reading.set()
    async with asyncio.timeout(60):
        await running
    assert socket.sent[-1]["code"] == "slow_reader"
    assert len(socket.sent) <= 2
    assert socket.code == CloseCode.TIMEOUT


async def test_what_was_given_already_is_not_sent_again() -> None:
    socket = SlowSocket()
    socket.reading.set()
    writer = _writer(socket)
    for seq in (1, 2, 2, 1):
        writer.offer(json.dumps({"seq": seq}), seq=seq)
    await writer.drain()
    assert [frame["seq"] for frame in socket.sent] == [1, 2]


async def test_a_reader_that_takes_nothing_is_given_up_in_time() -> None:
    socket = SlowSocket()
    writer = _writer(socket, timeout_s=0.05)
    writer.offer("{}")
    async with asyncio.timeout(60):
        await writer.run()
    writer.offer("{}")
    assert socket.sent == []


async def test_quiet_threads_are_let_go_and_come_back_as_they_were() -> None:
    store = MemoryStore()
    hub = ChatHub(
        store=store,
        forms=store,
        replier=ScriptedReplier(),
        limits=NO_LIMITS,
        window_s=0.0,
        quiet_threads=2,
        policy=OPEN_ALL_DAY,
    )
    first, visitor = await hub.start(merchant="demo")
    await first.say(Say(client_id="a", text="能拆洗吗"), None)
    while first.answering:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await first.take_over("林小满")
    said = [message.text for message in first.conversation.history]
    for _ in range(3):
        await hub.start(merchant="demo")
    assert len(hub) == 2
    assert hub.live(first.id) is None
    again = await hub.find(first.id, merchant="demo", visitor=visitor)
    assert again is not first
    assert [message.text for message in again.conversation.history] == said
    assert (again.handoff, again.log.head) == ("human", first.log.head)
    await hub.aclose()


async def test_a_thread_that_nobody_touched_for_long_is_let_go() -> None:
    store, now = MemoryStore(), [0.0]
    hub = ChatHub(
        store=store, forms=store, replier=ScriptedReplier(), limits=NO_LIMITS, quiet_s=60, clock=lambda: now[0]
    )
    old, _ = await hub.start(merchant="demo")
    asked, visitor = await hub.start(merchant="demo")
    now[0] = 50
    assert await hub.find(asked.id, merchant="demo", visitor=visitor) is asked
    now[0] = 70
    new, _ = await hub.start(merchant="demo")
    assert hub.live(old.id) is None
    assert hub.threads() == (asked, new)
    now[0] = 200
    listened = ListenerStub()
    await new.attach(listened)
    await hub.start(merchant="demo")
    assert new in hub.threads()
    await hub.aclose()


async def test_a_new_thread_stays_at_hand_however_many_are_listened_to() -> None:
    store = MemoryStore()
    hub = ChatHub(store=store, forms=store, replier=ScriptedReplier(), limits=NO_LIMITS, quiet_threads=2)
    for _ in range(5):
        thread, _ = await hub.start(merchant="demo")
        await thread.attach(ListenerStub())
    new, visitor = await hub.start(merchant="demo")
    assert await hub.find(new.id, merchant="demo", visitor=visitor) is new
    await hub.aclose()


class ListenerStub:
    def offer(self, frame: str, *, seq: int | None = None) -> None:
        """Hear nothing."""


async def test_finding_a_conversation_twice_at_once_gives_one_thread() -> None:
    store = MemoryStore()
    hub = ChatHub(store=store, forms=store, replier=ScriptedReplier(), limits=NO_LIMITS, policy=OPEN_ALL_DAY)
    row = await store.open_conversation(merchant="demo", channel="chat", visitor="v")
    one, two = await asyncio.gather(*(hub.find(row.id, merchant="demo", visitor="v") for _ in range(2)))
    assert one is two
    await hub.aclose()

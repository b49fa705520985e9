"""The room socket over a real websocket, with a room that only keeps its feed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from stream.chat.limit import Rate
from stream.room.broadcast import Broadcast
from stream.room.protocol import Message, ProtocolError
from stream.room.socket import CLOSE_NO_ROOM, Limits, create_room_router


class Room:
    """Shows every comment at once."""

    def __init__(self) -> None:
        self.merchant = "demo"
        self.feed = Broadcast()
        self.likes = 0

    def welcome(self) -> Message:
        return {"seq": self.feed.seq, "shop": "栖木家居", "products": []}

    async def comment(self, *, visitor: str, client_id: str, text: str) -> None:
        if text == "打烊":
            self.feed.close()
            return
        if text == "滚":
            raise ProtocolError("unwanted", "请好好说话。")
        self.feed.publish("comment", id=client_id, text=text)

    def like(self) -> None:
        self.likes += 1


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def client(room: Room) -> Iterator[TestClient]:
    def still() -> float:
        return 0.0

    async def staff(secret: str, merchant: str) -> bool:
        return (secret, merchant) == ("good", "demo")

    limits = Limits(clock=still, comments=Rate(3, 0.1), likes=Rate(5, 1))
    app = FastAPI()
    app.include_router(create_room_router({"demo": room}, limits=limits, staff=staff))
    with TestClient(app) as test_client:
        yield test_client


def _join(socket: Any, **hello: object) -> Message:
    socket.send_json({"type": "hello", "protocol": 1, **hello})
    welcome: Message = socket.receive_json()
    assert welcome["type"] == "welcome"
    return welcome


def test_a_viewer_is_welcomed_and_sees_what_is_said(client: TestClient, room: Room) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        assert _join(socket)["shop"] == "栖木家居"
        assert room.feed.readers == 1
        socket.send_json({"type": "comment", "client_id": "a", "text": "多少钱"})
        assert socket.receive_json()["text"] == "多少钱"
    assert room.feed.readers == 0


def test_a_viewer_who_comes_back_gets_what_was_missed(client: TestClient, room: Room) -> None:
    for text in "一二三":
        room.feed.publish("comment", text=text)
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket, after_seq=1)
        assert [socket.receive_json()["text"] for _ in range(2)] == ["二", "三"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [("nonsense", "bad_json"), ('{"type":"comment","client_id":"a","text":"' + "好" * 100_000 + '"}', "too_large")],
)
def test_a_bad_frame_is_named_and_the_socket_stays_open(client: TestClient, raw: str, code: str) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket)
        socket.send_text(raw)
        assert socket.receive_json()["code"] == code
        socket.send_json({"type": "ping"})
        assert socket.receive_json() == {"type": "pong"}


def test_what_a_page_says_into_a_socket_that_was_closed_meanwhile_breaks_nothing(client: TestClient) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket)
        socket.send_json({"type": "comment", "client_id": "a", "text": "打烊"})
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == CLOSE_NO_ROOM
        socket.send_json({"type": "ping"})


def test_an_unwanted_comment_is_answered_with_a_reason(client: TestClient) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket)
        socket.send_json({"type": "comment", "client_id": "a", "text": "滚"})
        expected = {"type": "error", "code": "unwanted", "message": "请好好说话。", "client_id": "a"}
        assert socket.receive_json() == expected


def test_a_viewer_who_talks_too_fast_is_told_how_long_to_wait(client: TestClient) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket)
        for number in range(3):
            socket.send_json({"type": "comment", "client_id": str(number), "text": "在吗"})
            assert socket.receive_json()["type"] == "comment"
        socket.send_json({"type": "comment", "client_id": "4", "text": "在吗"})
        error = socket.receive_json()
        assert (error["code"], error["client_id"], error["retry_after_ms"]) == ("rate", "4", 10_000)


def test_hearts_are_counted_up_to_the_limit(client: TestClient, room: Room) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket)
        for _ in range(9):
            socket.send_json({"type": "like"})
        socket.send_json({"type": "ping"})
        socket.receive_json()
        assert room.likes == 5


def test_words_before_hello_close_the_socket(client: TestClient) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        socket.send_json({"type": "like"})
        assert socket.receive_json()["code"] == "hello_first"
        assert socket.receive()["code"] == 1008


def test_a_room_that_does_not_exist_is_named(client: TestClient) -> None:
    with client.websocket_connect("/ws/rooms/nowhere") as socket:
        assert socket.receive_json()["code"] == "no_room"
        assert socket.receive()["code"] == 4404


def test_a_room_that_goes_off_air_lets_its_pages_go_so_that_they_find_the_next_one(
    client: TestClient, room: Room
) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket)
        room.feed.publish("state", state="stopped")
        room.feed.close()
        assert socket.receive_json()["state"] == "stopped"
        assert socket.receive()["code"] == 4404


def test_errors_are_told_in_the_viewer_s_language_and_before_that_in_both(client: TestClient) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket, locale="en-GB")
        socket.send_json({"type": "comment", "client_id": "a", "text": " "})
        assert socket.receive_json()["message"] == "The comment is empty."
    with client.websocket_connect("/ws/rooms/demo") as socket:
        _join(socket)
        socket.send_json({"type": "comment", "client_id": "a", "text": " "})
        assert socket.receive_json()["message"] == "评论是空的，写点什么再发。"
    with client.websocket_connect("/ws/rooms/nowhere") as socket:
        assert socket.receive_json()["message"].endswith(" / There is no such room.")
    with client.websocket_connect("/ws/rooms/demo") as socket:
        socket.send_json({"type": "hello", "protocol": 9, "locale": "en"})
        assert socket.receive_json()["message"] == "Version 1 of the protocol is spoken here."


def test_who_looks_after_the_room_is_not_counted_and_hears_all(client: TestClient, room: Room) -> None:
    with client.websocket_connect("/ws/rooms/demo") as viewer, client.websocket_connect("/ws/rooms/demo") as operator:
        _join(viewer)
        _join(operator, operator="good")
        assert room.feed.readers == 1
        viewer.send_json({"type": "comment", "client_id": "a", "text": "多少钱"})
        assert operator.receive_json()["text"] == "多少钱"
    assert room.feed.readers == 0


def test_a_token_of_nobody_here_is_turned_away(client: TestClient, room: Room) -> None:
    with client.websocket_connect("/ws/rooms/demo") as socket:
        socket.send_json({"type": "hello", "protocol": 1, "operator": "bad"})
        assert socket.receive_json()["code"] == "operator"
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()
    assert room.feed.readers == 0

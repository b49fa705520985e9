"""The protocol over a real websocket."""

from __future__ import annotations

from tests.stream.chat.shop import client, open_shop


async def test_a_question_is_acknowledged_and_answered_under_one_seq() -> None:
    async with open_shop() as shop, client(shop) as visitor:
        await visitor.send(type="message", client_id="a", text="能拆洗吗")
        message = await visitor.next("message")
        ack = next(frame for frame in visitor.frames if frame["type"] == "ack")
        deltas = [frame for frame in visitor.frames if frame["type"] == "delta"]
        assert ack == {"type": "ack", "client_id": "a", "seq": 1}
        assert {delta["seq"] for delta in deltas} == {message["seq"]} == {2}
        assert "".join(delta["text"] for delta in deltas) == message["text"]
        assert message["citations"][0]["file"] == "care-guide.pdf"
        assert message["suggestions"]

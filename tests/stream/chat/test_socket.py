"""The protocol over a real websocket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dialogue.handoff import HandoffPolicy
from stream.chat import CloseCode, Rate
from tests.stream.chat.shop import NO_LIMITS, Client, MemoryStore, ScriptedReplier, Shop, client, open_shop


async def _closing(shop: Shop, *frames: dict[str, object] | str | bytes, path: str = "demo", **options: object) -> int:
    """Send frames and read until the server closes: its code."""
    url = shop.url.replace("/demo", f"/{path}")
    async with connect(url, **options) as socket:  # type: ignore[arg-type]
        for frame in frames:
            await socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(60):
                while True:
                    await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


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


async def test_welcome_says_who_answers_and_that_it_is_an_ai() -> None:
    async with open_shop() as shop, client(shop) as visitor:
        welcome = visitor.frames[0]
        assert welcome["protocol"] == 1
        assert "AI" in welcome["ai_notice"]
        assert welcome["token"]
        assert (welcome["name"], welcome["seq"], welcome["handoff"]) == ("栖木家居", 0, "ai")


async def test_a_message_within_the_window_retracts_and_both_are_answered_together() -> None:
    async with open_shop(window_s=3.0) as shop, client(shop) as visitor:
        await visitor.send(type="message", client_id="a", text="这个沙发")
        await visitor.next("delta")
        await visitor.send(type="message", client_id="b", text="多少钱")
        retract = await visitor.next("retract")
        message = await visitor.next("message")
        assert retract["seq"] == 2
        assert message["seq"] == 4
        assert "这个沙发、多少钱" in message["text"]
        assert shop.replier.asked == ["这个沙发", "这个沙发\n多少钱"]


async def test_a_client_id_sent_again_is_acknowledged_again_and_answered_once() -> None:
    async with open_shop(window_s=0.0) as shop, client(shop) as visitor:
        for _ in range(2):
            await visitor.send(type="message", client_id="a", text="能拆洗吗")
        await visitor.next("message")
        await visitor.send(type="ping")
        await visitor.next("pong")
        acks = [frame["seq"] for frame in visitor.frames if frame["type"] == "ack"]
        assert acks == [1, 1]
        assert shop.replier.asked == ["能拆洗吗"]


async def test_reconnecting_mid_answer_goes_on_with_nothing_twice_and_nothing_lost() -> None:
    async with open_shop(replier=ScriptedReplier(pause_s=0.15)) as shop:
        async with client(shop) as visitor:
            await visitor.send(type="message", client_id="a", text="能拆洗吗")
            await visitor.next("delta")
            welcome = visitor.frames[0]
        hello = {"token": welcome["token"], "conversation": welcome["conversation"], "after_seq": 1}
        async with client(shop, **hello) as again:
            message = await again.next("message")
            deltas = [frame for frame in again.frames if frame["type"] == "delta"]
            assert deltas[0]["offset"] == 0
            assert "".join(delta["text"] for delta in deltas) == message["text"]
            assert [frame["seq"] for frame in again.frames if frame["type"] == "message"] == [2]
            assert shop.replier.asked == ["能拆洗吗"]


async def test_what_happened_while_away_is_replayed_in_order() -> None:
    async with open_shop(window_s=0.0) as shop, client(shop) as first:
        for name in "abc":
            await first.send(type="message", client_id=name, text=f"问题{name}")
            await first.next("message")
        welcome = first.frames[0]
        hello = {"token": welcome["token"], "conversation": welcome["conversation"], "after_seq": 2}
        async with client(shop, **hello) as second:
            assert second.frames[0]["seq"] == 6
            replayed = [await second.next() for _ in range(4)]
            assert [frame["seq"] for frame in replayed] == [3, 4, 5, 6]
            assert [frame["role"] for frame in replayed] == ["visitor", "assistant"] * 2


async def test_a_second_tab_sees_the_same_conversation_live() -> None:
    async with open_shop(window_s=0.0) as shop, client(shop) as first:
        welcome = first.frames[0]
        async with client(shop, token=welcome["token"], conversation=welcome["conversation"]) as second:
            await first.send(type="message", client_id="a", text="能拆洗吗")
            own = await second.next("message")
            answer = await second.next("message")
            assert (own["role"], own["client_id"], own["seq"]) == ("visitor", "a", 1)
            assert answer["seq"] == 2
            assert not [frame for frame in first.frames if frame.get("role") == "visitor"]


async def test_a_restart_answers_what_was_left_unanswered() -> None:
    store = MemoryStore()
    async with open_shop(store=store, replier=ScriptedReplier(pause_s=5)) as shop, client(shop) as visitor:
        await visitor.send(type="message", client_id="a", text="能拆洗吗")
        await visitor.next("ack")
        welcome = visitor.frames[0]
    async with open_shop(store=store) as shop:
        hello = {"token": welcome["token"], "conversation": welcome["conversation"], "after_seq": 1}
        async with client(shop, **hello) as visitor:
            assert "能拆洗吗" in (await visitor.next("message"))["text"]


async def test_a_contact_in_a_message_is_a_lead_before_the_answer() -> None:
    async with open_shop(window_s=0.0) as shop, client(shop) as visitor:
        await visitor.send(type="message", client_id="a", text="我的电话13805716021")
        kinds = [(await visitor.next())["type"] for _ in range(2)]
        assert kinds == ["ack", "lead_saved"]


async def test_the_form_is_checked_saved_and_saved_once() -> None:
    async with open_shop() as shop, client(shop) as visitor:
        consent = {"granted": True, "purpose": "报价", "policy_version": "contact-1"}
        await visitor.send(type="lead", client_id="x", fields={"phone": "138"}, consent=consent)
        error = await visitor.next("error")
        assert (error["code"], error["field"], error["client_id"]) == ("lead_invalid", "phone", "x")
        for _ in range(2):
            await visitor.send(type="lead", client_id="l", fields={"phone": "13805716021"}, consent=consent)
        first, second = await visitor.next("lead_saved"), await visitor.next("lead_saved")
        assert first["seq"] == second["seq"]
        assert len(shop.store.logs[visitor.frames[0]["conversation"]]) == 1


async def test_without_consent_nothing_is_stored_and_a_refusal_is_kept() -> None:
    async with open_shop() as shop, client(shop) as visitor:
        no = {"granted": False}
        await visitor.send(type="lead", client_id="x", fields={"phone": "13805716021"}, consent=no)
        assert (await visitor.next("error"))["code"] == "consent_required"
        await visitor.send(type="lead", client_id="y", fields={}, consent=no)
        await visitor.next("ack")
        assert shop.store.declined == [visitor.frames[0]["conversation"]]
        assert not shop.store.logs[visitor.frames[0]["conversation"]]


async def test_a_colleague_takes_over_and_the_ai_is_silent_until_given_back() -> None:
    async with open_shop(window_s=0.0) as shop, client(shop) as visitor:
        await visitor.send(type="handoff", client_id="h")
        assert (await visitor.next("handoff"))["state"] == "requested"
        thread = shop.hub.live(visitor.frames[0]["conversation"])
        assert thread is not None
        await thread.operator_says("您好，我是小满", operator="林小满")
        assert (await visitor.next("handoff"))["name"] == "林小满"
        assert (await visitor.next("message"))["role"] == "operator"
        await visitor.send(type="message", client_id="a", text="换新吧")
        await visitor.next("ack")
        await visitor.send(type="handoff", client_id="b", to="ai")
        assert (await visitor.next("handoff"))["state"] == "returned"
        await visitor.send(type="message", client_id="c", text="几天到")
        assert "几天到" in (await visitor.next("message"))["text"]
        said = [frame for frame in visitor.frames if frame.get("role") == "assistant"]
        assert len(said) == 1


async def test_nobody_comes_so_a_call_back_is_offered() -> None:
    policy = HandoffPolicy(opens=HandoffPolicy().opens, closes=HandoffPolicy().opens, wait_s=0.1)
    async with open_shop(policy=policy) as shop, client(shop) as visitor:
        await visitor.send(type="handoff", client_id="h")
        states = [(await visitor.next("handoff"))["state"] for _ in range(2)]
        form = await visitor.next("lead_form")
        assert states == ["requested", "callback"]
        assert "phone" in form["fields"]


async def test_stop_keeps_what_was_said() -> None:
    async with open_shop(replier=ScriptedReplier(pause_s=5)) as shop, client(shop) as visitor:
        await visitor.send(type="message", client_id="a", text="能拆洗吗")
        delta = await visitor.next("delta")
        await visitor.send(type="stop")
        assert (await visitor.next("message"))["text"] == delta["text"]
        assert shop.replier.cancelled == 1


async def test_a_broken_engine_is_told_and_the_conversation_goes_on() -> None:
    async with open_shop(window_s=0.0) as shop, client(shop) as visitor:
        await visitor.send(type="message", client_id="a", text="故障")
        assert (await visitor.next("error"))["code"] == "answer_failed"
        await visitor.send(type="message", client_id="b", text="能拆洗吗")
        assert "能拆洗吗" in (await visitor.next("message"))["text"]


async def test_feedback_is_kept_and_told_to_nobody() -> None:
    async with open_shop(window_s=0.0) as shop, client(shop) as visitor:
        await visitor.send(type="message", client_id="a", text="能拆洗吗")
        seq = (await visitor.next("message"))["seq"]
        await visitor.send(type="feedback", seq=seq, score=1)
        await visitor.send(type="feedback", seq=99, score=1)
        assert (await visitor.next("error"))["code"] == "unknown_seq"
        log = shop.store.logs[visitor.frames[0]["conversation"]]
        assert (log[-1].kind, log[-1].payload) == ("feedback", {"seq": seq, "score": 1})


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("not json", "bad_json"),
        (b"\x00\x01", "bad_json"),
        ("[]", "bad_json"),
        ('{"type":"nonsense"}', "unknown_type"),
        ('{"type":"message","client_id":"a"}', "bad_frame"),
        ('{"type":"message","client_id":"空 格","text":"a"}', "bad_frame"),
        ('{"type":"message","client_id":"a","text":"   "}', "bad_frame"),
        (json.dumps({"type": "message", "client_id": "a", "text": "长" * 2001}), "too_long"),
        ("x" * 20_000, "too_large"),
        ('{"type":"hello","protocol":1}', "bad_frame"),
    ],
)
async def test_a_bad_frame_gets_one_clear_line_and_the_socket_stays(raw: str | bytes, code: str) -> None:
    async with open_shop() as shop, client(shop) as visitor:
        await visitor.socket.send(raw)
        error = await visitor.next("error")
        assert error["code"] == code
        assert "\n" not in error["message"]
        await visitor.send(type="ping")
        await visitor.next("pong")


async def test_close_codes_say_why() -> None:
    async with open_shop(limits=replace(NO_LIMITS, hello_timeout_s=0.2)) as shop:
        assert await _closing(shop) == CloseCode.TIMEOUT
    async with open_shop() as shop:
        assert await _closing(shop, path="nobody") == CloseCode.UNKNOWN_MERCHANT
        assert await _closing(shop, {"type": "ping"}) == CloseCode.BAD_FRAMES
        assert await _closing(shop, {"type": "hello", "protocol": 9}) == CloseCode.PROTOCOL
        assert await _closing(shop, {"type": "hello", "protocol": 1, "token": "x"}) == CloseCode.TOKEN
        assert await _closing(shop, {"type": "hello", "protocol": 1, "conversation": "c"}) == CloseCode.TOKEN
        assert await _closing(shop, *["nonsense"] * 2) == CloseCode.BAD_FRAMES
        assert await _closing(shop, origin="https://thief.example") == CloseCode.FORBIDDEN


async def test_allowed_and_own_origins_may_embed() -> None:
    async with open_shop() as shop:
        for origin in ("https://shop.example", f"http://127.0.0.1:{shop.port}"):
            async with connect(shop.url, origin=origin) as socket:  # type: ignore[arg-type]
                visitor = Client(socket)
                await visitor.send(type="hello", protocol=1)
                await visitor.next("welcome")


async def test_a_token_is_good_for_its_own_conversation_only_and_runs_out() -> None:
    now = [1_000_000.0]
    async with open_shop(token_ttl_s=100, wall=lambda: now[0]) as shop, client(shop) as first, client(shop) as second:
        mine, other = first.frames[0], second.frames[0]
        hello = {"type": "hello", "protocol": 1, "token": mine["token"], "conversation": other["conversation"]}
        assert await _closing(shop, hello) == CloseCode.TOKEN
        now[0] += 60
        await first.send(type="ping")
        fresh = (await first.next("pong"))["token"]
        now[0] += 60
        hello = {"type": "hello", "protocol": 1, "token": mine["token"], "conversation": mine["conversation"]}
        assert await _closing(shop, hello) == CloseCode.TOKEN
        async with client(shop, token=fresh, conversation=mine["conversation"]) as again:
            assert again.frames[0]["type"] == "welcome"


async def test_too_fast_is_refused_with_a_time_and_then_taken() -> None:
    limits = replace(NO_LIMITS, visitor_messages=Rate(2, 0.5))
    async with open_shop(limits=limits, window_s=0.0) as shop, client(shop) as visitor:
        for name in "abc":
            await visitor.send(type="message", client_id=name, text="在吗")
        error = await visitor.next("error")
        assert (error["code"], error["client_id"]) == ("rate_limited", "c")
        assert 0 < error["retry_after_ms"] <= 2000
        await asyncio.sleep(error["retry_after_ms"] / 1000)
        await visitor.send(type="message", client_id="c", text="在吗")
        while (await visitor.next("ack"))["client_id"] != "c":
            pass


async def test_sockets_beyond_the_limits_are_turned_away() -> None:
    async with open_shop(limits=replace(NO_LIMITS, sockets=1)) as shop, client(shop):
        assert await _closing(shop) == CloseCode.OVERLOADED
    async with open_shop(limits=replace(NO_LIMITS, address_opens=Rate(1, 0.01))) as shop, client(shop):
        assert await _closing(shop) == CloseCode.TOO_MANY


async def test_one_tab_too_many_closes_the_oldest() -> None:
    async with open_shop(limits=replace(NO_LIMITS, sockets_per_conversation=1)) as shop, client(shop) as first:
        welcome = first.frames[0]
        async with client(shop, token=welcome["token"], conversation=welcome["conversation"]):
            with pytest.raises(ConnectionClosed) as closed:
                await first.next("pong")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == CloseCode.REPLACED


async def test_an_idle_socket_is_taken_back() -> None:
    async with open_shop(limits=replace(NO_LIMITS, idle_timeout_s=0.2)) as shop, client(shop) as visitor:
        with pytest.raises(ConnectionClosed) as closed:
            await visitor.next("pong")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == CloseCode.TIMEOUT

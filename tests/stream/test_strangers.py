"""What strangers send: mangled offers through the real negotiation, and rubbish at a viewer's port."""

import asyncio
import random
import socket

import pylibsrtp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.viewer.fanout import Hub
from stream.viewer.outgoing import OutgoingStream
from stream.viewer.peer import OfferError, ViewerPeer
from stream.viewer.whep import SDP_TYPE, Refusal, check_offer
from stream.viewer.wire import Leg, Numbers, Route, Scratch
from tests.stream.live import Watcher, make_room, on_air
from tests.stream.lossy import server_address
from tests.stream.test_whep import OFFER

LINES = OFFER.split("\r\n")


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """An offer with a few lines dropped, doubled, swapped or overwritten: wrong where it hurts, not at the door."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["drop", "double", "swap", "number", "cut"]))
        if kind == "drop":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == "number":
            lines[at] = "".join(draw(st.sampled_from("0199x")) if char.isdigit() else char for char in lines[at])
        else:
            lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
    return "\r\n".join(lines)


async def negotiate(offer: str) -> str:
    """What the offer came to: refused, unanswerable or answered. Anything else is a bug."""
    try:
        checked = check_offer(SDP_TYPE, offer.encode(), "192.0.2.7")
    except Refusal:
        return "refused"
    hubs = {
        "video": Hub("high", video=True, clock_rate=90_000),
        "audio": Hub("audio", video=False, clock_rate=48_000),
    }
    peer = ViewerPeer(scratch=Scratch(), **hubs)
    try:
        async with asyncio.timeout(60):
            await peer.answer(checked)
    except OfferError as exc:
        assert "\n" not in str(exc)
        return "unanswerable"
    finally:
        async with asyncio.timeout(60):
            await peer.aclose()
    return "answered"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_mutated_offer_is_refused_unanswerable_or_answered(offer: str) -> None:
    assert asyncio.run(negotiate(offer)) in ("refused", "unanswerable", "answered")


async def test_the_unmutated_offer_is_answered() -> None:
    assert await negotiate(OFFER) == "answered"


@pytest.mark.parametrize("first", [0, 22, 100, 128, 144, 200])
async def test_rubbish_at_a_viewers_port_disturbs_nobody(first: int) -> None:
    room = make_room()
    async with on_air(room) as url:
        watcher = Watcher(url)
        await watcher.join()
        await watcher.frame()
        address = server_address(watcher.pc.remoteDescription.sdp)
        rng = random.Random(first)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(500):
                stranger.sendto(bytes((first,)) + rng.randbytes(rng.randrange(1, 200)), address)
        for _ in range(30):
            await watcher.frame()
        assert room.audience.connected == 1
        await watcher.close()


async def test_an_address_that_offers_and_never_answers_keeps_only_itself_out() -> None:
    room = make_room(offers_per_s=200, half_open_s=600)
    await room.start()
    try:
        audience = room.audience
        while audience.half_open < 64:
            await audience.join(check_offer(SDP_TYPE, OFFER.encode(), "192.0.2.66"), "192.0.2.66")
        with pytest.raises(Refusal, match="connecting"):
            await audience.join(check_offer(SDP_TYPE, OFFER.encode(), "192.0.2.66"), "192.0.2.66")
        session, _ = await audience.join(check_offer(SDP_TYPE, OFFER.encode(), "192.0.2.7"), "192.0.2.7")
        assert session.id in audience.viewers
        assert audience.half_open == 64
        assert audience.reaped == 1
    finally:
        await room.stop()


async def test_a_viewer_without_rtx_who_asks_for_a_packet_of_long_ago_goes_unanswered_and_stays() -> None:
    """SRTP uses no number from before its replay window again (RFC 3711 section 3.3.2)."""
    sent: list[bytes] = []

    class Plain:
        def route(self) -> Route:
            return Route(srtp, None, None, lambda packet: sent.append(packet) is None)

        def close(self) -> None:
            return

    policy = pylibsrtp.Policy(key=bytes(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    policy.allow_repeat_tx, policy.window_size = True, 1024
    session = pylibsrtp.Session(policy)
    srtp = session._srtp[0]
    hub = Hub("audio", video=False, clock_rate=48_000)
    stream = OutgoingStream(hub, Leg(Plain(), Numbers(ssrc=7, payload_type=96), Scratch()), seq=0, timestamp_offset=0)
    stream.start()
    for number in range(1500):
        hub.publish((b"x",), number * 960, key=True, ntp=0)
    stream.retransmit(1400)
    stream.retransmit(10)
    assert len(sent) == 1501
    assert (hub.nacks, hub.resent) == (2, 1)

"""The private names of other packages that `stream.viewer.adapter` and `wire` live on; fails on another version."""

import importlib.metadata
import inspect

import aioice
import aioice.turn
import pylibsrtp
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender
from aiortc.rtcdtlstransport import State

from stream.viewer.adapter import _FanoutSender


def test_the_version_is_the_one_the_names_were_read_from() -> None:
    assert importlib.metadata.version("aiortc") == "1.16.0"


@pytest.mark.parametrize("name", ["_run_rtp", "_run_rtcp", "_handle_rtcp_packet", "_send_rtcp"])
def test_the_sender_has_the_methods_that_are_replaced_or_used(name: str) -> None:
    assert inspect.iscoroutinefunction(getattr(RTCRtpSender, name))
    assert list(inspect.signature(getattr(RTCRtpSender, name)).parameters) == list(
        inspect.signature(getattr(_FanoutSender, name)).parameters
    )


@pytest.mark.parametrize(
    "name", ["rtp_started", "rtp_exited", "rtcp_started", "rtcp_exited", "mid", "cname", "rtx_payload_type"]
)
async def test_the_sender_keeps_its_state_under_these_names(name: str) -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender = pc.addTransceiver("video").sender
    assert f"_RTCRtpSender__{name}" in vars(sender)
    ids = vars(sender)["_RTCRtpSender__rtp_header_extensions_map"]._HeaderExtensionsMap__ids
    assert {"mid", "abs_send_time"} <= set(vars(ids))
    await pc.close()


async def test_transports_keep_their_state_under_these_names() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    dtls = pc.addTransceiver("video").sender.transport
    assert dtls._state is State.NEW
    assert dtls._tx_srtp is None
    ice = dtls.transport
    assert inspect.ismethod(ice._recv)
    assert inspect.ismethod(ice._send)
    assert ice.iceGatherer._remote_candidates_end is False
    assert ice.iceGatherer._connection is ice._connection
    assert {"_nominated", "_event_waiter", "_queue", "_transport_policy", "turn_ssl", "turn_transport"} <= set(
        vars(ice._connection)
    )
    await pc.close()


def test_a_turn_transport_keeps_its_pending_sends_under_this_name() -> None:
    transport = aioice.turn.TurnTransport(None)  # type: ignore[arg-type]
    assert vars(transport)["_TurnTransport__send_tasks"] == set()
    assert "_TurnTransport__inner_protocol" in vars(transport)


def test_srtp_can_be_called_without_its_wrapper() -> None:
    from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]

    policy = pylibsrtp.Policy(key=bytes(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    session = pylibsrtp.Session(policy)
    packet = bytes((0x80, 96, 0, 1)) + bytes(8) + b"payload"
    buffer = ffi.new("char[]", 1500)
    view, length = ffi.buffer(buffer), ffi.new("int *")
    view[0 : len(packet)] = packet
    length[0] = len(packet)
    assert lib.srtp_protect(session._srtp[0], buffer, length) == 0
    assert length[0] == len(packet) + 10


def test_connections_are_made_of_these_arguments() -> None:
    wanted = {
        "ice_controlling",
        "stun_server",
        "turn_server",
        "turn_username",
        "turn_password",
        "turn_ssl",
        "transport_policy",
    }
    assert wanted <= set(inspect.signature(aioice.Connection).parameters)

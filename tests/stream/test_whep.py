"""WHEP without a network: what a request is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.viewer.whep import (
    BODY_MAX,
    FRAGMENT_TYPE,
    SDP_TYPE,
    Admission,
    Fragment,
    Refusal,
    Session,
    answer_fragment,
    check_bearer,
    check_offer,
    link_headers,
    new_session,
    parse_fragment,
    party,
)

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
OFFER = (
    "\r\n".join(
        [
            "v=0",
            "o=- 1 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0 1",
            "m=video 9 UDP/TLS/RTP/SAVPF 96",
            "c=IN IP4 0.0.0.0",
            "a=mid:0",
            "a=recvonly",
            "a=rtcp-mux",
            "a=ice-ufrag:abcd",
            "a=ice-pwd:0123456789abcdefghijkl",
            f"a=fingerprint:{FINGERPRINT}",
            "a=setup:actpass",
            "a=rtpmap:96 H264/90000",
            "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
            "a=candidate:1 1 udp 2122260223 5f1d3ee1-5f5a-4c2c-9b0e-0b1a2c3d4e5f.local 54321 typ host",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "c=IN IP4 0.0.0.0",
            "a=mid:1",
            "a=recvonly",
            "a=rtcp-mux",
            "a=ice-ufrag:abcd",
            "a=ice-pwd:0123456789abcdefghijkl",
            f"a=fingerprint:{FINGERPRINT}",
            "a=setup:actpass",
            "a=rtpmap:111 opus/48000/2",
        ]
    )
    + "\r\n"
)


def refusal(offer: str | bytes, content_type: str | None = SDP_TYPE) -> Refusal:
    body = offer.encode() if isinstance(offer, str) else offer
    with pytest.raises(Refusal) as caught:
        check_offer(content_type, body, "192.0.2.7")
    return caught.value


def test_a_hidden_candidate_is_given_the_viewers_address() -> None:
    offer = check_offer(SDP_TYPE, OFFER.encode(), "192.0.2.7")
    assert "a=candidate:1 1 udp 2122260223 192.0.2.7 54321 typ host" in offer
    assert ".local" not in offer


def test_a_hidden_candidate_stays_when_the_address_is_no_address() -> None:
    assert ".local" in check_offer(SDP_TYPE, OFFER.encode(), "testclient")


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/sdpx"])
def test_another_media_type_is_415(content_type: str | None) -> None:
    assert refusal(OFFER, content_type).status == 415


def test_parameters_and_case_of_the_media_type_do_not_matter() -> None:
    assert check_offer("Application/SDP; charset=utf-8", OFFER.encode(), None)


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        ("", "no SDP"),
        ("hello", "no SDP"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("v=0\r\n", "0 media sections"),
        (OFFER.replace("m=video", "m=audio"), "no video"),
        (OFFER.replace("m=audio", "m=application"), "only audio and video"),
        (OFFER.replace("m=audio", "m=video"), "more than one video"),
        (OFFER.replace("H264", "VP9"), "no H264"),
        (OFFER.replace("a=ice-ufrag:abcd\r\n", ""), "ICE user name"),
        (OFFER.replace("a=ice-pwd:0123456789abcdefghijkl", "a=ice-pwd:short"), "ICE user name"),
        (OFFER.replace(f"a=fingerprint:{FINGERPRINT}\r\n", ""), "fingerprint"),
        (OFFER.replace(FINGERPRINT, "md5 AB:CD"), "fingerprint"),
        (OFFER.replace("a=recvonly", "a=sendonly"), "does not want to receive"),
        (OFFER + "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n" * 200, "candidates"),
    ],
)
def test_a_wrong_offer_is_400_with_one_clear_line(offer: str | bytes, said: str) -> None:
    found = refusal(offer)
    assert found.status == 400
    assert said in str(found)
    assert "\n" not in str(found)


def test_a_huge_offer_is_413() -> None:
    assert refusal("v=0\r\n" + "a" * BODY_MAX).status == 413


@given(st.text(max_size=400), st.integers(0, len(OFFER)), st.integers(0, 200))
def test_a_mangled_offer_is_refused_or_checked_but_never_breaks(junk: str, at: int, cut: int) -> None:
    try:
        checked = check_offer(SDP_TYPE, (OFFER[:at] + junk + OFFER[at + cut :]).encode(), "192.0.2.7")
    except Refusal as found:
        assert found.status in (400, 413)
    else:
        assert checked.startswith("v=0")


@given(st.binary(max_size=300))
def test_a_mangled_fragment_is_refused_or_read_but_never_breaks(body: bytes) -> None:
    try:
        parse_fragment(FRAGMENT_TYPE, body, None)
    except Refusal as found:
        assert found.status == 400


def test_a_fragment_gives_credentials_candidates_and_the_end() -> None:
    body = (
        "a=ice-ufrag:wxyz\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\na=end-of-candidates\r\n"
    )
    found = parse_fragment(FRAGMENT_TYPE, body.encode(), None)
    candidate = "candidate:1 1 udp 1 192.0.2.1 5000 typ host"
    assert found == Fragment("wxyz", "abcdefghijklmnopqrstuv", (candidate,), True)


def test_the_answering_fragment_can_be_read_again() -> None:
    text = answer_fragment("wxyz", "abcdefghijklmnopqrstuv", ["candidate:1 1 udp 1 192.0.2.1 5000 typ host"])
    assert parse_fragment(FRAGMENT_TYPE, text.encode(), None).ufrag == "wxyz"


def trickle(ufrag: str = "abcd") -> Fragment:
    return Fragment(ufrag, "0123456789abcdefghijkl", (), True)


def test_a_patch_needs_the_etag_and_a_restart_the_star() -> None:
    session = Session("id", '"tag"', "abcd")
    assert session.check_patch('"tag"', trickle()) is False
    assert session.check_patch("*", trickle()) is False
    assert session.check_patch("*", trickle("other")) is True
    for if_match, status in ((None, 428), ('"stale"', 412)):
        with pytest.raises(Refusal) as caught:
            session.check_patch(if_match, trickle())
        assert caught.value.status == status
    with pytest.raises(Refusal, match="needs If-Match") as caught:
        session.check_patch('"tag"', trickle("other"))
    assert caught.value.status == 412


def test_a_restart_changes_the_etag() -> None:
    session = Session("id", '"tag"', "abcd")
    session.restarted("efgh")
    assert session.etag != '"tag"'
    assert session.check_patch("*", trickle("efgh")) is False


def test_session_names_cannot_be_guessed() -> None:
    names = {new_session(OFFER).id for _ in range(50)}
    assert len(names) == 50
    assert min(map(len, names)) >= 32


def test_ice_servers_become_links() -> None:
    assert link_headers([("stun:a:3478", "", ""), ("turn:b:3478?transport=udp", "u", "p")]) == [
        '<stun:a:3478>; rel="ice-server"',
        '<turn:b:3478?transport=udp>; rel="ice-server"; username="u"; credential="p"; credential-type="password"',
    ]


def test_a_flood_from_one_address_is_429_and_others_still_come_in() -> None:
    admission = Admission(max_viewers=10, rate=10, burst=20)
    seen = []
    for number in range(1000):
        try:
            admission.knock("a", now_s=number / 1000)
        except Refusal as found:
            seen.append(found)
    assert 960 < len(seen) < 990
    assert {found.status for found in seen} == {429}
    assert seen[0].headers == {"Retry-After": "1"}
    admission.knock("b", now_s=1.0)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:7:1:2:3:4", "20010db800000007::/64"),
        ("2001:db8:0:7::1", "20010db800000007::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80000000000000::/64"),
        ("", ""),
    ],
)
def test_requests_are_counted_by_customer(address: str, counted: str) -> None:
    assert party(address) == counted


def test_a_full_room_and_too_many_half_open_peers_are_503_with_retry_after() -> None:
    admission = Admission(max_viewers=10, max_half_open=5)
    for counts in ((10, 0), (6, 5)):
        with pytest.raises(Refusal) as caught:
            admission.check(viewers=counts[0], half_open=counts[1])
        assert caught.value.status == 503
        assert "Retry-After" in caught.value.headers


@pytest.mark.parametrize("given_header", [None, "", "Bearer", "Bearer wrong", "Basic secret"])
def test_without_the_token_it_is_401(given_header: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        check_bearer(given_header, "secret")
    assert caught.value.status == 401


def test_the_token_lets_in_and_no_token_asks_for_none() -> None:
    check_bearer("bearer secret", "secret")
    check_bearer(None, None)

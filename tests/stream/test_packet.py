"""H.264 payloads: whole again at the other end, and cut for the kernel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.viewer.packet import (
    PAYLOAD_MAX,
    depacketise,
    fragment,
    is_keyframe,
    packetise,
    parameter_sets,
    split_annex_b,
)

START = b"\x00\x00\x00\x01"


def nal(kind: int, size: int) -> bytes:
    # No three-byte start code may stand inside a NAL unit (emulation prevention).
    return bytes((0x60 | kind,)) + (b"\x7f\x80\x81" * (size // 3 + 1))[: size - 1]


nals = st.lists(st.builds(nal, st.sampled_from([1, 5, 6, 7, 8]), st.integers(2, 5000)), min_size=1, max_size=12)


@given(nals)
def test_an_access_unit_survives_its_payloads(units: list[bytes]) -> None:
    data = b"".join(START + unit for unit in units)
    payloads = packetise(data)
    assert all(len(payload) <= PAYLOAD_MAX for payload in payloads)
    assert depacketise(list(payloads)) == data


@given(st.integers(PAYLOAD_MAX + 1, 20_000))
def test_fragments_have_one_size_but_the_last(size: int) -> None:
    sizes = [len(part) for part in fragment(nal(5, size))]
    assert set(sizes[:-1]) == {PAYLOAD_MAX}
    assert sizes[-1] <= PAYLOAD_MAX


def test_first_and_last_fragment_are_marked() -> None:
    parts = fragment(nal(5, 3000))
    assert [part[1] & 0xC0 for part in parts] == [0x80, 0x00, 0x40]


def test_three_and_four_byte_start_codes_split_alike() -> None:
    assert list(split_annex_b(b"\x00\x00\x01\x65ab\x00\x00\x00\x01\x41cd")) == [b"\x65ab", b"\x41cd"]


def test_access_unit_delimiters_are_left_out() -> None:
    assert packetise(START + b"\x09\xf0" + START + nal(1, 10)) == (nal(1, 10),)


def test_parameter_sets_and_keyframes_are_found() -> None:
    data = START + nal(7, 8) + START + nal(8, 4) + START + nal(5, 30)
    assert is_keyframe(data)
    assert parameter_sets(data) == START + nal(7, 8) + START + nal(8, 4)
    assert not is_keyframe(START + nal(1, 30))


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_rubbish_is_refused_or_read_but_never_breaks(payloads: list[bytes]) -> None:
    try:
        depacketise(payloads)
    except ValueError:
        return


def test_a_cut_aggregate_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        depacketise([bytes((0x78, 0, 9, 1))])

"""H.264 in RTP payloads (RFC 6184): pure, and cut so that the kernel can send a frame to a viewer in one call."""

from __future__ import annotations

from collections.abc import Iterator

PAYLOAD_MAX = 1180
"""Largest RTP payload in bytes: with header, extensions, SRTP tag and TURN framing it fits a 1,280-byte path."""

_NAL_TYPE = 0x1F
_STAP_A = 24
_FU_A = 28
_IDR = 5
_SPS = 7
_PPS = 8
_AUD = 9


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B byte stream (ITU-T H.264 B.1.1), without start codes and trailing zeros."""
    start = data.find(b"\x00\x00\x01")
    while start >= 0:
        start += 3
        end = data.find(b"\x00\x00\x01", start)
        nal = data[start:end].rstrip(b"\x00") if end >= 0 else data[start:]
        if nal:
            yield nal
        start = end


def is_keyframe(data: bytes) -> bool:
    """Whether an Annex B access unit holds an IDR picture."""
    return any(nal[0] & _NAL_TYPE == _IDR for nal in split_annex_b(data))


def parameter_sets(data: bytes) -> bytes:
    """The SPS and PPS of an access unit, as an Annex B byte stream; what a muxer calls extradata."""
    return b"".join(b"\x00\x00\x00\x01" + nal for nal in split_annex_b(data) if nal[0] & _NAL_TYPE in (_SPS, _PPS))


def packetise(data: bytes, *, limit: int = PAYLOAD_MAX) -> tuple[bytes, ...]:
    """RTP payloads of one access unit, in order; the last one carries the marker bit.

    Small NAL units share a STAP-A (RFC 6184 section 5.7.1), large ones become FU-A fragments (section 5.8) of one
    size, only the last one shorter, so that UDP segmentation offload can take them together.
    """
    payloads: list[bytes] = []
    small: list[bytes] = []
    size = 1
    for nal in split_annex_b(data):
        if nal[0] & _NAL_TYPE == _AUD:
            continue
        if len(nal) > limit:
            payloads += _aggregate(small)
            payloads += fragment(nal, limit=limit)
            small, size = [], 1
            continue
        if size + 2 + len(nal) > limit:
            payloads += _aggregate(small)
            small, size = [], 1
        small.append(nal)
        size += 2 + len(nal)
    return (*payloads, *_aggregate(small))


def fragment(nal: bytes, *, limit: int = PAYLOAD_MAX) -> list[bytes]:
    """FU-A fragments of a NAL unit longer than `limit`, all `limit` bytes long but the last."""
    indicator = nal[0] & 0xE0 | _FU_A
    kind = nal[0] & _NAL_TYPE
    step = limit - 2
    end = len(nal)
    return [
        bytes((indicator, kind | (0x80 if at == 1 else 0) | (0x40 if at + step >= end else 0))) + nal[at : at + step]
        for at in range(1, end, step)
    ]


def _aggregate(nals: list[bytes]) -> list[bytes]:
    if len(nals) < 2:
        return list(nals)
    importance = max(nal[0] & 0x60 for nal in nals)
    forbidden = max(nal[0] & 0x80 for nal in nals)
    body = b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)
    return [bytes((forbidden | importance | _STAP_A,)) + body]


def depacketise(payloads: list[bytes]) -> bytes:
    """The access unit back from its payloads, as an Annex B byte stream. Raises `ValueError` on what is no H.264."""
    out = bytearray()
    for payload in payloads:
        if not payload:
            raise ValueError("empty payload")
        kind = payload[0] & _NAL_TYPE
        if kind == _STAP_A:
            at = 1
            while at < len(payload):
                size = int.from_bytes(payload[at : at + 2], "big")
                if not size or at + 2 + size > len(payload):
                    raise ValueError("STAP-A is cut off")
                out += b"\x00\x00\x00\x01" + payload[at + 2 : at + 2 + size]
                at += 2 + size
        elif kind == _FU_A:
            if len(payload) < 3:
                raise ValueError("FU-A is cut off")
            if payload[1] & 0x80:
                out += b"\x00\x00\x00\x01" + bytes((payload[0] & 0xE0 | payload[1] & _NAL_TYPE,))
            out += payload[2:]
        else:
            out += b"\x00\x00\x00\x01" + payload
    return bytes(out)

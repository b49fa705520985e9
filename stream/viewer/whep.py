"""WHEP (draft-ietf-wish-whep-03, built on RFC 9725) without I/O: what a request is worth, and what is answered."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from stream.errors import StreamError

SDP_TYPE = "application/sdp"
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"
BODY_MAX = 64 << 10
"""Bytes of a request's body; offers of browsers have 3 to 8 KiB."""
HALF_OPEN_S = 15.0
"""A viewer that has not connected by then is dropped."""
_MEDIA_MAX = 8
_CANDIDATES_MAX = 128
_LOCAL_NAME = re.compile(r"(?<= )[0-9a-zA-Z-]{1,63}\.local(?= )")
_FINGERPRINT = re.compile(r"sha-(256|384|512) ([0-9A-F]{2}:){31,63}[0-9A-F]{2}", re.IGNORECASE)
_ICE_CHARS = re.compile(r"[A-Za-z0-9+/]+")

EXPOSED = "Location, Link, ETag, Accept-Post, Accept-Patch, Retry-After"


class Refusal(StreamError):
    """A request that is answered with an error status and one clear line."""

    def __init__(self, status: int, line: str, **headers: str) -> None:
        super().__init__(line)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Fragment:
    """A trickled SDP fragment (RFC 8840)."""

    ufrag: str
    password: str
    candidates: tuple[str, ...]
    """`candidate:` attribute values."""
    end: bool


def check_offer(content_type: str | None, body: bytes, address: str | None) -> str:
    """The offer's SDP, ready for negotiation. Raises `Refusal`: 415 or 400.

    Candidates under mDNS names (draft-ietf-mmusic-mdns-ice-candidates) are given the viewer's HTTP address, which
    saves the second that resolving them takes; if it is a proxy's, the viewer's own checks find the way.
    """
    _check_type(content_type, SDP_TYPE)
    text = _text(body)
    lines = text.splitlines()
    if not lines or lines[0].strip() != "v=0":
        raise Refusal(400, "the body is no SDP: it does not begin with v=0")
    media = [line[2:].split() for line in lines if line.startswith("m=")]
    if not media or len(media) > _MEDIA_MAX:
        raise Refusal(400, f"the offer has {len(media)} media sections; 1 to {_MEDIA_MAX} are taken")
    if not any(m and m[0] == "video" for m in media):
        raise Refusal(400, "the offer has no video section")
    section = _sections(lines)
    for number, (head, attributes) in enumerate(section):
        kind = head.split(" ", 1)[0]
        if kind not in ("audio", "video"):
            raise Refusal(400, f"media section {number + 1} is {kind[:20]!r}; only audio and video are sent")
        _check_credentials(attributes, number)
        if not _FINGERPRINT.fullmatch(attributes.get("fingerprint", "")):
            raise Refusal(400, f"media section {number + 1} has no usable DTLS fingerprint")
        if attributes.get("direction") in ("sendonly", "inactive"):
            raise Refusal(400, f"media section {number + 1} does not want to receive")
    mids = [attributes.get("mid", "") for _, attributes in section]
    bundled = next((line.split()[1:] for line in lines if line.startswith("a=group:BUNDLE")), mids)
    if not all(mids) or len(set(mids)) != len(mids) or not set(bundled) <= set(mids):
        raise Refusal(400, "the media sections' a=mid lines are missing, doubled or not those of the BUNDLE group")
    kinds = [head.split(" ", 1)[0] for head, _ in section]
    if len(set(kinds)) != len(kinds):
        raise Refusal(400, "the offer asks for more than one video or more than one sound")
    if "rtpmap" not in text or "H264/90000" not in text.upper():
        raise Refusal(400, "the offer has no H264 among its video codecs")
    if sum(line.startswith("a=candidate:") for line in lines) > _CANDIDATES_MAX:
        raise Refusal(400, f"the offer has more than {_CANDIDATES_MAX} candidates")
    # Whether more candidates come is not asked: the viewer's own checks may find a way that none of them names.
    kept = [_reachable(line, address) for line in lines if line and line != "a=end-of-candidates"]
    return "\r\n".join(kept) + "\r\n"


def parse_fragment(content_type: str | None, body: bytes, address: str | None) -> Fragment:
    """Read a PATCH body. Raises `Refusal`: 415 or 400."""
    _check_type(content_type, FRAGMENT_TYPE)
    lines = [_reachable(line, address) for line in _text(body).splitlines() if line]
    values: dict[str, str] = {}
    candidates: list[str] = []
    end = False
    for line in lines:
        if not re.match(r"[a-z]=", line):
            raise Refusal(400, "the body is no SDP fragment")
        if line.startswith("a=candidate:"):
            if len(line.split()) < 8:
                raise Refusal(400, "a candidate line is cut off")
            candidates.append(line[2:])
        elif line == "a=end-of-candidates":
            end = True
        elif line.startswith(("a=ice-ufrag:", "a=ice-pwd:")):
            name, value = line[2:].split(":", 1)
            values[name] = value
    if len(candidates) > _CANDIDATES_MAX:
        raise Refusal(400, f"the fragment has more than {_CANDIDATES_MAX} candidates")
    if not candidates and not end and "ice-ufrag" not in values:
        raise Refusal(400, "the fragment holds neither candidates nor ICE credentials")
    if "ice-ufrag" in values or "ice-pwd" in values:
        _check_credentials(values, 0)
    return Fragment(values.get("ice-ufrag", ""), values.get("ice-pwd", ""), tuple(candidates), end)


def answer_fragment(ufrag: str, password: str, candidates: Iterable[str]) -> str:
    """The body of a 200 to an ICE restart."""
    lines = [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0"]
    return "\r\n".join([*lines, *(f"a={candidate}" for candidate in candidates), "a=end-of-candidates"]) + "\r\n"


@dataclass(slots=True)
class Session:
    """The resource a viewer's POST made."""

    id: str
    etag: str
    ufrag: str
    """The viewer's ICE user name; another one in a PATCH means a restart."""
    connected: bool = False

    def check_patch(self, if_match: str | None, fragment: Fragment) -> bool:
        """Whether the fragment restarts ICE. Raises `Refusal`: 428 or 412 (RFC 9725 section 4.3.1)."""
        if if_match is None:
            raise Refusal(428, "If-Match is missing: send the ETag, or * for an ICE restart", ETag=self.etag)
        restart = bool(fragment.ufrag) and fragment.ufrag != self.ufrag
        if if_match.strip() == "*":
            return restart
        if self.etag not in [tag.strip() for tag in if_match.split(",")]:
            raise Refusal(412, "If-Match names another ICE session", ETag=self.etag)
        if restart:
            raise Refusal(412, "an ICE restart needs If-Match: *", ETag=self.etag)
        return False

    def restarted(self, ufrag: str) -> None:
        """Take over the viewer's new ICE session under a new ETag."""
        self.ufrag = ufrag
        self.etag = new_etag()


def new_etag() -> str:
    """A strong entity tag."""
    return f'"{secrets.token_urlsafe(9)}"'


def new_session(offer: str) -> Session:
    """A session with an unguessable name for a checked offer."""
    found = re.search(r"^a=ice-ufrag:(\S+)", offer, re.MULTILINE)
    return Session(secrets.token_urlsafe(24), new_etag(), found.group(1) if found else "")


def link_headers(servers: Iterable[tuple[str, str, str]]) -> list[str]:
    """`Link` values for (url, username, credential) of STUN and TURN servers (RFC 9725 section 4.6)."""
    links = []
    for url, username, credential in servers:
        link = f'<{url}>; rel="ice-server"'
        if username:
            link += f'; username="{username}"; credential="{credential}"; credential-type="password"'
        links.append(link)
    return links


@dataclass(slots=True)
class Admission:
    """Who may come in: a viewer limit, a limit of half-open peers, and a rate per address. The clock is handed in."""

    max_viewers: int
    max_half_open: int = 64
    rate: float = 20.0
    """Offers a second from one address."""
    burst: float = 40.0
    """Offers from one address at once."""
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def knock(self, address: str, *, now_s: float) -> None:
        """Count an offer of this address, good or bad, before it is read. Raises `Refusal` 429 with Retry-After."""
        address = party(address)
        level, at = self._buckets.pop(address, (self.burst, now_s))
        level = min(self.burst, level + (now_s - at) * self.rate)
        self._buckets[address] = (max(0.0, level - 1), now_s)
        if len(self._buckets) > 4096:
            # The dictionary is in order of use: the address longest silent goes.
            self._buckets.pop(next(iter(self._buckets)))
        if level < 1:
            raise Refusal(429, "too many offers from this address", Retry_After="1")

    def check(self, *, viewers: int, half_open: int) -> None:
        """Whether there is room for one more. Raises `Refusal` 503 with Retry-After."""
        if viewers >= self.max_viewers:
            raise Refusal(503, f"the room is full ({self.max_viewers} viewers)", Retry_After="10")
        if half_open >= self.max_half_open:
            raise Refusal(503, "too many viewers are connecting at this moment", Retry_After="2")


def party(address: str) -> str:
    """Whom an address stands for when requests are counted: itself, or with IPv6 its network, which is one customer's
    (RFC 6177: a /64 or more)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or f"{int(found) >> 64:x}::/64")


def check_bearer(authorization: str | None, token: str | None) -> None:
    """Raises `Refusal` 401 unless no token is required or the request carries it."""
    if token is None:
        return
    scheme, _, given = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), token.encode()):
        raise Refusal(401, "a bearer token is needed", WWW_Authenticate="Bearer")


def _check_type(content_type: str | None, wanted: str) -> None:
    if (content_type or "").split(";", 1)[0].strip().lower() != wanted:
        raise Refusal(415, f"the body must be {wanted}", Accept_Post=SDP_TYPE, Accept_Patch=FRAGMENT_TYPE)


def _text(body: bytes) -> str:
    if len(body) > BODY_MAX:
        raise Refusal(413, f"the body is larger than {BODY_MAX} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise Refusal(400, "the body is not UTF-8") from exc


def _sections(lines: list[str]) -> list[tuple[str, Mapping[str, str]]]:
    """Each media section's head and attributes, those of the session level beneath them."""
    session: dict[str, str] = {}
    sections: list[tuple[str, dict[str, str]]] = []
    for line in lines:
        if line.startswith("m="):
            sections.append((line[2:], {name: value for name, value in session.items() if name != "mid"}))
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            target = sections[-1][1] if sections else session
            if name in ("sendonly", "recvonly", "sendrecv", "inactive"):
                target["direction"] = name
            else:
                target[name] = value
    return [(head, attributes) for head, attributes in sections]


def _check_credentials(attributes: Mapping[str, str], number: int) -> None:
    ufrag, password = attributes.get("ice-ufrag", ""), attributes.get("ice-pwd", "")
    right = 4 <= len(ufrag) <= 256 and 22 <= len(password) <= 256
    if not right or not _ICE_CHARS.fullmatch(ufrag) or not _ICE_CHARS.fullmatch(password):
        raise Refusal(400, f"media section {number + 1} has no usable ICE user name and password")


def _reachable(line: str, address: str | None) -> str:
    if not line.startswith("a=candidate:") or not address:
        return line
    try:
        ip_address(address)
    except ValueError:
        return line
    return _LOCAL_NAME.sub(address, line, count=1)

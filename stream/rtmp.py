"""RTMP(S) push to a platform: Kuaishou, Douyin, Bilibili, YouTube, or any server that takes FLV."""

from __future__ import annotations

import contextlib
import re
import socket
from urllib.parse import urlsplit

from stream.encoder import VideoUnit
from stream.errors import StreamError
from stream.muxer import Muxer, MuxError
from stream.muxing import MuxingOutput
from stream.network_file import NetworkFile

_CONNECT_S = 10.0


class RtmpAddressError(StreamError):
    """An address that cannot be pushed to; the text holds no key."""


def rtmp_url(server: str, key: str = "") -> str:
    """The full address from what a platform's page shows: server address and stream key.

    The key may be a path (`abc-def`), a path with a query (`stream-1?sign=…`, Douyin, Kuaishou) or a query alone
    (`?streamname=…`, Bilibili). Raises `RtmpAddressError`.
    """
    address = server.strip()
    found = urlsplit(address)
    if found.scheme not in ("rtmp", "rtmps") or not found.hostname:
        raise RtmpAddressError(f"an RTMP address begins with rtmp:// or rtmps:// and a host, not {address[:8]!r}…")
    key = key.strip()
    if key:
        address = address.rstrip("/") + "/" + key.lstrip("/")
    if not urlsplit(address).path.strip("/"):
        raise RtmpAddressError(f"the address of {found.hostname} lacks its application and stream key")
    if re.search(r"\s", address):
        raise RtmpAddressError(f"the address of {found.hostname} has a blank in it")
    return address


def masked(url: str) -> str:
    """The address as it may be shown and logged: host and application, never the key."""
    found = urlsplit(url)
    parts = [part for part in found.path.split("/") if part]
    port = f":{found.port}" if found.port else ""
    app = f"/{parts[0]}" if len(parts) > 1 or found.query else ""
    return f"{found.scheme}://{found.hostname}{port}{app}/••••"


def _knock(url: str) -> None:
    """See within 10 s whether anybody listens, and say it in plain words. Raises `MuxError`."""
    found = urlsplit(url)
    port = found.port or (443 if found.scheme == "rtmps" else 1935)
    try:
        socket.create_connection((found.hostname or "", port), timeout=_CONNECT_S).close()
    except OSError as exc:
        raise MuxError(f"{found.hostname} cannot be reached: {exc.strerror or type(exc).__name__}") from exc


class RtmpOutput(MuxingOutput):
    """Pushes a room to one address; reconnects with a pause of 1 to 30 s, each time from a key frame."""

    def __init__(self, name: str, url: str, *, backoff_s: tuple[float, float] = (1.0, 30.0)) -> None:
        address = rtmp_url(url)
        self.address = masked(address)

        def open_sink(first: VideoUnit) -> Muxer:
            _knock(address)
            try:
                network = NetworkFile(address, limit_s=_CONNECT_S)
            except OSError as exc:
                raise MuxError(f"the platform does not take the stream: {exc.strerror}") from exc
            try:
                return Muxer(network, "flv", first, options={"flvflags": "no_duration_filesize", "flush_packets": "1"})
            except MuxError:
                with contextlib.suppress(OSError):  # why it could not be opened says more
                    network.close()
                raise

        super().__init__(name, open_sink, backoff_s=backoff_s)

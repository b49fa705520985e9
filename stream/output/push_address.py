"""The addresses a room is pushed to: put together, checked, and shown without their key."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from stream.errors import StreamError


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

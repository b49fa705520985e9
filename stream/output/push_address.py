"""The addresses a room is pushed to: put together, checked, and shown without their key."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from stream.errors import StreamError


class RtmpAddressError(StreamError):
    """An address that cannot be pushed to; the text holds no key."""


class OutletError(StreamError):
    """A target that no output understands; the text holds no key."""


def check_targets(targets: str) -> None:
    """Whether a room can go where its push address says: targets parted by blanks. Raises `StreamError`."""
    for number, target in enumerate(targets.split(), 1):
        scheme = target.split(":", 1)[0].lower()
        if scheme in ("rtmp", "rtmps"):
            rtmp_url(target)
        elif target not in ("hls", "record") and not (scheme in ("http", "https") and urlsplit(target).hostname):
            raise OutletError(
                f"第 {number} 个推流目标看不懂：要 rtmp(s)://…、http(s)://…（WHIP）、record 或 hls，推流码紧接其后 / "
                "an output is rtmp(s)://…, http(s)://… (WHIP), record or hls; the key follows without a blank"
            )


def rtmp_url(server: str, key: str = "") -> str:
    """The full address from what a platform's page shows: server address and stream key.

    The key may be a path (`abc-def`), a path with a query (`stream-1?sign=…`, Douyin, Kuaishou) or a query alone
    (`?streamname=…`, Bilibili). Raises `RtmpAddressError`.
    """
    address = server.strip()
    found = urlsplit(address)
    if found.scheme not in ("rtmp", "rtmps") or not found.hostname:
        raise RtmpAddressError(
            "推流地址以 rtmp:// 或 rtmps:// 开头，后面是服务器 / "
            "an RTMP address begins with rtmp:// or rtmps:// and a host"
        )
    key = key.strip()
    if key:
        address = address.rstrip("/") + "/" + key.lstrip("/")
    if not urlsplit(address).path.strip("/"):
        raise RtmpAddressError(
            f"{found.hostname} 的推流地址缺推流码，把推流码接在服务器地址后面 / "
            f"the address of {found.hostname} lacks its application and stream key"
        )
    if re.search(r"\s", address):
        raise RtmpAddressError(
            f"{found.hostname} 的推流地址里有空格 / the address of {found.hostname} has a blank in it"
        )
    return address


def masked(url: str) -> str:
    """The address as it may be shown and logged: host and application, never the key."""
    found = urlsplit(url)
    parts = [part for part in found.path.split("/") if part]
    port = f":{found.port}" if found.port else ""
    app = f"/{parts[0]}" if len(parts) > 1 or found.query else ""
    return f"{found.scheme}://{found.hostname}{port}{app}/••••"

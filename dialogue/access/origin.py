"""Web origins: which pages may embed a shop's chat (RFC 6454: scheme, host and port, nothing else)."""

from __future__ import annotations

from urllib.parse import urlsplit

from dialogue.access.errors import AccessError

ANY = "*"
_PORTS = {"http": 80, "https": 443}


def read_origin(text: str) -> str:
    """The origin as a browser's `Origin` header spells it: lower case, no default port, punycode. Raises `AccessError`.

    `*` stays: it allows every page.
    """
    given = text.strip()
    if given == ANY:
        return ANY
    wrong = AccessError(
        f"{given[:80]!r} 不是网站来源，写成 https://shop.example，不带路径 / "
        "is no origin; write it like https://shop.example, without a path"
    )
    try:
        parts = urlsplit(given)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port
    except ValueError as exc:
        raise wrong from exc
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in _PORTS or not host or extra or "*" in host or any(c.isspace() for c in host):
        raise wrong
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != _PORTS[parts.scheme] else "")

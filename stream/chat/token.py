"""Visitor tokens: short-lived, signed, and good for one conversation only.

A token is `v1.<payload>.<mac>`: the payload is base64url JSON `{"m": merchant, "v": visitor, "c": conversation,
"e": expiry in Unix seconds}`, the mac HMAC-SHA-256 (RFC 2104) of the two parts before it under the server's key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass

from stream.errors import StreamError

_VERSION = "v1"


class TokenError(StreamError):
    """A token that is not ours, not meant for this merchant, or has run out. `code` is the wire code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class VisitorToken:
    """Who may read and continue which conversation, until when (Unix seconds)."""

    merchant: str
    visitor: str
    conversation: str
    expires: int


class TokenSigner:
    """Issues and checks visitor tokens.

    `key` is at least 32 secret bytes which outlive a restart; `ttl_s` is how long a token is good for. A token is
    renewed with every `welcome`, and by `pong` once half of its life is gone, so an open chat never loses it.
    """

    def __init__(self, key: bytes, *, ttl_s: int = 24 * 3600) -> None:
        if len(key) < 32:
            raise ValueError("the key of visitor tokens needs at least 32 bytes")
        self._key = key
        self._ttl_s = ttl_s

    def issue(self, *, merchant: str, visitor: str, conversation: str, now: float) -> str:
        """A fresh token."""
        payload = {"m": merchant, "v": visitor, "c": conversation, "e": int(now) + self._ttl_s}
        head = f"{_VERSION}.{_encode(json.dumps(payload, separators=(',', ':')).encode())}"
        return f"{head}.{_encode(self._mac(head))}"

    def check(self, token: str, *, merchant: str, now: float) -> VisitorToken:
        """The claims of a good token. `TokenError` codes: `token_invalid`, `token_expired`."""
        head, _, mac = token.rpartition(".")
        version, _, payload = head.partition(".")
        if (
            not token.isascii()
            or version != _VERSION
            or not hmac.compare_digest(mac.encode(), _encode(self._mac(head)).encode())
        ):
            raise TokenError("token_invalid", "访客凭证无效，请不带 token 重新开始")
        try:
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            found = VisitorToken(str(claims["m"]), str(claims["v"]), str(claims["c"]), int(claims["e"]))
        except (ValueError, KeyError, TypeError, binascii.Error) as exc:
            raise TokenError("token_invalid", "访客凭证无效，请不带 token 重新开始") from exc
        if found.merchant != merchant:
            raise TokenError("token_invalid", "访客凭证不属于这家店")
        if found.expires <= now:
            raise TokenError("token_expired", "访客凭证已过期，请不带 token 重新开始")
        return found

    def stale(self, claims: VisitorToken, now: float) -> bool:
        """Whether more than half of the token's life is gone."""
        return claims.expires - now < self._ttl_s / 2

    def _mac(self, head: str) -> bytes:
        return hmac.new(self._key, head.encode(), hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

"""Who is asking: a bearer token of the merchant, or the one `serve` leaves for commands on the same machine."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, HTTPException

from dialogue.access import Bearer, Role

Verify = Callable[[str], Awaitable[Bearer | None]]
ANY_MERCHANT = "*"
"""The merchant of the machine's own token: it may act for all of them."""


class Gate:
    """Turns an `Authorization` header into a `Bearer`, or answers 401 or 403 with one line."""

    def __init__(self, verify: Verify, *, machine_token: str) -> None:
        self._verify = verify
        self._machine_token = machine_token

    async def bearer(self, authorization: str | None) -> Bearer:
        """Raises `HTTPException` 401 when no valid token is shown."""
        scheme, _, secret = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise HTTPException(
                401,
                "需要令牌：Authorization: Bearer …（zhanggui token create）",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if hmac.compare_digest(secret.encode(), self._machine_token.encode()):
            return Bearer("machine", ANY_MERCHANT, Role.OWNER)
        found = await self._verify(secret)
        if found is None:
            raise HTTPException(401, "令牌不对、过期或已撤销", headers={"WWW-Authenticate": "Bearer"})
        return found

    def needs(self, role: Role) -> Callable[..., Awaitable[Bearer]]:
        """A FastAPI dependency: the bearer, who may do at least what `role` may."""

        async def check(authorization: Annotated[str | None, Header()] = None) -> Bearer:
            bearer = await self.bearer(authorization)
            if not bearer.role.allows(role):
                raise HTTPException(403, f"这个令牌是 {bearer.role}，这里需要 {role}")
            return bearer

        return check


def own(bearer: Bearer, merchant: str) -> None:
    """Raises `HTTPException` 404 when the token is another shop's: that the thing exists is nobody else's business."""
    if bearer.merchant not in (merchant, ANY_MERCHANT):
        raise HTTPException(404, "没有找到")

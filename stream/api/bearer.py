"""Who is asking: a bearer token of the merchant, or the one `serve` leaves for commands on the same machine."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from dialogue.access import Bearer, Role

Verify = Callable[[str], Awaitable[Bearer | None]]
ANY_MERCHANT = "*"
"""The merchant of the machine's own token: it may act for all of them."""

DENIED: dict[int | str, dict[str, Any]] = {
    400: {"description": "a body that cannot be read"},
    401: {"description": "no valid token"},
    403: {"description": "the token's role may not do this"},
    503: {"description": "the database is busy; `Retry-After` says when to try again"},
}
"""The answers every route behind the gate may give, for its OpenAPI."""
FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "nothing of this token's merchant"}}
"""And those of a route that names something."""

_scheme = HTTPBearer(auto_error=False, description="`zhanggui token create`")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]


class Gate:
    """Turns an `Authorization` header into a `Bearer`, or answers 401 or 403 with one line."""

    def __init__(self, verify: Verify, *, machine_token: str) -> None:
        self._verify = verify
        self._machine_token = machine_token

    async def bearer(self, secret: str | None) -> Bearer:
        """Whom a token's secret stands for. Raises `HTTPException` 401 when it is none."""
        if not secret:
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

    async def staff(self, secret: str, merchant: str) -> bool:
        """Whether a token's secret stands for somebody of this merchant, in whatever role."""
        try:
            return (await self.bearer(secret)).merchant in (merchant, ANY_MERCHANT)
        except HTTPException:
            return False

    def needs(self, role: Role) -> Callable[..., Awaitable[Bearer]]:
        """A FastAPI dependency: the bearer, who may do at least what `role` may."""

        async def check(credentials: _Credentials) -> Bearer:
            bearer = await self.bearer(credentials.credentials if credentials else None)
            if not bearer.role.allows(role):
                raise HTTPException(403, f"这个令牌是 {bearer.role}，这里需要 {role}")
            return bearer

        return check


def own(bearer: Bearer, merchant: str) -> None:
    """Raises `HTTPException` 404 when the token is another shop's: that the thing exists is nobody else's business."""
    if bearer.merchant not in (merchant, ANY_MERCHANT):
        raise HTTPException(404, "没有找到")


def shop_of(bearer: Bearer, merchant: str | None) -> str:
    """The merchant a request is about: the one named, or the token's own.

    Raises `HTTPException` 404 when it is another shop's, or when the machine's token names none.
    """
    wanted = merchant or bearer.merchant
    if wanted == ANY_MERCHANT:
        raise HTTPException(404, "请用 ?merchant= 指定商家")
    own(bearer, wanted)
    return wanted

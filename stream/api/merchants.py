"""REST for a shop's settings: its name, the pages that may embed its chat, and the platforms it has joined."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from dialogue.access import AccessError, Bearer, MerchantRow, Role
from dialogue.platform import PlatformError
from dialogue.store import Store
from stream.api.bearer import Gate, own

_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"description": "no valid token"},
    404: {"description": "no such merchant of this token"},
}
_CHANGING: dict[int | str, dict[str, Any]] = {
    400: {"description": "a body that cannot be read"},
    403: {"description": "only an owner may do this"},
    409: {"description": "a setting that is not usable; the text says which"},
}

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Merchant = Annotated[str, InPath(max_length=63)]
ChannelName = Annotated[str, InPath(max_length=31)]


class MerchantChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] | None = None
    origins: Annotated[list[Text], Field(max_length=50)] | None = None
    """Pages that may embed the chat, like `https://shop.example`; replaces the list."""


class ChannelChange(BaseModel):
    """Where a platform's answers go."""

    model_config = ConfigDict(extra="forbid")
    address: Text
    secret: Annotated[str, StringConstraints(max_length=200)] = ""
    """`whsec_…`; left out, a fresh one is made and shown in the answer, once."""


def create_merchant_router(store: Store, gate: Gate) -> APIRouter:
    """`/api/merchants/{merchant}` and its `/channels`."""
    router = APIRouter(prefix="/api/merchants", tags=["merchants"], responses=_ERRORS)
    Viewer = Annotated[Bearer, Depends(gate.needs(Role.VIEWER))]
    Owner = Annotated[Bearer, Depends(gate.needs(Role.OWNER))]

    async def find(bearer: Bearer, merchant: str) -> MerchantRow:
        own(bearer, merchant)
        row = await store.access.merchant(merchant)
        if row is None:
            raise HTTPException(404, "没有找到")
        return row

    @router.get("/{merchant}")
    async def show(merchant: Merchant, bearer: Viewer) -> dict[str, Any]:
        """A shop's name and the origins that may embed its chat."""
        return _merchant(await find(bearer, merchant))

    @router.patch("/{merchant}", responses=_CHANGING)
    async def change(merchant: Merchant, body: MerchantChange, bearer: Owner) -> dict[str, Any]:
        """Change the name or the origins; holds for the next socket at once."""
        await find(bearer, merchant)
        try:
            row = await store.access.set_merchant(merchant, name=body.name, origins=body.origins, actor=bearer.token_id)
        except AccessError as exc:
            raise HTTPException(409, str(exc)) from exc
        return _merchant(row)

    @router.get("/{merchant}/channels")
    async def channels(merchant: Merchant, bearer: Viewer) -> list[dict[str, Any]]:
        """The platforms joined, without their secrets, with what has not reached them yet."""
        await find(bearer, merchant)
        return [row.to_json() for row in await store.platforms.list(merchant)]

    @router.put("/{merchant}/channels/{name}", responses=_CHANGING)
    async def join(merchant: Merchant, name: ChannelName, body: ChannelChange, bearer: Owner) -> dict[str, Any]:
        """Join a platform, or change it. The secret is in the answer only when it was made here."""
        await find(bearer, merchant)
        try:
            row = await store.platforms.add(
                merchant, name=name, address=body.address, secret=body.secret, actor=bearer.token_id
            )
        except PlatformError as exc:
            raise HTTPException(409, str(exc)) from exc
        return row.to_json() | ({} if body.secret else {"secret": row.secret})

    @router.delete("/{merchant}/channels/{name}", status_code=204, responses=_CHANGING)
    async def leave(merchant: Merchant, name: ChannelName, bearer: Owner) -> None:
        """Leave a platform; what has not reached it is dropped."""
        await find(bearer, merchant)
        try:
            await store.platforms.remove(merchant, name, actor=bearer.token_id)
        except PlatformError as exc:
            raise HTTPException(404, str(exc)) from exc

    return router


def _merchant(row: MerchantRow) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "origins": list(row.origins)}

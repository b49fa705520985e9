"""REST for passing leads on: targets, what waits, what did not arrive, sending it again."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from dialogue.access import Bearer, Role
from dialogue.lead import OutboxRow, Postman, Target, TargetError, TargetKind
from dialogue.store import Store
from stream.api.bearer import DENIED, FOUND, Gate, shop_of
from stream.api.period import Merchant

TargetId = Annotated[str, Path(pattern=r"^tgt_[0-9a-f]{32}$")]


class NewTarget(BaseModel):
    """Where leads shall be sent to."""

    model_config = ConfigDict(extra="forbid")
    kind: TargetKind
    address: str = Field(min_length=1, max_length=2000, description="a URL, or a mailbox for `email`")
    secret: str = Field(default="", max_length=200, description="signs; a webhook without one gets a fresh one")
    label: str = Field(default="", max_length=80)


class ShownTarget(BaseModel):
    """A target as lists show it: no secret, no key inside the address."""

    id: str
    kind: TargetKind
    label: str
    address: str


class MadeTarget(ShownTarget):
    """A target just made."""

    secret: str
    """The signing secret of a webhook, shown this once; empty for the other kinds."""


class Replay(BaseModel):
    """Which dead messages are sent again: one by its id, or all."""

    model_config = ConfigDict(extra="forbid")
    message_id: str | None = Field(default=None, max_length=64)


class Replayed(BaseModel):
    """How many went back into the queue."""

    replayed: int


class Tried(BaseModel):
    """What came of a test message."""

    delivered: bool
    problem: str
    """One line when it was not delivered."""


def create_outbox_router(store: Store, postman: Postman, gate: Gate) -> APIRouter:
    """`/api/targets…` and `/api/outbox…`. A viewer reads, an operator replays, an owner sets targets."""
    router = APIRouter(prefix="/api", tags=["outbox"], responses=DENIED)
    Viewer = Annotated[Bearer, Depends(gate.needs(Role.VIEWER))]
    Operator = Annotated[Bearer, Depends(gate.needs(Role.OPERATOR))]
    Owner = Annotated[Bearer, Depends(gate.needs(Role.OWNER))]

    def actor(bearer: Bearer) -> str:
        return f"api:{bearer.token_id}"

    @router.get("/targets", responses=FOUND)
    async def list_targets(bearer: Viewer, merchant: Merchant = None) -> list[ShownTarget]:
        """The targets in use."""
        return [_shown(target) for target in await store.outbox.targets(shop_of(bearer, merchant))]

    @router.post(
        "/targets", status_code=201, responses={**FOUND, 400: {"description": "an address or secret that cannot work"}}
    )
    async def add_target(bearer: Owner, body: NewTarget, merchant: Merchant = None) -> MadeTarget:
        """Add a target. Only leads whose customer agreed to be passed on ever go there. Audited."""
        try:
            target = await store.outbox.add_target(
                shop_of(bearer, merchant),
                kind=body.kind,
                address=body.address,
                secret=body.secret,
                label=body.label,
                actor=actor(bearer),
            )
        except TargetError as exc:
            raise HTTPException(400, str(exc)) from exc
        fresh = target.secret if target.kind == TargetKind.WEBHOOK and not body.secret else ""
        return MadeTarget(**_shown(target).model_dump(), secret=fresh)

    @router.delete("/targets/{target_id}", status_code=204, responses=FOUND)
    async def remove_target(bearer: Owner, target_id: TargetId, merchant: Merchant = None) -> None:
        """Remove a target; what waits for it is dropped. Audited."""
        try:
            await store.outbox.remove_target(shop_of(bearer, merchant), target_id, actor=actor(bearer))
        except TargetError as exc:
            raise HTTPException(404, "没有这个转交目标") from exc

    @router.post("/targets/{target_id}/test", responses=FOUND)
    async def test_target(bearer: Owner, target_id: TargetId, merchant: Merchant = None) -> Tried:
        """Send a made-up lead there now, once, to see that it arrives. Holds nothing of a customer. Audited."""
        try:
            problem = await store.outbox.try_target(shop_of(bearer, merchant), target_id, postman, actor=actor(bearer))
        except TargetError as exc:
            raise HTTPException(404, "没有这个转交目标") from exc
        return Tried(delivered=problem is None, problem=problem or "")

    @router.get("/outbox", responses=FOUND)
    async def messages(
        bearer: Viewer,
        merchant: Merchant = None,
        state: Literal["pending", "delivered", "dead"] | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> list[OutboxRow]:
        """Messages, the newest first, without contact data; `dead` are those that did not arrive."""
        return list(await store.outbox.messages(shop_of(bearer, merchant), state=state, limit=limit))

    @router.post("/outbox/replay", responses=FOUND)
    async def replay(bearer: Operator, body: Replay, merchant: Merchant = None) -> Replayed:
        """Send dead messages again under their old ids. Audited."""
        shop = shop_of(bearer, merchant)
        return Replayed(replayed=await store.outbox.replay(shop, message_id=body.message_id, actor=actor(bearer)))

    return router


def _shown(target: Target) -> ShownTarget:
    return ShownTarget(id=target.id, kind=target.kind, label=target.label, address=target.shown_address)

"""REST for rooms: list, say, pause, resume, and the bridge through which a platform's comments come in."""

from collections.abc import Mapping
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from dialogue import Verdict
from dialogue.access import Bearer, Role
from stream.api.bearer import ANY_MERCHANT, Gate, own
from stream.errors import StreamError
from stream.room.protocol import MAX_COMMENT_CHARS, ProtocolError


class RoomControl(Protocol):
    """A running room as an operator sees it."""

    merchant: str

    def state(self) -> dict[str, object]:
        """Name, merchant, state, viewers, likes, product, fps, skew."""
        ...

    async def comment(self, *, visitor: str, client_id: str, text: str, name: str | None = None) -> None:
        """Take a comment."""
        ...

    def check(self, text: str) -> Verdict:
        """What in an operator's words the law forbids in a live room, before they are said."""
        ...

    def say(self, text: str) -> None:
        """Speak an operator's words at the next sentence."""
        ...

    def rundown(self) -> dict[str, object]:
        """What was said, what is being said and what comes next; see `RundownView`."""
        ...

    def show(self, sku: str) -> bool:
        """Tell of this product next, and go on from there; False when it is not in the rundown."""
        ...

    def pause(self) -> None:
        """Stop the script; comments are still answered."""
        ...

    def resume(self) -> None:
        """Go on where it stopped."""
        ...

    def interrupt(self) -> None:
        """Be silent at once."""
        ...


class SeenRoom(Protocol):
    """A room in a process of its own: what is asked of it goes there, lists show what it last told."""

    merchant: str

    def state(self) -> dict[str, object]:
        """See `RoomControl.state`."""
        ...


class Words(BaseModel):
    """What the host shall say."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=500)


class PlatformComment(BaseModel):
    """A comment from a platform's room; the same `id` again is taken once."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1, max_length=64)
    text: str = Field(min_length=1, max_length=MAX_COMMENT_CHARS)
    visitor: str = Field(default="platform", min_length=1, max_length=64)
    name: str | None = Field(default=None, max_length=32)


class Cue(BaseModel):
    """One line of the rundown."""

    text: str
    kind: str
    """`opening`, `script`, `answer`, `operator` or `closing`."""
    part: str
    """What a script line is for: `hook`, `point`, `detail`, `promotion`, `price`, `action`, `question` …"""
    sku: str | None
    question: str | None
    """The comment that is answered."""
    at_ms: int | None = None
    """When it began to be heard, Unix milliseconds; none for what is to come."""


class RundownProduct(BaseModel):
    """A product of the rundown, with the price that holds now."""

    sku: str
    name: str
    price: str
    stock: int | None
    picture: str


class RundownView(BaseModel):
    """What the host said, says and says next; the products in the order they are told in, over and over."""

    lap: int
    product: str | None
    """SKU of the product on show."""
    said: list[Cue]
    now: Cue | None
    next: list[Cue]
    products: list[RundownProduct]


class ProductToShow(BaseModel):
    """Which product is told of next."""

    model_config = ConfigDict(extra="forbid")
    sku: str = Field(min_length=1, max_length=128)


_ERRORS: dict[int | str, dict[str, object]] = {
    400: {"description": "a body that cannot be read"},
    401: {"description": "no valid token"},
    403: {"description": "the token's role may not do this"},
    404: {"description": "no such room of this merchant"},
    503: {"description": "the database is busy; `Retry-After` says when to try again"},
}


class Doors(Protocol):
    """Opens and closes rooms."""

    async def start_room(self, name: str, *, merchant: str | None) -> bool:
        """Put a room that was set up on air; False when there is none of this merchant (None: of any).

        Raises `StreamError` with the reason when it cannot be on air now.
        """
        ...

    async def stop_room(self, name: str) -> None:
        """Take it off air."""
        ...

    async def off_air(self, merchant: str | None) -> list[dict[str, object]]:
        """Those that were set up and are not open (None: of any merchant): name, merchant, state, problem."""
        ...


def create_room_api(
    rooms: Mapping[str, RoomControl], doors: Doors, gate: Gate, *, elsewhere: Mapping[str, SeenRoom]
) -> APIRouter:
    """Routes under `/api/rooms`; those of the rooms `elsewhere` are reached through `RoomProxy`."""
    router = APIRouter(prefix="/api/rooms", tags=["rooms"], responses=_ERRORS)
    Operator = Annotated[Bearer, Depends(gate.needs(Role.OPERATOR))]
    Viewer = Annotated[Bearer, Depends(gate.needs(Role.VIEWER))]

    def seen(name: str, bearer: Bearer) -> SeenRoom:
        room = elsewhere.get(name)
        if room is None:
            return find(name, bearer)
        own(bearer, room.merchant)
        return room

    def find(name: str, bearer: Bearer) -> RoomControl:
        room = rooms.get(name)
        if room is None:
            raise HTTPException(404, "没有找到")
        own(bearer, room.merchant)
        return room

    @router.get("")
    async def list_rooms(bearer: Viewer) -> list[dict[str, object]]:
        """Those on air, then those that were set up and are not."""
        seen: list[SeenRoom] = [*rooms.values(), *elsewhere.values()]
        on_air = [room.state() for room in seen if bearer.merchant in (room.merchant, ANY_MERCHANT)]
        return on_air + await doors.off_air(None if bearer.merchant == ANY_MERCHANT else bearer.merchant)

    @router.get("/{name}")
    async def show_room(name: str, bearer: Viewer) -> dict[str, object]:
        return find(name, bearer).state()

    @router.post("/{name}/comments", status_code=202, responses={409: {"description": "the room does not want it"}})
    async def comment(name: str, body: PlatformComment, bearer: Operator) -> dict[str, str]:
        try:
            await find(name, bearer).comment(visitor=body.visitor, client_id=body.id, text=body.text, name=body.name)
        except ProtocolError as error:
            raise HTTPException(409, error.message) from error
        return {"status": "accepted"}

    @router.post("/{name}/start", responses={409: {"description": "it cannot be on air now; the text says why"}})
    async def start(name: str, bearer: Operator) -> dict[str, object]:
        merchant = None if bearer.merchant == ANY_MERCHANT else bearer.merchant
        try:
            if not await doors.start_room(name, merchant=merchant):
                raise HTTPException(404, "没有找到")
        except StreamError as error:
            raise HTTPException(409, str(error)) from error
        return seen(name, bearer).state()

    @router.post("/{name}/stop")
    async def stop(name: str, bearer: Operator) -> dict[str, str]:
        seen(name, bearer)
        await doors.stop_room(name)
        return {"state": "stopped"}

    @router.post("/{name}/check")
    async def check(name: str, body: Words, bearer: Operator) -> dict[str, object]:
        """Words before they are said: which rules they break, and how they could be said instead (None: not at all)."""
        verdict = find(name, bearer).check(body.text)
        return {"broken": [{"rule": rule, "words": words} for rule, words in verdict.broken], "text": verdict.text}

    @router.post("/{name}/say", status_code=202, responses={409: {"description": "too many words wait already"}})
    async def say(name: str, body: Words, bearer: Operator) -> dict[str, str]:
        try:
            find(name, bearer).say(body.text)
        except ProtocolError as error:
            raise HTTPException(409, error.message) from error
        return {"status": "accepted"}

    @router.get("/{name}/rundown")
    async def rundown(name: str, bearer: Viewer) -> RundownView:
        """What the host says now and next."""
        return RundownView.model_validate(find(name, bearer).rundown())

    @router.post("/{name}/show", responses={409: {"description": "this product is not in the rundown"}})
    async def show(name: str, body: ProductToShow, bearer: Operator) -> RundownView:
        """Go to a product after the sentence that is being said, and on from there."""
        room = find(name, bearer)
        if not room.show(body.sku):
            raise HTTPException(409, "节目单里没有这件商品：没有这个编号，或者卖完了")
        return RundownView.model_validate(room.rundown())

    @router.post("/{name}/pause")
    async def pause(name: str, bearer: Operator) -> dict[str, object]:
        room = find(name, bearer)
        room.pause()
        return room.state()

    @router.post("/{name}/resume")
    async def resume(name: str, bearer: Operator) -> dict[str, object]:
        room = find(name, bearer)
        room.resume()
        return room.state()

    @router.post("/{name}/interrupt")
    async def interrupt(name: str, bearer: Operator) -> dict[str, object]:
        room = find(name, bearer)
        room.interrupt()
        return room.state()

    return router

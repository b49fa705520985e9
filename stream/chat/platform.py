"""Platforms on the chat: their signed calls become messages of a conversation. What is answered goes out to them by
`dialogue.platform.courier`, from the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from dialogue import BODY_LIMIT, Channel, ChannelError, DialogueError
from dialogue.platform import JoinedChannel, Unfinished
from stream.chat.frame import FrameError
from stream.chat.hub import ChatHub
from stream.chat.incoming import Say

Connect = Callable[[JoinedChannel], Channel]
"""The platform behind its settings."""


class Joined(Protocol):
    """The platforms merchants have joined, as the store knows them."""

    async def find(self, merchant: str, name: str) -> JoinedChannel | None:
        """One platform, None when it is not joined."""

    async def conversation(self, merchant: str, channel: str, visitor: str) -> str:
        """The id of this customer's conversation, begun or not."""

    async def follow(self, conversation_id: str, *, merchant: str, channel: str) -> None:
        """What is said in it is owed to the platform from now on."""

    async def unfinished(self) -> Sequence[Unfinished]:
        """Conversations that the last process left in the middle."""


def create_channel_router(*, hub: ChatHub, joined: Joined, connect: Connect) -> APIRouter:
    """`POST /api/channels/{merchant}/{channel}`: a platform's signed call with one customer's message.

    202 once the message and any contact in it are synced (once per message id); 401, 404, 413, 422 with
    one clear line; 503 with `Retry-After` when it could not be stored.
    """
    router = APIRouter(tags=["channels"])

    @router.post(
        "/api/channels/{merchant}/{channel}",
        status_code=202,
        responses={401: {}, 404: {}, 413: {}, 422: {}, 503: {}},
        summary="A platform's signed call with one customer's message",
    )
    async def receive(merchant: str, channel: str, request: Request) -> Response:
        try:
            found = await joined.find(merchant, channel)
            if found is None:
                return _refused(404, "没有这个渠道 / no such channel")
            inbound = connect(found).read(request.headers, await _body(request))
            conversation_id = await joined.conversation(merchant, channel, inbound.visitor)
            visitor = f"{channel}:{inbound.visitor}"
            thread = await hub.find(conversation_id, merchant=merchant, visitor=visitor, channel=channel)
            await joined.follow(conversation_id, merchant=merchant, channel=channel)
            seq = await thread.say(Say(client_id=_client_id(inbound.message_id), text=inbound.text), None)
        except ChannelError as exc:
            return _refused(exc.status, str(exc))
        except (FrameError, DialogueError) as exc:
            return _refused(503, str(exc), {"Retry-After": "2"})
        return JSONResponse({"conversation": thread.id, "seq": seq}, 202)

    return router


async def take_up(hub: ChatHub, joined: Joined) -> int:
    """Answer what the last process left unanswered on platforms: nobody there reconnects. Returns how many it found."""
    left = await joined.unfinished()
    for one in left:
        await hub.find(one.conversation_id, merchant=one.merchant, visitor=one.visitor, channel=one.channel)
    return len(left)


def _client_id(message_id: str) -> str:
    return "p-" + hashlib.sha256(message_id.encode()).hexdigest()[:40]


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            raise ChannelError(f"正文最多 {BODY_LIMIT} 字节 / body too large", status=413)
    return body


def _refused(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": message}, status, headers)

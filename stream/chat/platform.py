"""Platforms on the chat: their calls become messages of a conversation, and what is answered goes out to them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from dialogue import DialogueError
from dialogue.channel import BODY_LIMIT, Channel, ChannelError, DeliveryError, Outbound
from stream.chat.frame import FrameError, Say
from stream.chat.hub import ChatHub

_LOG = logging.getLogger(__name__)
_WAITING = 64
"""Messages that may wait for a platform, in one conversation; the oldest is given up for a newer one."""
RETRY_S = (1.0, 5.0, 30.0, 120.0)
"""Pauses before the message is sent again."""

ChannelFinder = Callable[[str, str], Channel | None]
"""Merchant and channel name to the platform; None when that merchant has not joined it."""


class PlatformRoute:
    """Delivers a conversation's messages to its platform, in order, each with an id that stays over retries."""

    def __init__(
        self,
        conversation_id: str,
        visitor: str,
        channel: Channel,
        *,
        retry_s: tuple[float, ...] = RETRY_S,
    ) -> None:
        self._id = conversation_id
        self._visitor = visitor
        self._channel = channel
        self._retry_s = retry_s
        self._queue: deque[Outbound] = deque(maxlen=_WAITING)
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Something waits to be delivered."""
        return self._task is not None

    def offer(self, frame: str, *, seq: int | None = None) -> None:
        """Take a frame of the conversation; only what the AI or a colleague says goes out."""
        if seq is None:
            return
        value = json.loads(frame)
        if value["type"] != "message" or value["role"] == "visitor":
            return
        if len(self._queue) == _WAITING:
            _LOG.error("conversation %s: the platform takes nothing, an answer was given up", self._id)
        self._queue.append(
            Outbound(
                f"{self._id}-{seq}", self._visitor, value["role"], value["text"], tuple(value.get("suggestions", ()))
            )
        )
        if self._task is None:
            self._task = asyncio.create_task(self._deliver(), name=f"platform-{self._id}")

    async def aclose(self) -> None:
        """Deliver no more; may be called twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _deliver(self) -> None:
        while self._queue:
            message = self._queue[0]
            await self._send(message)
            if self._queue and self._queue[0] is message:
                self._queue.popleft()
        self._task = None

    async def _send(self, message: Outbound) -> None:
        for pause_s in (*self._retry_s, None):
            try:
                await self._channel.send(message)
                return
            except DeliveryError as exc:
                if exc.final or pause_s is None:
                    _LOG.error("conversation %s: %s was not delivered: %s", self._id, message.message_id, exc)
                    return
                _LOG.warning("conversation %s: %s waits %g s: %s", self._id, message.message_id, pause_s, exc)
                await asyncio.sleep(pause_s)


def create_channel_router(*, hub: ChatHub, channels: ChannelFinder) -> APIRouter:
    """`POST /api/channels/{merchant}/{channel}`: a platform's signed call with one customer's message.

    202 once the message and any contact in it are synced (once per message id); 401, 404, 413, 422 with
    one clear line; 503 with `Retry-After` when it could not be stored. Answers go out through the channel.
    """
    router = APIRouter(tags=["channels"])

    @router.post(
        "/api/channels/{merchant}/{channel}",
        status_code=202,
        responses={401: {}, 404: {}, 413: {}, 422: {}, 503: {}},
        summary="A platform's signed call with one customer's message",
    )
    async def receive(merchant: str, channel: str, request: Request) -> Response:
        found = channels(merchant, channel)
        if found is None:
            return _refused(404, "没有这个渠道 / no such channel")
        try:
            inbound = found.read(request.headers, await _body(request))
            visitor = f"{channel}:{inbound.visitor}"
            thread = await hub.find(
                conversation_of(merchant, channel, inbound.visitor), merchant=merchant, visitor=visitor, channel=channel
            )
            if not thread.routed:
                thread.route_to(PlatformRoute(thread.id, inbound.visitor, found))
            seq = await thread.say(Say(client_id=_client_id(inbound.message_id), text=inbound.text), None)
        except ChannelError as exc:
            return _refused(exc.status, str(exc))
        except (FrameError, DialogueError) as exc:
            return _refused(503, str(exc), {"Retry-After": "2"})
        return JSONResponse({"conversation": thread.id, "seq": seq}, 202)

    return router


def conversation_of(merchant: str, channel: str, visitor: str) -> str:
    """The one conversation of a platform's customer."""
    return "plat_" + hashlib.sha256(f"{merchant}\n{channel}\n{visitor}".encode()).hexdigest()[:40]


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

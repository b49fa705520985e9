"""Chat sockets: who may open one, the hello and its replay, and each frame after it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from dialogue import DialogueError, Locale, locale_of
from dialogue.store import UnknownConversationError
from stream.chat.frame import FrameError
from stream.chat.hub import ChatHub, ChatShop
from stream.chat.incoming import Feedback, HandoffRequest, Hello, LeadAnswer, Ping, Say, Stop, TypingHint
from stream.chat.limit import RateLimiter
from stream.chat.outgoing import Pong, Problem, Welcome, encode
from stream.chat.session import Accept, Close, CloseCode, ProtocolSession, Refuse
from stream.chat.socket import SocketWriter
from stream.chat.thread import Thread
from stream.chat.token import TokenError, TokenSigner, VisitorToken

_LOG = logging.getLogger(__name__)

_ERASED = "这个会话已经删除，请不带 token 重新开始"
ShopFinder = Callable[[str], Awaitable[ChatShop | None]]
"""How a merchant's chat presents itself; None when there is no such merchant."""


class ChatEndpoint:
    """Serves chat sockets: one `serve` call each. `clock` is monotonic, `wall` Unix time, both in seconds."""

    def __init__(
        self,
        *,
        hub: ChatHub,
        shops: ShopFinder,
        signer: TokenSigner,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._hub = hub
        self._shops = shops
        self._signer = signer
        self._clock = clock
        self._wall = wall
        self._limits = hub.limits
        self._opens = RateLimiter(self._limits.address_opens)
        self._visitor_messages = RateLimiter(self._limits.visitor_messages)
        self._address_messages = RateLimiter(self._limits.address_messages)
        self._open_sockets = 0

    @property
    def open_sockets(self) -> int:
        """Sockets open right now."""
        return self._open_sockets

    async def serve(self, websocket: WebSocket, merchant: str) -> None:
        """Speak the protocol on one websocket until it is closed."""
        await websocket.accept()
        writer = SocketWriter(websocket, size=self._limits.send_queue, send_timeout_s=self._limits.send_timeout_s)
        self._open_sockets += 1
        try:
            shop = await self._admit(websocket, merchant, writer)
            if shop is not None:
                await self._converse(websocket, shop, writer)
        except (WebSocketDisconnect, TimeoutError) as exc:
            _LOG.debug("a chat socket ended: %s", type(exc).__name__)
        finally:
            self._open_sockets -= 1
            await writer.finish()

    async def _admit(self, websocket: WebSocket, merchant: str, writer: SocketWriter) -> ChatShop | None:
        if self._open_sockets > self._limits.sockets:
            writer.close(
                CloseCode.OVERLOADED, Problem(code="overloaded", message="人太多了，请稍后再来", retry_after_ms=5000)
            )
            return None
        if wait := self._opens.take(_address(websocket), self._clock()):
            text = "这个地址打开得太频繁，请稍后再来"
            writer.close(CloseCode.TOO_MANY, Problem(code="rate_limited", message=text, retry_after_ms=_ms(wait)))
            return None
        shop = await self._shops(merchant)
        if shop is None:
            writer.close(CloseCode.UNKNOWN_MERCHANT, Problem(code="unknown_merchant", message="没有这家店"))
            return None
        if not _origin_allowed(websocket, shop):
            text = "这个网站没有获准嵌入这家店的客服，请店主把它加进允许的来源"
            writer.close(CloseCode.FORBIDDEN, Problem(code="origin", message=text))
            return None
        return shop

    async def _converse(self, websocket: WebSocket, shop: ChatShop, writer: SocketWriter) -> None:
        session = ProtocolSession(
            limits=self._limits,
            address=_address(websocket),
            visitor_messages=self._visitor_messages,
            address_messages=self._address_messages,
            now=self._clock(),
        )
        thread: Thread | None = None
        claims: VisitorToken | None = None
        sender: asyncio.Task[None] | None = None
        try:
            while True:
                step = await self._next(websocket, session)
                writer.locale = session.locale
                if isinstance(step, Close):
                    writer.close(step.code, step.problem)
                    return
                if isinstance(step, Refuse):
                    writer.refuse(step.problem)
                    if thread is None:
                        await writer.drain()
                    continue
                frame = step.frame
                if isinstance(frame, Hello):
                    opened = await self._open(frame, shop, session, writer)
                    if opened is None:
                        return
                    thread, claims = opened
                    sender = asyncio.create_task(writer.run(), name=f"chat-send-{thread.id}")
                elif thread is not None and claims is not None:
                    claims = await self._handle(frame, thread, claims, writer)
        finally:
            if thread is not None:
                thread.log.detach(writer)
            if sender is not None:
                writer.close(CloseCode.GOING_AWAY)
                await asyncio.wait({sender}, timeout=self._limits.send_timeout_s)
                sender.cancel()

    async def _next(self, websocket: WebSocket, session: ProtocolSession) -> Accept | Refuse | Close:
        try:
            async with asyncio.timeout(max(0.0, session.deadline() - self._clock())):
                message = await websocket.receive()
        except TimeoutError:
            return session.expired()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        return session.receive(message.get("text"), self._clock())

    async def _open(
        self, hello: Hello, shop: ChatShop, session: ProtocolSession, writer: SocketWriter
    ) -> tuple[Thread, VisitorToken] | None:
        try:
            thread, visitor = await self._thread(hello, shop)
        except TokenError as exc:
            writer.close(CloseCode.TOKEN, Problem(code=exc.code, message=str(exc)))
            return None
        except UnknownConversationError:
            # Erased on the customer's wish: the token leads nowhere any more, and coming back with it never would.
            writer.close(CloseCode.TOKEN, Problem(code="token_invalid", message=_ERASED))
            return None
        except DialogueError as exc:
            _LOG.warning("a conversation of %s could not be opened: %s", shop.merchant, exc)
            text = "会话暂时打不开，请稍后再试"
            writer.close(CloseCode.OVERLOADED, Problem(code="unavailable", message=text, retry_after_ms=3000))
            return None
        session.opened(thread.id)
        self._evict(thread)
        now = self._wall()
        token = self._signer.issue(merchant=shop.merchant, visitor=visitor, conversation=thread.id, now=now)
        head, delta = await thread.attach(writer)
        try:
            after = min(hello.after_seq, head)
            writer.cursor = head
            await writer.send(encode(self._welcome(shop, thread, token, head)))
            async for _, frame in thread.log.replay(after, head):
                await writer.send(frame)
            if delta is not None:
                await writer.send(delta)
        except BaseException:
            thread.log.detach(writer)
            raise
        return thread, self._signer.check(token, merchant=shop.merchant, now=now)

    async def _thread(self, hello: Hello, shop: ChatShop) -> tuple[Thread, str]:
        locale = locale_of(hello.locale)
        if hello.token is None:
            return await self._hub.start(merchant=shop.merchant, locale=locale)
        claims = self._signer.check(hello.token, merchant=shop.merchant, now=self._wall())
        if hello.conversation is not None and hello.conversation != claims.conversation:
            raise TokenError("token_invalid", "访客凭证不属于这个会话")
        thread = await self._hub.find(
            claims.conversation, merchant=claims.merchant, visitor=claims.visitor, locale=locale
        )
        return thread, claims.visitor

    def _welcome(self, shop: ChatShop, thread: Thread, token: str, head: int) -> Welcome:
        english = thread.conversation.locale is Locale.EN
        return Welcome(
            conversation=thread.id,
            token=token,
            seq=head,
            ai_notice=shop.ai_notice_en if english else shop.ai_notice,
            greeting=shop.greeting_en if english else shop.greeting,
            suggestions=shop.suggestions_en if english and shop.suggestions_en else shop.suggestions,
            name=shop.name,
            handoff=thread.handoff,
            text_limit=self._limits.text_chars,
        )

    def _evict(self, thread: Thread) -> None:
        """One socket more than a conversation may have: the oldest goes."""
        listeners = [listener for listener in thread.log.listeners if isinstance(listener, SocketWriter)]
        for oldest in listeners[: max(0, len(listeners) - self._limits.sockets_per_conversation + 1)]:
            text = "这个会话在别处打开得太多，最早的一个已断开"
            oldest.close(CloseCode.REPLACED, Problem(code="replaced", message=text))
            thread.log.detach(oldest)

    async def _handle(self, frame: object, thread: Thread, claims: VisitorToken, writer: SocketWriter) -> VisitorToken:
        try:
            match frame:
                case Say():
                    await thread.say(frame, writer)
                case LeadAnswer():
                    await thread.lead(frame, writer)
                case HandoffRequest():
                    await thread.handoff_asked(frame, writer)
                case Feedback():
                    await thread.feedback(frame)
                case Stop():
                    await thread.stop()
                case TypingHint():
                    thread.visitor_types()
                case Ping():
                    return self._pong(claims, writer)
        except FrameError as exc:
            again = 1000 if exc.code in ("busy", "not_saved") else None
            problem = Problem(
                code=exc.code, message=str(exc), client_id=exc.client_id, field=exc.field, retry_after_ms=again
            )
            writer.refuse(problem)
        except UnknownConversationError:
            writer.close(CloseCode.TOKEN, Problem(code="token_invalid", message=_ERASED))
            await self._hub.drop(thread)
        except DialogueError as exc:
            _LOG.warning("conversation %s: %s", thread.id, exc)
            client_id = getattr(frame, "client_id", None)
            text = "没存上，请稍后重发"
            writer.refuse(Problem(code="not_saved", message=text, client_id=client_id, retry_after_ms=1000))
        return claims

    def _pong(self, claims: VisitorToken, writer: SocketWriter) -> VisitorToken:
        now = self._wall()
        if not self._signer.stale(claims, now):
            writer.offer(encode(Pong()))
            return claims
        token = self._signer.issue(
            merchant=claims.merchant, visitor=claims.visitor, conversation=claims.conversation, now=now
        )
        writer.offer(encode(Pong(token=token)))
        return self._signer.check(token, merchant=claims.merchant, now=now)


def _address(websocket: WebSocket) -> str:
    return websocket.client.host if websocket.client else "unknown"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _origin_allowed(websocket: WebSocket, shop: ChatShop) -> bool:
    """The server's own pages, the shop's list, and clients that are no browser (they send no Origin)."""
    origin = websocket.headers.get("origin")
    if origin is None or "*" in shop.origins:
        return True
    if urlsplit(origin).netloc == websocket.headers.get("host"):
        return True
    return origin.rstrip("/").lower() in {allowed.rstrip("/").lower() for allowed in shop.origins}

"""One socket's side of the protocol: what may be said when, and what ends it. No I/O, the clock is injected."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from dialogue import Locale, locale_of
from stream.chat.frame import PROTOCOL, FrameError
from stream.chat.incoming import ClientFrame, Hello, LeadAnswer, Say, parse
from stream.chat.limit import ChatLimits, RateLimiter
from stream.chat.outgoing import Problem


class CloseCode(IntEnum):
    """Why the server closes a socket. 44xx: do not come back unchanged; 4408 and 4503: come back and resume."""

    GOING_AWAY = 1001
    BAD_FRAMES = 4400
    TOKEN = 4401
    FORBIDDEN = 4403
    UNKNOWN_MERCHANT = 4404
    TIMEOUT = 4408
    REPLACED = 4409
    PROTOCOL = 4426
    TOO_MANY = 4429
    OVERLOADED = 4503


@dataclass(frozen=True, slots=True)
class Accept:
    """The frame is good and its turn has come."""

    frame: ClientFrame


@dataclass(frozen=True, slots=True)
class Refuse:
    """Tell the client why the frame was not used; the socket stays."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Close:
    """Tell the client why, then close with `code`."""

    code: CloseCode
    problem: Problem


Step = Accept | Refuse | Close


class ProtocolSession:
    """Checks each frame of one socket: order, form, size and rate.

    `address_messages` is shared by all sockets of the process; `visitor_messages` by those of one conversation, and is
    keyed once `opened` has named it.
    """

    def __init__(
        self,
        *,
        limits: ChatLimits,
        address: str,
        visitor_messages: RateLimiter,
        address_messages: RateLimiter,
        now: float,
    ) -> None:
        self._limits = limits
        self._address = address
        self._frames = RateLimiter(limits.frames, keys=1)
        self._visitor_messages = visitor_messages
        self._address_messages = address_messages
        self._conversation: str | None = None
        self._greeted = False
        self._locale: Locale | None = None
        self._bad = 0
        self._heard = now

    @property
    def locale(self) -> Locale | None:
        """The language of the client's `hello`, also of one that was turned away; None before it."""
        return self._locale

    def opened(self, conversation: str) -> None:
        """The `hello` was answered with a `welcome` for this conversation."""
        self._conversation = conversation

    def deadline(self) -> float:
        """When (same clock as `now`) `expired` must be asked, unless a frame comes first."""
        return self._heard + (self._limits.idle_timeout_s if self._greeted else self._limits.hello_timeout_s)

    def expired(self) -> Close:
        """What to do when the deadline passed."""
        text = "太久没有消息，连接已收回，重连即可继续" if self._greeted else "连上后请先发 hello"
        return Close(CloseCode.TIMEOUT, Problem(code="timeout", message=text))

    def receive(self, raw: str | bytes | None, now: float) -> Step:
        """One frame from the network: text, or bytes (which are refused)."""
        self._heard = now
        if not isinstance(raw, str):
            return self._bad_frame(FrameError("bad_json", "只收文本帧（JSON）"))
        if len(raw) > self._limits.frame_chars:
            text = f"一帧最多 {self._limits.frame_chars} 个字符，这一帧有 {len(raw)} 个"
            return self._bad_frame(FrameError("too_large", text))
        if wait := self._frames.take("", now):
            return Refuse(_slow_down(wait, None))
        try:
            frame = parse(raw, text_limit=self._limits.text_chars)
        except FrameError as exc:
            return self._bad_frame(exc)
        if not self._greeted:
            return self._first(frame)
        if isinstance(frame, Hello):
            return self._bad_frame(FrameError("bad_frame", "hello 只在开头发一次"))
        if isinstance(frame, Say | LeadAnswer):
            wait = max(
                self._visitor_messages.take(self._conversation or self._address, now),
                self._address_messages.take(self._address, now),
            )
            if wait:
                return Refuse(_slow_down(wait, frame.client_id))
        return Accept(frame)

    def _first(self, frame: ClientFrame) -> Step:
        if not isinstance(frame, Hello):
            return Close(CloseCode.BAD_FRAMES, Problem(code="hello_first", message="连上后请先发 hello"))
        self._locale = locale_of(frame.locale)
        if frame.protocol != PROTOCOL:
            text = f"协议版本 {frame.protocol} 不支持，这里说的是版本 {PROTOCOL}"
            return Close(CloseCode.PROTOCOL, Problem(code="protocol", message=text))
        if frame.conversation and not frame.token:
            return Close(CloseCode.TOKEN, Problem(code="token_required", message="继续一个会话需要它的 token"))
        self._greeted = True
        return Accept(frame)

    def _bad_frame(self, exc: FrameError) -> Step:
        self._bad += 1
        problem = Problem(code=exc.code, message=str(exc), client_id=exc.client_id)
        if self._bad >= self._limits.bad_frames or (not self._greeted and self._bad > 1):
            return Close(CloseCode.BAD_FRAMES, problem)
        return Refuse(problem)


def _slow_down(wait_s: float, client_id: str | None) -> Problem:
    wait_ms = max(1, round(wait_s * 1000))
    return Problem(
        code="rate_limited",
        message=f"发得太快了，请 {wait_ms / 1000:.1f} 秒后再发",
        retry_after_ms=wait_ms,
        client_id=client_id,
    )

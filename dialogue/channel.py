"""Joining a platform's customer service: what comes in from it, what goes out to it, and nothing about the engine.

A platform (a shop system, an app's service account) is one `Channel`: it turns the platform's calls into `Inbound`
messages and delivers `Outbound` ones. `WebhookChannel` does both over signed HTTP, so a platform without an adapter of
its own needs a small translator only. The engine treats every channel name but its own two as a platform's, where the
shop's contacts may not be sent.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dialogue.errors import DialogueError
from dialogue.lead.post import DeliveryError, Postman
from dialogue.lead.target import Target, TargetKind, check_target, sign

TOLERANCE_S = 300
"""How far the platform's clock may be off; older calls are refused as repeats."""
BODY_LIMIT = 16_384
"""Bytes of one call."""


class ChannelError(DialogueError):
    """A call that cannot be used. `status` is the HTTP status that says so."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Inbound:
    """One customer's message on the platform. `message_id` is the platform's: the same one is stored once."""

    message_id: str
    visitor: str
    text: str


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to the customer. `message_id` stays the same over retries."""

    message_id: str
    visitor: str
    role: str
    """`assistant` or `operator`."""
    text: str
    suggestions: tuple[str, ...] = ()


class Channel(Protocol):
    """A platform."""

    @property
    def name(self) -> str:
        """Its name in conversations and statistics."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Inbound:
        """A call of the platform. Raises `ChannelError`."""

    async def send(self, message: Outbound) -> None:
        """Deliver once. Raises `DeliveryError`, `final` when trying again is useless."""


class WebhookChannel:
    """Signed HTTP in both directions, after Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.

    In: `{"visitor", "text", "message_id"?}`; without `message_id` the `webhook-id` names the message. Out: a POST to
    `address` with `{"type": "chat.message", "visitor", "role", "text", "suggestions"}`; private addresses are refused
    by the postman. `secret` (`whsec_…`) signs both ways. Raises `TargetError` for an unusable address or secret.
    """

    def __init__(
        self,
        name: str,
        *,
        merchant: str,
        address: str,
        secret: str,
        postman: Postman,
        wall: Callable[[], float] = time.time,
    ) -> None:
        check_target(TargetKind.WEBHOOK, address, secret)
        self._name = name
        self._target = Target(f"channel-{name}", merchant, TargetKind.WEBHOOK, name, address, secret)
        self._postman = postman
        self._wall = wall

    @property
    def name(self) -> str:
        """Its name in conversations and statistics."""
        return self._name

    def read(self, headers: Mapping[str, str], body: bytes) -> Inbound:
        """A call of the platform: checks size, signature and age before looking into it. Raises `ChannelError`."""
        if len(body) > BODY_LIMIT:
            raise ChannelError(f"正文最多 {BODY_LIMIT} 字节 / body too large", status=413)
        call_id = self._verified({name.lower(): value for name, value in headers.items()}, body)
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as exc:
            raise ChannelError("正文不是 JSON / body is not JSON", status=422) from exc
        return _inbound(value, call_id)

    async def send(self, message: Outbound) -> None:
        """Deliver once. Raises `DeliveryError`."""
        payload = {
            "type": "chat.message",
            "visitor": message.visitor,
            "role": message.role,
            "text": message.text,
            "suggestions": list(message.suggestions),
        }
        await self._postman.send(self._target, message.message_id, payload, now_s=int(self._wall()))

    def _verified(self, headers: Mapping[str, str], body: bytes) -> str:
        call_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not (0 < len(call_id) <= 128 and call_id.isascii() and call_id.isprintable()):
            raise ChannelError("缺少 webhook-id / webhook-id is missing", status=401)
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise ChannelError("缺少 webhook-timestamp / webhook-timestamp is missing", status=401)
        if abs(self._wall() - int(stamp)) > TOLERANCE_S:
            raise ChannelError("webhook-timestamp 相差超过 5 分钟 / more than five minutes off", status=401)
        wanted = sign(self._target.secret, call_id, int(stamp), body).encode()
        given = headers.get("webhook-signature", "").encode("utf-8", "replace").split()
        if not any(hmac.compare_digest(wanted, one) for one in given[:8]):
            raise ChannelError("签名不对 / the signature does not match", status=401)
        return call_id


def _inbound(value: Any, call_id: str) -> Inbound:
    if not isinstance(value, dict):
        raise ChannelError("正文要是一个 JSON 对象 / body must be an object", status=422)
    visitor, text, message_id = value.get("visitor"), value.get("text"), value.get("message_id", call_id)
    for name, one, most in (("visitor", visitor, 96), ("text", text, 2_000), ("message_id", message_id, 128)):
        if not isinstance(one, str) or not one.strip() or len(one) > most or not _encodable(one):
            raise ChannelError(f"{name} 要是 1–{most} 个字的文本 / must be text of 1 to {most} characters", status=422)
    return Inbound(str(message_id), str(visitor), str(text).replace("\x00", "").strip())


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


__all__ = ["Channel", "ChannelError", "DeliveryError", "Inbound", "Outbound", "WebhookChannel"]

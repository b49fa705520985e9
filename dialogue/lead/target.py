"""Where leads may be sent: a webhook of the merchant's own, e-mail, or a group robot of WeCom, DingTalk or Feishu.

Sources: Standard Webhooks (standardwebhooks.com) for the signature; the robots' message formats and DingTalk's and
Feishu's signatures as their open-platform documents give them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from dialogue.errors import DialogueError

_WECOM_BYTES = 2048
"""What WeCom's group robot takes as the content of a text message; it refuses a longer one."""
_EMAIL = re.compile(r"[^@\s<>,;:\"\\]+@[^@\s<>,;:\"\\]+\.[^@\s<>,;:\"\\]+")


class TargetError(DialogueError):
    """The target's settings are not usable; the text names the field."""


class TargetKind(StrEnum):
    """The kinds of target."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


@dataclass(frozen=True, slots=True)
class Target:
    """One place that leads are sent to; `secret` signs (a webhook's is `whsec_…`), `address` is a URL or mailbox."""

    id: str
    merchant: str
    kind: TargetKind
    label: str
    address: str
    secret: str = ""

    @property
    def shown_address(self) -> str:
        """The address for lists: without the query and the path's last part, where robots keep their key."""
        if self.kind == TargetKind.EMAIL:
            return self.address
        parts = urllib.parse.urlsplit(self.address)
        path = parts.path if self.kind == TargetKind.WEBHOOK else parts.path.rpartition("/")[0] + "/…"
        return f"{parts.scheme}://{parts.netloc}{path}" + ("?…" if parts.query else "")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP POST, ready to be sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def new_secret() -> str:
    """A fresh signing secret in the Standard Webhooks form."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check_target(kind: TargetKind, address: str, secret: str) -> None:
    """Raises `TargetError` when the address or secret has the wrong form. The address is resolved only when sending."""
    if kind == TargetKind.EMAIL:
        if not _EMAIL.fullmatch(address):
            raise TargetError("地址不是邮箱 / target: the address is not an e-mail address")
        return
    try:
        parts = urllib.parse.urlsplit(address)
        port = parts.port
    except ValueError as exc:
        raise TargetError("地址不是网址 / target: the address is not a URL") from exc
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0 or any(ord(c) <= 32 for c in address):
        raise TargetError("地址要是 http 或 https 网址 / target: the address must be an http or https URL")
    try:
        httpx.URL(address).host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as exc:
        raise TargetError("网址里没有能用的主机名 / target: the address holds no usable host name") from exc
    if parts.username or parts.password:
        raise TargetError("网址里不能带用户名和密码 / target: the address must not hold a user name or password")
    if kind == TargetKind.WEBHOOK:
        _secret_bytes(secret)


def sign(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """The `webhook-signature` header: `v1,` and base64 of HMAC-SHA-256 over `id.timestamp.body`."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_secret_bytes(secret), signed, hashlib.sha256).digest()).decode()


def as_request(target: Target, message_id: str, message: Mapping[str, Any], *, now_s: int) -> Request:
    """The POST for one message; `message_id` is the same on every try, the time is that of the try."""
    if target.kind == TargetKind.WEBHOOK:
        body = _json(message)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(now_s),
            "webhook-signature": sign(target.secret, message_id, now_s, body),
        }
        return Request(target.address, headers, body)
    text = as_text(message)
    url, payload = target.address, {}
    if target.kind == TargetKind.WECOM:
        payload = {"msgtype": "text", "text": {"content": _shortened(text, _WECOM_BYTES)}}
    elif target.kind == TargetKind.DINGTALK:
        payload = {"msgtype": "text", "text": {"content": text}}
        if target.secret:
            stamp = str(now_s * 1000)
            code = hmac.new(target.secret.encode(), f"{stamp}\n{target.secret}".encode(), hashlib.sha256).digest()
            query = urllib.parse.urlencode({"timestamp": stamp, "sign": base64.b64encode(code).decode()})
            url += ("&" if "?" in url else "?") + query
    elif target.kind == TargetKind.FEISHU:
        payload = {"msg_type": "text", "content": {"text": text}}
        if target.secret:
            key = f"{now_s}\n{target.secret}".encode()
            code = hmac.new(key, b"", hashlib.sha256).digest()
            payload |= {"timestamp": str(now_s), "sign": base64.b64encode(code).decode()}
    else:
        raise TargetError(f"target: {target.kind} is not sent over HTTP")
    return Request(url, {"content-type": "application/json"}, _json(payload))


def accepted(target: Target, status: int, body: bytes) -> bool:
    """True when the answer says that the message was taken. The robots answer 200 also when they refuse."""
    if not 200 <= status < 300:
        return False
    if target.kind in (TargetKind.WEBHOOK, TargetKind.EMAIL):
        return True
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    if not isinstance(answer, dict):
        return False
    return answer.get("errcode", answer.get("code", answer.get("StatusCode"))) == 0


def as_text(message: Mapping[str, Any]) -> str:
    """The message for a person to read, Chinese."""
    data = message["data"]
    names = {"phone": "手机", "landline": "座机", "wechat": "微信", "qq": "QQ", "email": "邮箱"}
    fields = {
        "name": "称呼",
        "city": "城市",
        "budget": "预算",
        "quantity": "数量",
        "time": "期望时间",
        "store": "到店门店",
        "visit_time": "到店时间",
        "party_size": "到店人数",
        "product": "意向商品",
    }
    lines = ["【掌柜】有新的客户线索"]
    lines += [f"{names.get(one['kind'], one['kind'])}：{one['value']}" for one in data["contacts"]]
    lines += [f"{fields.get(key, key)}：{value}" for key, value in data["profile"].items()]
    if data.get("product") and "product" not in data["profile"]:
        lines.append(f"意向商品：{data['product']}")
    lines.append(f"来源：{data['channel']}　编号：{data['id']}")
    return "\n".join(lines)


def _shortened(text: str, most: int) -> str:
    """The text in at most `most` bytes of UTF-8; contacts stand first, so the end is what can be missed."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"


def _secret_bytes(secret: str) -> bytes:
    try:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise TargetError("密钥要是 whsec_ 加 base64 / target: the secret must be whsec_ and base64") from exc
    if not 24 <= len(raw) <= 64:
        raise TargetError("密钥要有 24–64 字节 / target: the secret must hold 24 to 64 bytes")
    return raw


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

"""Sending one message: HTTP to a public address that is resolved once and pinned, or e-mail over SMTP.

A target's URL is typed in by a person, so the server must not become a way into its own network (SSRF, OWASP): the name
is resolved here, every address it has must be public, and the connection goes to exactly the address that was checked;
a second look-up, which could answer differently, never happens. Redirects are not followed, proxies of the
environment not used.
"""

from __future__ import annotations

import asyncio
import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

import httpx

from dialogue.errors import DialogueError
from dialogue.lead.target import Request, Target, TargetKind, accepted, as_request, as_text

_TIMEOUT_S = 15.0
_ANSWER_BYTES = 65_536
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is handed out to the public (RFC 4291); the rest is local, mapped or reserved."""
_DOCUMENTED = ipaddress.ip_network("3fff::/20")
"""For documentation (RFC 9637); `ipaddress` of older Pythons takes it for public."""
_FINAL = frozenset({410})
"""HTTP 410 means "never again" (Standard Webhooks)."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class DeliveryError(DialogueError):
    """The message was not taken; `final` when trying again is useless."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The SMTP account that mails are sent from. `security`: `tls` (port 465), `starttls` or `none`."""

    host: str
    port: int
    sender: str
    username: str = ""
    password: str = ""
    security: str = "tls"


class Postman:
    """Sends messages to targets. `allow_private` lets a webhook reach this machine and its network: only if meant."""

    def __init__(
        self,
        *,
        mailbox: Mailbox | None = None,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        self._mailbox = mailbox
        self._allow_private = allow_private
        self._resolve = resolve or resolve_addresses
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=0),
        )

    async def aclose(self) -> None:
        """Closes the connections. May be called twice."""
        await self._client.aclose()

    async def send(self, target: Target, message_id: str, message: Mapping[str, Any], *, now_s: int) -> None:
        """Sends the message once. Raises `DeliveryError`."""
        if target.kind == TargetKind.EMAIL:
            await self._mail(target, message_id, message)
            return
        request = as_request(target, message_id, message, now_s=now_s)
        try:
            async with asyncio.timeout(self._timeout_s):
                status, body = await self._post(request)
        except TimeoutError:
            raise DeliveryError(f"no answer within {self._timeout_s:g} s") from None
        except (httpx.InvalidURL, UnicodeError) as exc:
            raise DeliveryError("the address holds no usable host name", final=True) from exc
        except httpx.HTTPError as exc:
            raise DeliveryError(f"not reached: {type(exc).__name__}") from exc
        if not accepted(target, status, body):
            raise DeliveryError(f"not taken: HTTP {status}", final=status in _FINAL)

    async def _post(self, request: Request) -> tuple[int, bytes]:
        url = httpx.URL(request.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        address = await self._public_address(url.host, port)
        headers = {**request.headers, "host": url.netloc.decode("ascii"), "user-agent": "zhanggui-outbox/1"}
        pinned = url.copy_with(host=address)
        async with self._client.stream(
            "POST", pinned, headers=headers, content=request.body, extensions={"sni_hostname": url.host}
        ) as answer:
            body = b""
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > _ANSWER_BYTES:
                    break
            return answer.status_code, body

    async def _public_address(self, host: str, port: int) -> str:
        try:
            addresses = await self._resolve(host.strip("[]"), port)
        except OSError as exc:
            raise DeliveryError("the host name does not resolve") from exc
        if not addresses:
            raise DeliveryError("the host name does not resolve")
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise DeliveryError("the host name leads to a private address, which is refused", final=True)
        return addresses[0]

    async def _mail(self, target: Target, message_id: str, message: Mapping[str, Any]) -> None:
        if self._mailbox is None:
            raise DeliveryError("no mailbox is configured to send from")
        mail = EmailMessage()
        mail["From"], mail["To"] = self._mailbox.sender, target.address
        mail["Subject"] = "掌柜：有新的客户线索"
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message_id}@{self._mailbox.sender.rpartition('@')[2]}>"
        mail.set_content(as_text(message))
        try:
            await asyncio.to_thread(_hand_over, self._mailbox, mail, self._timeout_s)
        except smtplib.SMTPResponseException as exc:
            raise DeliveryError(f"the mail server refused: {exc.smtp_code}", final=exc.smtp_code in (550, 553)) from exc
        except (smtplib.SMTPException, OSError) as exc:
            raise DeliveryError(f"the mail server was not reached: {type(exc).__name__}") from exc


async def resolve_addresses(host: str, port: int) -> list[str]:
    """All addresses of a host, as the system resolves it. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """False for loopback, private, link-local, shared, reserved and multicast addresses, also inside an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip not in _GLOBAL_UNICAST or ip in _DOCUMENTED:
            return False
    return ip.is_global and not ip.is_multicast


def _hand_over(mailbox: Mailbox, mail: EmailMessage, timeout_s: float) -> None:
    context = ssl.create_default_context()
    if mailbox.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mailbox.host, mailbox.port, timeout=timeout_s, context=context)
    else:
        server = smtplib.SMTP(mailbox.host, mailbox.port, timeout=timeout_s)
    with server:
        if mailbox.security == "starttls":
            server.starttls(context=context)
        if mailbox.username:
            server.login(mailbox.username, mailbox.password)
        refused = server.send_message(mail)
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)

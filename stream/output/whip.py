"""WHIP push (RFC 9725): a room publishes its own packets to an SFU, and viewers beyond this machine watch there."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import ssl
from urllib.parse import urljoin, urlsplit

import httpx

from stream.errors import StreamError
from stream.program.encoder import AudioUnit, VideoUnit
from stream.viewer.fanout import Hub
from stream.viewer.peer import IceServer, OfferError, PublisherPeer
from stream.viewer.wire import Scratch

_log = logging.getLogger(__name__)

_CONNECT_S = 15.0
_HTTP_S = 10.0
_REDIRECTS = 5
_LINK = re.compile(r'<([^>]+)>\s*;([^<]*?rel="?ice-server"?[^<]*)')
_PARAMETER = re.compile(r'(username|credential)="([^"]*)"')


class WhipError(StreamError):
    """The server did not take the stream; the text holds no token."""


def ice_servers_of(links: list[str]) -> tuple[IceServer, ...]:
    """The STUN and TURN servers in `Link` headers (RFC 9725 section 4.6)."""
    servers = []
    for link in links:
        for url, parameters in _LINK.findall(link):
            found = dict(_PARAMETER.findall(parameters))
            servers.append(IceServer(url, found.get("username", ""), found.get("credential", "")))
    return tuple(servers)


class WhipOutput:
    """Publishes to one WHIP endpoint; connects again with a pause of 1 to 30 s, and DELETEs its session when it stops.

    Packets come from the room's hubs by the same fast path as a viewer's: nothing is encoded again.
    """

    needs_aac = False

    def __init__(
        self,
        name: str,
        url: str,
        *,
        video: Hub,
        audio: Hub,
        token: str | None = None,
        backoff_s: tuple[float, float] = (1.0, 30.0),
        verify: bool = True,
    ) -> None:
        found = urlsplit(url)
        if found.scheme not in ("http", "https") or not found.hostname:
            raise WhipError("a WHIP address begins with http:// or https:// and a host")
        self.name = name
        self.state = "stopped"
        """`stopped`, `connecting`, `live` or `retrying`."""
        self.error = ""
        self.failures = 0
        self.frames = 0
        self.dropped = 0
        self._url = url
        self._video, self._audio = video, audio
        self._token = token
        self._backoff = backoff_s
        self._verify = verify
        self._tls: ssl.SSLContext | None = None
        self._told: tuple[IceServer, ...] = ()
        """ICE servers of the last 201: they come after the offer was made, and serve the next one."""
        self._task: asyncio.Task[None] | None = None

    def video(self, unit: VideoUnit) -> None:
        """Count a picture; it leaves through the hub."""
        self.frames += self.state == "live"

    def audio(self, unit: AudioUnit) -> None:
        """Sound leaves through the hub."""

    async def start(self) -> None:
        """Begin to connect."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"whip-{self.name}")

    async def stop(self) -> None:
        """End the session; may be called twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self.state = "stopped"

    async def _run(self) -> None:
        pause_s = self._backoff[0]
        while True:
            try:
                self.state = "connecting"
                await self._publish()
            except (WhipError, OfferError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as exc:
                # `ValueError`: an address to go on to, or an answer, that nobody can read.
                was_live = self.state == "live"
                self.state, self.error = "retrying", str(exc) or type(exc).__name__
                self.failures += 1
                _log.warning("WHIP output %s: %s; trying again", self.name, self.error)
                pause_s = self._backoff[0] if was_live else pause_s
            await asyncio.sleep(pause_s * (0.75 + random.random() / 2))  # noqa: S311 - spreads reconnects
            pause_s = min(pause_s * 2, self._backoff[1])

    async def _publish(self) -> None:
        """One session, from the offer to the end of the connection, which is always an error."""
        if self._tls is None:
            # Reading the certificates takes tens of milliseconds, in which no room of this loop would tick.
            self._tls = await asyncio.to_thread(httpx.create_ssl_context, verify=self._verify)
        async with httpx.AsyncClient(timeout=_HTTP_S, verify=self._tls) as client:
            servers = await self._servers(client) or self._told
            peer = PublisherPeer(video=self._video, audio=self._audio, scratch=Scratch(), ice_servers=servers)
            resource = ""
            try:
                reply = await self._post(client, await peer.offer())
                resource = urljoin(str(reply.url), reply.headers.get("location", ""))
                self._told = ice_servers_of(reply.headers.get_list("link"))
                if "location" not in reply.headers:
                    raise WhipError("the server gave no Location")
                await peer.accept(reply.text)
                async with asyncio.timeout(_CONNECT_S):
                    await peer.opened.wait()
                self.state = "live"
                await peer.closed.wait()
                raise WhipError("the connection ended")
            finally:
                await asyncio.shield(self._leave(client, peer, resource))

    async def _leave(self, client: httpx.AsyncClient, peer: PublisherPeer, resource: str) -> None:
        await peer.aclose()
        if resource:
            try:
                await client.delete(resource, headers=self._headers(resource))
            except httpx.HTTPError as exc:
                _log.info("WHIP output %s could not end its session: %s", self.name, type(exc).__name__)

    async def _servers(self, client: httpx.AsyncClient) -> tuple[IceServer, ...]:
        reply = await client.options(self._url, headers=self._headers(self._url), follow_redirects=True)
        return ice_servers_of(reply.headers.get_list("link"))

    async def _post(self, client: httpx.AsyncClient, offer: str) -> httpx.Response:
        """POST the offer; 307 and 308 are followed with the body (RFC 9725 section 4.5), the token only to its host."""
        url = self._url
        for _ in range(_REDIRECTS):
            headers = {"Content-Type": "application/sdp", **self._headers(url)}
            reply = await client.post(url, content=offer, headers=headers)
            if reply.status_code not in (307, 308):
                break
            url = urljoin(url, reply.headers.get("location", ""))
        if reply.status_code != 201:
            raise WhipError(f"the server answered {reply.status_code}")
        return reply

    def _headers(self, url: str) -> dict[str, str]:
        """The token, and that only to the host it was given for."""
        own = urlsplit(url)[:2] == urlsplit(self._url)[:2]
        return {"Authorization": f"Bearer {self._token}"} if self._token and own else {}

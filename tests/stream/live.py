"""A room on a loopback port, and viewers for it: what the end-to-end tests of the stream share."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from stream.room.room import Room
from stream.viewer.whep_router import whep_router
from tests.stream.fakes import BarsStage, FakeLine, ListDirector, ToneVoice
from tests.stream.lossy import LossyRelay, server_address, through

WHEP_JS = Path(__file__).resolve().parents[2] / "stream" / "web" / "whep.js"

PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<video id="video" autoplay playsinline></video>
<script type="module">
import { connect } from "/whep.js";
const video = document.getElementById("video"), began = performance.now();
window.states = [];
video.requestVideoFrameCallback(() => { window.firstFrameMs = performance.now() - began; });
const path = new URLSearchParams(location.search).get("whep") || "/rooms/demo/whep";
window.player = connect(video, path, { onstate: (state) => window.states.push(state) });
window.stats = async () => {
  const found = {};
  (await window.player.pc.getStats()).forEach((s) => { if (s.type === "inbound-rtp") found[s.kind] = s; });
  return found;
};
</script>"""


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve an application; gives its base URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
        task = asyncio.create_task(server.serve([listening]))
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def application(rooms: Mapping[str, Room], **options: Any) -> FastAPI:
    """WHEP and a bare page around the shipped client."""
    app = FastAPI()
    app.include_router(whep_router(rooms.get, **options))

    @app.post("/lossy/rooms/{name}/whep")
    async def lossy(name: str, request: Request) -> Response:
        """The same session with its media sent through `app.state.relays`' newest lossy relay."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://room") as client:
            kept = {"content-type": request.headers.get("content-type", "")}
            # The room may not learn the viewer's address, or it would find a way past the relay.
            offer = [line for line in (await request.body()).splitlines() if not line.startswith(b"a=candidate:")]
            reply = await client.post(f"/rooms/{name}/whep", content=b"\r\n".join(offer) + b"\r\n", headers=kept)
        relay = LossyRelay(server_address(reply.text), **app.state.network)
        await relay.start()
        app.state.relays.append(relay)
        headers = {"Location": f"/lossy{reply.headers['location']}", "ETag": reply.headers["etag"]}
        return Response(through(reply.text, relay.port), 201, headers, "application/sdp")

    @app.patch("/lossy/rooms/{name}/whep/{session}")
    async def kept_secret(name: str, session: str) -> Response:
        return Response(status_code=204)

    app.state.relays = []
    app.state.network = {"loss": 0.0, "delay_s": 0.0}

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    @app.get("/whep.js")
    async def script() -> FileResponse:
        return FileResponse(WHEP_JS, media_type="text/javascript")

    return app


def make_room(
    *, lines: tuple[str, ...] = ("今天给大家带来一款好用的杯子。",), loop: bool = True, **options: Any
) -> Room:
    """A room with the fakes, unless others are handed in."""
    options.setdefault("voice", ToneVoice())
    options.setdefault("make_stage", BarsStage)
    options.setdefault("director", ListDirector([FakeLine(text) for text in lines], loop=loop))
    return Room("demo", **options)


@asynccontextmanager
async def on_air(room: Room, *, network: dict[str, float] | None = None, **options: Any) -> AsyncIterator[str]:
    """Start a room and serve it; gives the base URL. `network` is that of `/lossy/rooms/…`."""
    await room.start()
    app = application({"demo": room}, **options)
    app.state.network = network or app.state.network
    try:
        async with serving(app) as url:
            yield url
    finally:
        for relay in app.state.relays:
            await relay.stop()
        await room.stop()


class Watcher:
    """An aiortc viewer that plays by the rules of WHEP."""

    def __init__(self, url: str, *, token: str = "") -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.resource = ""
        self.etag = ""
        self.pc.on("track", lambda track: self.tracks.__setitem__(track.kind, track))

    async def join(self, *, kinds: tuple[str, ...] = ("video", "audio")) -> None:
        for kind in kinds:
            self.pc.addTransceiver(kind, direction="recvonly")
        await self.pc.setLocalDescription(await self.pc.createOffer())
        async with httpx.AsyncClient(timeout=60) as client:
            reply = await client.post(
                f"{self.url}/rooms/demo/whep",
                content=self.pc.localDescription.sdp,
                headers={"Content-Type": "application/sdp", **self.headers},
            )
        assert reply.status_code == 201, reply.text
        self.resource = self.url + reply.headers["location"]
        self.etag = reply.headers["etag"]
        await self.pc.setRemoteDescription(RTCSessionDescription(reply.text, "answer"))

    async def frame(self, kind: str = "video") -> Any:
        async with asyncio.timeout(60):
            return await self.tracks[kind].recv()

    async def close(self) -> None:
        await self.pc.close()


async def eventually(check: Callable[[], bool], *, within_s: float = 60.0) -> None:
    """Wait until `check` holds; fails the test when it does not in time."""
    async with asyncio.timeout(within_s):
        while not check():  # noqa: ASYNC110 - the state belongs to code that knows nothing of tests
            await asyncio.sleep(0.02)

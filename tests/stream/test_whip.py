"""WHIP: a room published to Janus, watched there; and what a server may answer."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from fastapi import FastAPI, Request, Response

from stream.output.push_address import masked
from stream.output.whip import WhipError, WhipOutput, ice_servers_of
from stream.room.outlet import create_output
from stream.viewer.peer import IceServer
from tests.stream.janus import ROOM_ID, Handle, start_janus, whip_gateway
from tests.stream.live import eventually, make_room, on_air, serving
from tests.stream.test_rtmp import _listens, free_port


@asynccontextmanager
async def janus(folder: Path) -> AsyncIterator[str]:
    port = free_port()
    process = start_janus(folder, port)
    try:
        await eventually(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}/janus"
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 10)


async def test_a_room_is_published_to_janus_and_watched_there(tmp_path: Path) -> None:
    seen: list[str] = []
    room = make_room()
    async with janus(tmp_path / "janus") as url, on_air(room), serving(whip_gateway(url, seen)) as gateway:
        output = WhipOutput(
            "sfu",
            f"{gateway}/whip/sale",
            video=room.hubs["high"],
            audio=room.audio_hub,
            token="t0ken",
            backoff_s=(0.2, 0.5),
        )
        await room.outputs.add(output)
        await eventually(lambda: output.state == "live")
        async with httpx.AsyncClient() as client:
            handle = Handle(client, url)
            await handle.open()
            found = await handle.ask({"request": "listparticipants", "room": ROOM_ID})
            feed = found["plugindata"]["data"]["participants"][0]["id"]
            join = {"request": "join", "ptype": "subscriber", "room": ROOM_ID, "streams": [{"feed": feed}]}
            event = await handle.ask(join)
            pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            tracks = []
            pc.on("track", tracks.append)
            await pc.setRemoteDescription(RTCSessionDescription(event["jsep"]["sdp"], "offer"))
            await pc.setLocalDescription(await pc.createAnswer())
            answer = {"type": "answer", "sdp": pc.localDescription.sdp}
            await handle.ask({"request": "start", "room": ROOM_ID}, answer)
            (video,) = [track for track in tracks if track.kind == "video"]
            for _ in range(25):
                frame = await asyncio.wait_for(video.recv(), 60)
            assert (frame.width, frame.height) == (720, 1280)
            assert room.studio.encoded <= room.program.sample // 1920 + 2, "one encode for the SFU as well"
            await pc.close()
            await handle.close()
        await room.outputs.remove("sfu")
    assert seen == ["Bearer t0ken", "deleted"]


async def test_a_token_before_the_host_is_shown_to_that_server_and_nowhere_else(tmp_path: Path) -> None:
    app, asked = FastAPI(), []

    @app.post("/whip")
    async def post(request: Request) -> Response:
        asked.append((request.headers["authorization"], str(request.url)))
        return Response(status_code=404)

    room = make_room()
    async with on_air(room), serving(app) as url:
        host = url.removeprefix("http://")
        for target in (f"http://t0k%2Fen@{host}/whip", f"http://:t0k%2Fen@{host}/whip"):
            output = create_output("sfu", target, room=room, folder=tmp_path)
            await room.outputs.add(output)
            await eventually(lambda output=output: output.failures > 0)
            await room.outputs.remove("sfu")
            assert "t0k" not in output.error and "t0k" not in masked(target)
    assert set(asked) == {("Bearer t0k/en", f"{url}/whip")}


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_server_that_refuses_is_asked_again_with_growing_pauses(status: int) -> None:
    app, asked = FastAPI(), []

    @app.post("/whip")
    async def refuse() -> Response:
        asked.append(status)
        return Response(status_code=status)

    room = make_room()
    async with serving(app) as url:
        output = WhipOutput("sfu", f"{url}/whip", video=room.hubs["high"], audio=room.audio_hub, backoff_s=(0.01, 0.05))
        await output.start()
        await eventually(lambda: len(asked) >= 3)
        assert str(status) in output.error
        await output.stop()
        await output.stop()
    assert output.state == "stopped"


async def test_an_answer_that_is_no_sdp_is_an_error_and_the_session_is_deleted() -> None:
    app, deleted = FastAPI(), asyncio.Event()

    @app.post("/whip")
    async def nonsense() -> Response:
        return Response("hello", 201, {"Location": "/whip/1"}, "application/sdp")

    @app.delete("/whip/1")
    async def end() -> Response:
        deleted.set()
        return Response(status_code=200)

    room = make_room()
    async with serving(app) as url:
        output = WhipOutput("sfu", f"{url}/whip", video=room.hubs["high"], audio=room.audio_hub, backoff_s=(0.01, 1))
        await output.start()
        await asyncio.wait_for(deleted.wait(), 60)
        await output.stop()


@pytest.mark.parametrize("place", ["http://[nowhere/whip", "http://host:many/whip", "gopher://host/whip"])
async def test_an_address_to_go_on_to_that_nobody_can_read_is_an_error_and_is_tried_again(place: str) -> None:
    app, asked = FastAPI(), []

    @app.post("/whip")
    async def moved() -> Response:
        asked.append(place)
        return Response(status_code=307, headers={"Location": place})

    room = make_room()
    async with serving(app) as url:
        output = WhipOutput("sfu", f"{url}/whip", video=room.hubs["high"], audio=room.audio_hub, backoff_s=(0.01, 0.05))
        await output.start()
        await eventually(lambda: len(asked) >= 3)
        assert output.failures >= 2
        await output.stop()


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_is_followed_with_the_offer_and_the_token_stays_with_its_host(status: int) -> None:
    here, there = FastAPI(), FastAPI()
    posted: list[tuple[str, str | None]] = []
    deleted: list[str | None] = []

    @there.post("/elsewhere")
    async def refuse(request: Request) -> Response:
        posted.append(((await request.body()).decode(), request.headers.get("authorization")))
        return Response("no sdp", 201, {"Location": "/elsewhere/1"}, "application/sdp")

    @there.delete("/elsewhere/1")
    async def end(request: Request) -> Response:
        deleted.append(request.headers.get("authorization"))
        return Response(status_code=200)

    room = make_room()
    async with serving(there) as target, serving(here) as url:

        @here.post("/whip")
        async def moved(request: Request) -> Response:
            assert request.headers["authorization"] == "Bearer t0ken"
            return Response(status_code=status, headers={"Location": f"{target}/elsewhere"})

        output = WhipOutput(
            "sfu", f"{url}/whip", video=room.hubs["high"], audio=room.audio_hub, token="t0ken", backoff_s=(5, 5)
        )
        await output.start()
        await eventually(lambda: bool(deleted))
        await output.stop()
    assert posted[0][0].startswith("v=0")
    assert [token for _, token in posted] == deleted == [None]


async def test_ice_servers_that_come_with_the_answer_serve_the_next_offer() -> None:
    app, offers = FastAPI(), []
    link = '<turn:127.0.0.1:9?transport=udp>; rel="ice-server"; username="u"; credential="c"'

    @app.post("/whip")
    async def answer(request: Request) -> Response:
        offers.append((await request.body()).decode())
        return Response("no sdp", 201, {"Location": "/whip/1", "Link": link}, "application/sdp")

    room = make_room()
    async with serving(app) as url:
        output = WhipOutput("sfu", f"{url}/whip", video=room.hubs["high"], audio=room.audio_hub, backoff_s=(0.01, 1))
        await output.start()
        await eventually(lambda: len(offers) >= 1 and output._told != ())
        assert output._told == (IceServer("turn:127.0.0.1:9?transport=udp", "u", "c"),)
        await output.stop()


async def test_a_dead_name_is_an_error_of_one_line_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", dead)
    room = make_room()
    output = WhipOutput(
        "sfu", "http://sfu.example/whip", video=room.hubs["high"], audio=room.audio_hub, backoff_s=(0.01, 0.05)
    )
    await output.start()
    await eventually(lambda: output.failures >= 2)
    assert output.error == "[Errno -2] Name or service not known"
    await output.stop()


def test_ice_servers_are_read_from_link_headers() -> None:
    links = [
        '<stun:s.example:3478>; rel="ice-server"',
        '<turn:t.example?transport=udp>; rel="ice-server"; username="u"; credential="c"; credential-type="password"',
        '<https://example/>; rel="next"',
    ]
    assert ice_servers_of(links) == (
        IceServer("stun:s.example:3478"),
        IceServer("turn:t.example?transport=udp", "u", "c"),
    )


@pytest.mark.parametrize("url", ["", "rtmp://a/b", "http://"])
def test_a_wrong_address_is_refused(url: str) -> None:
    room = make_room()
    with pytest.raises(WhipError), contextlib.nullcontext():
        WhipOutput("sfu", url, video=room.hubs["high"], audio=room.audio_hub)

"""TURN, with a real coturn: a viewer who can only be reached through a relay, and a room that can only send so."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCPeerConnection
from aiortc.rtcconfiguration import RTCIceTransportPolicy

from stream.viewer.peer import IceServer
from tests.stream.live import Watcher, eventually, make_room, on_air
from tests.stream.test_rtmp import free_port

ADDRESS = "127.0.0.1"


def start_coturn(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """coturn on loopback, as an own process; left out where it is not installed."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("no coturn: apt-get install coturn")
    options = (
        f"-n --listening-ip={ADDRESS} --relay-ip={ADDRESS} --listening-port={port} --user=user:secret --realm=test "
        "--lt-cred-mech --fingerprint --allow-loopback-peers --no-tls --no-dtls --no-cli --no-multicast-peers "
        f"--pidfile={folder}/turn.pid --log-file=stdout --simple-log --userdb={folder}/turn.db"
    )
    return subprocess.Popen([program, *options.split()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@asynccontextmanager
async def coturn(folder: Path) -> AsyncIterator[int]:
    port = free_port()
    process = start_coturn(folder, port)
    try:
        await eventually(lambda: _answers(port))
        yield port
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 10)


def _answers(port: int) -> bool:
    """coturn listens on TCP as well as UDP."""
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, port)) == 0


async def test_a_viewer_behind_a_relay_sees_the_picture(tmp_path: Path) -> None:
    async with coturn(tmp_path) as port, on_air(make_room()) as url:
        watcher = Watcher(url)
        server = RTCIceServer(f"turn:{ADDRESS}:{port}?transport=udp", "user", "secret")
        watcher.pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=[server],
                iceTransportPolicy=RTCIceTransportPolicy.RELAY,
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
            )
        )
        watcher.pc.on("track", lambda track: watcher.tracks.__setitem__(track.kind, track))
        await watcher.join()
        for _ in range(10):
            frame = await watcher.frame()
        assert frame.width == 720
        await watcher.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_room_that_sends_through_its_own_relay_uses_the_librarys_path(transport: str, tmp_path: Path) -> None:
    async with coturn(tmp_path) as port:
        server = IceServer(f"turn:{ADDRESS}:{port}?transport={transport}", "user", "secret")
        room = make_room(own_ice_servers=(server,), relay_only=True)
        async with on_air(room) as url:
            watcher = Watcher(url)
            await watcher.join()
            for _ in range(10):
                frame = await watcher.frame()
            assert frame.width == 720
            viewer = next(iter(room.audience.viewers.values()))
            stream = viewer.peer.video_stream
            assert stream is not None
            route = stream._sink.router.route()  # type: ignore[attr-defined]
            assert route.sock is None, "no socket of ours: the packets go by the library"
            await watcher.close()

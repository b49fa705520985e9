"""RTMP: a platform that is dead, silent or hangs up costs the room nothing; one that listens gets every frame."""

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stream.output.network_file import NetworkFile
from stream.output.push_address import RtmpAddressError, masked, rtmp_url
from stream.output.rtmp import RtmpOutput
from tests.stream.live import eventually, make_room, on_air
from tests.stream.media import decoded, fed_until, feed, times

NGINX = """
load_module {module};
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log info;
events {{ worker_connections 64; }}
rtmp {{
  access_log off;
  server {{
    listen 127.0.0.1:{port}; chunk_size 4096;
    application live {{ live on; record all; record_path {folder}; record_suffix .flv; allow publish 127.0.0.1; }}
  }}
}}
"""
MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


@pytest.mark.parametrize(
    ("server", "key", "url"),
    [
        ("rtmp://a.rtmp.youtube.com/live2", "abcd-efgh", "rtmp://a.rtmp.youtube.com/live2/abcd-efgh"),
        ("rtmp://live-push.bilivideo.com/live-bvc/", "?streamname=l&key=k", None),
        ("rtmp://push.example.com/third/", "stream-1?expire=1&sign=s", None),
        ("rtmps://push.example.com:443/app", "k", "rtmps://push.example.com:443/app/k"),
    ],
)
def test_server_and_key_make_an_address(server: str, key: str, url: str | None) -> None:
    made = rtmp_url(server, key)
    assert made == (url or server + key)
    for secret in ("abcd-efgh", "key=k", "sign=s", "streamname"):
        assert secret not in masked(made)


@pytest.mark.parametrize("address", ["", "http://a/b/c", "rtmp://", "rtmp://host", "rtmp://host/", "rtmp://h/a b/c"])
def test_a_wrong_address_is_refused(address: str) -> None:
    with pytest.raises(RtmpAddressError):
        rtmp_url(address)


async def test_a_dead_platform_is_tried_again_and_its_key_stays_secret(caplog: pytest.LogCaptureFixture) -> None:
    output = RtmpOutput("dead", "rtmp://127.0.0.1:9/app/s3cret", backoff_s=(0.02, 0.05))
    await output.start()
    await fed_until(output, lambda: output.failures >= 2)
    assert output.state in ("retrying", "connecting")
    await output.stop()
    assert "s3cret" not in caplog.text + output.error + output.address


async def test_a_platform_whose_name_is_dead_costs_the_program_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    output = RtmpOutput("dead", "rtmp://push.example.com/app/s3cret", backoff_s=(0.02, 0.05))
    room = make_room()
    async with on_air(room):
        monkeypatch.setattr(socket, "getaddrinfo", dead)
        ticks = room.ticks
        await room.outputs.add(output)
        await eventually(lambda: output.failures >= 1)
        await eventually(lambda: room.ticks > ticks + 50)
        assert output.error == "push.example.com cannot be reached: Temporary failure in name resolution"
        assert output.state == "retrying"
        monkeypatch.undo()


async def test_a_platform_that_takes_the_connection_and_says_nothing_stops_nothing() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    with pytest.raises(OSError, match="exit requested"):
        await asyncio.to_thread(NetworkFile, f"rtmp://127.0.0.1:{port}/live/key", limit_s=0.3)
    output = RtmpOutput("silent", f"rtmp://127.0.0.1:{port}/live/s3cret", backoff_s=(0.05, 0.1))
    room = make_room()
    try:
        async with on_air(room):
            await room.outputs.add(output)
            await eventually(lambda: output.state == "connecting")
            ticks = room.ticks
            await eventually(lambda: room.ticks > ticks + 100)
            assert room.skipped_ticks == 0
            silent.close()
            await room.outputs.remove("silent")
    finally:
        silent.close()


@asynccontextmanager
async def impatient(port: int, *, after_s: float, closed: list[int]) -> AsyncIterator[int]:
    """A platform in front of `port` that hangs up on every push after `after_s`; gives its own port."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        both = asyncio.gather(pipe(reader, there_writer), pipe(there_reader, writer))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(both, after_s)
            writer.close()
            return there_writer.close()
        closed.append(port)
        writer.transport.abort()
        there_writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_platform_that_hangs_up_again_and_again_is_pushed_to_again_and_again(tmp_path: Path) -> None:
    port, closed = free_port(), list[int]()
    room = make_room()
    async with on_air(room), nginx(tmp_path / "nginx", port), impatient(port, after_s=1.5, closed=closed) as front:
        output = RtmpOutput("platform", f"rtmp://127.0.0.1:{front}/live/key", backoff_s=(0.1, 0.2))
        ticks = room.ticks
        await room.outputs.add(output)
        await eventually(lambda: len(closed) >= 2 and output.failures >= 2, within_s=60)
        frames = output.frames
        await eventually(lambda: output.frames > frames + 10, within_s=60)
        assert room.ticks > ticks + 100
        assert room.outputs.failures == 0
        await room.outputs.remove("platform")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_nginx(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """nginx with its rtmp module, as an own process; left out where it is not installed."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not MODULE.exists() or not Path(program).exists():
        pytest.skip("no nginx with rtmp: apt-get install libnginx-mod-rtmp")
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(module=MODULE, folder=folder, port=port))
    command = [program, "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")]
    if os.getuid() == 0:
        command += ["-g", "user root;"]
    return subprocess.Popen(command)


@asynccontextmanager
async def nginx(folder: Path, port: int) -> AsyncIterator[None]:
    process = start_nginx(folder, port)
    try:
        await eventually(lambda: _listens(port))
        yield
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_a_room_pushed_to_nginx_arrives_whole_and_again_after_it_was_gone(tmp_path: Path) -> None:
    port = free_port()
    room = make_room()
    output = RtmpOutput("platform", f"rtmp://127.0.0.1:{port}/live/key", backoff_s=(0.1, 0.2))
    folder = tmp_path / "one"
    async with on_air(room):
        async with nginx(folder, port):
            await room.outputs.add(output)
            await eventually(lambda: output.frames > 100, within_s=60)
        await eventually(lambda: output.state == "retrying", within_s=60)
        hub = room.hubs["high"]
        frames = hub.frames
        again = tmp_path / "two"
        async with nginx(again, port):
            await eventually(lambda: output.state == "live", within_s=60)
            sent = output.frames
            await eventually(lambda: output.frames > sent + 50, within_s=60)
            await room.outputs.remove("platform")
        assert hub.frames > frames, "the program did not notice"
    for found, least in ((folder / "key.flv", 80), (again / "key.flv", 50)):
        stamps = times(found, "video")
        assert len(stamps) >= least
        assert np.allclose(np.diff(stamps), 0.04, atol=0.0011) or np.all(np.diff(stamps) > 0)
        assert decoded(found) >= least
        sound = times(found, "audio")
        assert abs(sound[-1] - stamps[-1]) < 0.3


async def test_the_key_is_told_only_to_a_platform_whose_certificate_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    write_certificate(key, certificate, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    told: list[int] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(len(await reader.read(4096)))
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]

        async def push() -> None:
            output = RtmpOutput("youtube", f"rtmps://localhost:{port}/live2/secret", backoff_s=(9, 9))
            await output.start()
            feed(output, 5)
            await eventually(lambda: output.failures > 0)
            await output.stop()

        await push()
        assert not any(told), "the certificate is nobody's"
        monkeypatch.setattr("stream.output.network_file.authorities", lambda: str(certificate))
        await push()
        assert told[-1] > 1000, "the handshake of RTMP"


def write_certificate(key: Path, certificate: Path, name: str) -> None:
    """A certificate for `name` that stands for itself."""
    secret = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(secret.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))

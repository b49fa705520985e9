"""Outputs: what was encoded is in the file, the segments and the platform's sink, with the times it was made with."""

import asyncio
import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from stream.clock import FRAME_SAMPLES, TICK_SAMPLES
from stream.encoder import AacEncoder, Rendition, VideoEncoder, VideoUnit, picture
from stream.hls import HlsOutput
from stream.hls_router import hls_router
from stream.muxer import Muxer, MuxError
from stream.muxing import MuxingOutput
from stream.network_file import NetworkFile
from stream.output import Outputs
from stream.push_address import RtmpAddressError, masked, rtmp_url
from stream.recorder import RecordingOutput
from stream.rtmp import RtmpOutput
from tests.stream.fakes import BarsStage
from tests.stream.live import eventually, make_room, on_air, serving

ROOT = Path(__file__).resolve().parents[2]
SMALL = Rendition("small", 180, 320, 300_000)


def feed(output: MuxingOutput, frames: int, *, start: int = 0, key: bool = True) -> list[VideoUnit]:
    """Encode moving bars and a tone, and hand both to an output."""
    encoder, aac, stage = VideoEncoder(SMALL), AacEncoder(), BarsStage(180, 320)
    tone = (np.sin(np.arange(TICK_SAMPLES) / 10) * 8000).astype(np.int16)
    units = []
    for number in range(frames):
        sample = start + number * FRAME_SAMPLES
        unit = encoder.encode(picture(stage.frame(sample, ())), sample, key=key and number == 0)
        units.append(unit)
        output.video(unit)
        for half in (0, 1):
            for packet in aac.encode(tone, sample + half * TICK_SAMPLES):
                output.audio(packet)
    return units


def times(path: Path, kind: str) -> list[float]:
    with av.open(str(path)) as found:
        stream = found.streams.video[0] if kind == "video" else found.streams.audio[0]
        return [float(p.pts * p.time_base) for p in found.demux(stream) if p.pts is not None and p.size]


def files(folder: Path, pattern: str = "*.mp4") -> list[Path]:
    return sorted(folder.glob(pattern))


def decoded(path: Path) -> int:
    with av.open(str(path)) as found:
        return sum(1 for _ in found.decode(video=0))


async def test_a_recording_holds_every_frame_at_its_time(tmp_path: Path) -> None:
    output = RecordingOutput("rec", tmp_path, free_bytes=0)
    await output.start()
    feed(output, 100, start=48_000 * 90_000)
    await output.stop()
    (path,) = files(tmp_path)
    assert decoded(path) == 100
    assert times(path, "video") == pytest.approx([number * 0.04 for number in range(100)], abs=1e-4)
    sound = times(path, "audio")
    assert np.allclose(np.diff(sound), 1024 / 48_000, atol=1e-4)
    assert sound[0] < 0.03


async def test_a_recording_cut_off_by_a_crash_plays_up_to_the_last_fragment(tmp_path: Path) -> None:
    output = RecordingOutput("rec", tmp_path, free_bytes=0)
    await output.start()
    feed(output, 130)
    await eventually(lambda: output.frames == 130)
    (path,) = files(tmp_path)
    cut = tmp_path / "cut.mp4"
    shutil.copy(path, cut)
    assert decoded(cut) >= 100, "two whole groups of pictures are in the file before it is closed"
    await output.stop()


async def test_recordings_are_cut_at_keyframes_and_the_oldest_go(tmp_path: Path) -> None:
    output = RecordingOutput("rec", tmp_path, file_s=4, keep_bytes=1, free_bytes=0)
    await output.start()
    feed(output, 320)
    await output.stop()
    (newest,) = files(tmp_path)
    assert decoded(newest) >= 20


async def test_a_nearly_full_disk_pauses_the_recording_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    free = [0]
    output = RecordingOutput("rec", tmp_path, free_bytes=1 << 20, free=lambda _: free[0], backoff_s=(0.05, 0.1))
    await output.start()
    feed(output, 10)
    await eventually(lambda: output.failures > 0)
    assert "free for recordings" in output.error
    free[0] = 1 << 30
    await asyncio.sleep(0.3)
    feed(output, 10)
    await eventually(lambda: output.frames > 0)
    await output.stop()


async def test_a_container_begins_with_a_keyframe(tmp_path: Path) -> None:
    with pytest.raises(MuxError, match="key frame"):
        Muxer(str(tmp_path / "a.mp4"), "mp4", VideoUnit(b"\0\0\0\1\x41a", (), 0, False))


async def test_a_slow_sink_costs_packets_up_to_the_next_keyframe_and_nobody_waits() -> None:
    class Stuck:
        written: list[object] = []  # noqa: RUF012

        def write(self, unit: object) -> None:
            time.sleep(0.02)
            self.written.append(unit)

        def close(self) -> None:
            return

    output = MuxingOutput("slow", lambda first: Stuck())
    await output.start()
    units = feed(output, 260)
    assert output.dropped > 0
    await output.stop()
    kept = [unit for unit in Stuck.written if isinstance(unit, VideoUnit)]
    for before, after in itertools.pairwise(kept):
        assert after.sample - before.sample == FRAME_SAMPLES or after.key
    assert units[0] in kept


async def test_a_sink_that_hangs_is_left_behind_and_another_is_opened() -> None:
    release, opened = threading.Event(), []

    class Hanging:
        def write(self, unit: object) -> None:
            if len(opened) == 1:
                release.wait(20)

        def close(self) -> None:
            return

    output = MuxingOutput("hung", lambda first: opened.append(first) or Hanging(), hang_s=0.2)  # type: ignore[func-returns-value]
    await output.start()
    feed(output, 5)
    await asyncio.sleep(0.3)
    feed(output, 5, start=48_000)
    await eventually(lambda: output.frames >= 5)
    assert len(opened) == 2
    assert output.failures == 1
    release.set()
    await output.stop()


async def test_outputs_encode_aac_only_while_one_needs_it_and_survive_one_that_raises() -> None:
    class Bad:
        name = "bad"
        needs_aac = False

        def video(self, unit: object) -> None:
            raise ValueError("broken")

        audio = video

        async def start(self) -> None:
            return

        async def stop(self) -> None:
            return

    outputs = Outputs()
    await outputs.add(Bad())
    with pytest.raises(ValueError, match="runs already"):
        await outputs.add(Bad())
    room = make_room()
    unit = room._opus.encode(np.zeros(960, np.int16), 0)
    outputs.audio(unit, np.zeros(960, np.int16))
    outputs.video(VideoUnit(b"", (), 0, True))
    assert outputs.failures == 2
    assert outputs._aac is None
    await outputs.aclose()
    assert not outputs.running


async def test_hls_segments_and_playlist_are_served_and_old_ones_go(tmp_path: Path) -> None:
    output = HlsOutput("hls", tmp_path / "hls")
    await output.start()
    feed(output, 650)
    app = FastAPI()
    app.include_router(hls_router({"demo": output}.get))
    await eventually(lambda: output.frames == 650)
    async with serving(app) as url, httpx.AsyncClient() as client:
        playlist = await client.get(f"{url}/rooms/demo/hls/index.m3u8")
        assert playlist.status_code == 200
        assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
        assert playlist.headers["access-control-allow-origin"] == "*"
        names = [line for line in playlist.text.splitlines() if line.endswith(".ts")]
        assert len(names) == 6
        segment = await client.get(f"{url}/rooms/demo/hls/{names[-1]}")
        assert segment.headers["content-type"] == "video/mp2t"
        for wrong in ("..%2Fx", "secret.txt", "999999.ts"):
            assert (await client.get(f"{url}/rooms/demo/hls/{wrong}")).status_code == 404
        assert (await client.get(f"{url}/rooms/none/hls/index.m3u8")).status_code == 404
    (tmp_path / "one.ts").write_bytes(segment.content)
    assert decoded(tmp_path / "one.ts") == 50
    assert len(files(tmp_path / "hls", "*.ts")) <= 11
    await output.stop()


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
    for start in range(20):
        feed(output, 1, start=start * FRAME_SAMPLES)
        await asyncio.sleep(0.05)
        if output.failures >= 2:
            break
    assert output.failures >= 2
    assert output.state == "retrying"
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
        await eventually(lambda: len(closed) >= 2 and output.failures >= 2, within_s=30)
        frames = output.frames
        await eventually(lambda: output.frames > frames + 10, within_s=20)
        assert room.ticks > ticks + 100
        assert room.outputs.failures == 0
        await room.outputs.remove("platform")


async def test_a_nearly_full_disk_pauses_hls_before_a_segment_is_cut_off(tmp_path: Path) -> None:
    free = [1 << 30]
    output = HlsOutput("hls", tmp_path / "hls", free=lambda _: free[0], backoff_s=(0.05, 0.1))
    await output.start()
    feed(output, 60)
    await eventually(lambda: output.frames == 60)
    free[0] = 0
    feed(output, 60, start=60 * FRAME_SAMPLES)
    await eventually(lambda: output.failures > 0)
    assert output.error == "less than 256 MiB are free for HLS segments"
    free[0] = 1 << 30
    await asyncio.sleep(0.3)
    before = output.frames
    feed(output, 10, start=120 * FRAME_SAMPLES)
    await eventually(lambda: output.frames > before)
    await output.stop()


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from stream.recorder import RecordingOutput
from tests.stream.live import eventually, make_room, on_air


async def main():
    room, hard = make_room(), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    async with on_air(room):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
        output = RecordingOutput("out", Path(sys.argv[1]), free_bytes=0, backoff_s=(0.05, 0.1))
        await room.outputs.add(output)
        await eventually(lambda: output.failures >= 1, within_s=30)
        ticks, frames = room.ticks, room.hubs["high"].frames
        await eventually(lambda: room.ticks > ticks + 50 and room.hubs["high"].frames > frames + 20)
        assert output.error and len(output.error.splitlines()) == 1, output.error
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        before = output.frames
        await eventually(lambda: output.state == "live" and output.frames > before + 60, within_s=30)
    print("went on")


asyncio.run(main())
"""


async def test_a_disk_that_takes_no_more_stops_the_recording_alone(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: EFBIG comes back from a write as ENOSPC does."""
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "out")]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.stdout.strip() == "went on", done.stderr[-2000:]


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
            await eventually(lambda: output.frames > 100, within_s=30)
        await eventually(lambda: output.state == "retrying", within_s=30)
        hub = room.hubs["high"]
        frames = hub.frames
        again = tmp_path / "two"
        async with nginx(again, port):
            await eventually(lambda: output.state == "live", within_s=30)
            sent = output.frames
            await eventually(lambda: output.frames > sent + 50, within_s=30)
            await room.outputs.remove("platform")
        assert hub.frames > frames, "the program did not notice"
    for found, least in ((folder / "key.flv", 80), (again / "key.flv", 50)):
        stamps = times(found, "video")
        assert len(stamps) >= least
        assert np.allclose(np.diff(stamps), 0.04, atol=0.0011) or np.all(np.diff(stamps) > 0)
        assert decoded(found) >= least
        sound = times(found, "audio")
        assert abs(sound[-1] - stamps[-1]) < 0.3

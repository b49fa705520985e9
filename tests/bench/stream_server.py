"""The measured process of `bench_stream`: a room (or the rival: an aiortc encoder per viewer), WHEP and `/stats`."""

from __future__ import annotations

import argparse
import asyncio
import fractions
import gc
import os
import resource
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import av
import uvicorn
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from fastapi import FastAPI, Request, Response

from avatar import Cue, Viseme, VisemeSpan
from stream.room.room import HIGH, Room
from tests.stream.fakes import FakeLine, ListDirector, ToneVoice
from tests.stream.live import application


def usage() -> dict[str, float]:
    times = os.times()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "t": time.monotonic(),
        "cpu": times.user + times.system,
        "rss": pages * resource.getpagesize() / 1e6,
        "threads": threading.active_count(),
        "fds": len(os.listdir("/proc/self/fd")),
        "tasks": len(asyncio.all_tasks()),
    }


class Portrait:
    """Four seconds of the shipped host talking, made beforehand and shown back and forth: a host's worth of work for
    an encoder, and next to none for a renderer."""

    def __init__(self) -> None:
        stage = real_stage()
        spans = tuple(
            VisemeSpan(viseme, number * 7200, number * 7200 + 7200, 0.6)
            for number, viseme in enumerate((Viseme.A, Viseme.BMP, Viseme.O, Viseme.E, Viseme.REST, Viseme.I) * 5)
        )
        cue = Cue(0, spans)
        self._shots = [stage.frame(number * 1920, (cue,)).copy() for number in range(100)]

    def frame(self, sample: int, cues: Any, *, listening: bool = False) -> Any:
        number = sample // 1920 % 198
        return self._shots[number if number < 100 else 198 - number]


def real_stage() -> Any:
    from avatar.scene.scene import create_stage

    return create_stage()


def real_voice() -> Any:
    """Kokoro with an empty cache, so that every line is synthesised."""
    from avatar.voice.voice import create_voice

    models = Path(os.environ.get("ZHANGGUI_MODELS_DIR") or Path.home() / ".cache" / "zhanggui" / "models")
    return create_voice("kokoro:zf_xiaobei", models_dir=models, cache_dir=Path(tempfile.mkdtemp()))


class Endless(ListDirector):
    """Never the same line twice: nothing comes from a cache."""

    async def lines(self) -> Any:
        number = 0
        while True:
            number += 1
            yield FakeLine(f"第{number}位朋友你好，欢迎来到我们的直播间，这款沙发今天特别实惠。", self.generation)


class Source(MediaStreamTrack):
    """The rival's camera: the same pictures, for an encoder of its own per viewer."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._stage, self._number, self._began = Portrait(), 0, 0.0

    async def recv(self) -> Any:
        self._began = self._began or time.monotonic()
        self._number += 1
        await asyncio.sleep(max(0.0, self._began + self._number / 25 - time.monotonic()))
        frame = av.VideoFrame.from_ndarray(self._stage.frame(self._number * 1920, ()), format="yuv420p")
        frame.pts, frame.time_base = self._number * 3600, fractions.Fraction(1, 90_000)
        return frame


def rival() -> FastAPI:
    app, relay, source, peers = FastAPI(), MediaRelay(), Source(), set[RTCPeerConnection]()

    @app.post("/rooms/demo/whep")
    async def post(request: Request) -> Response:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peers.add(pc)
        pc.addTrack(relay.subscribe(source))
        await pc.setRemoteDescription(RTCSessionDescription((await request.body()).decode(), "offer"))
        codecs = [c for c in pc.getTransceivers()[0]._codecs if c.mimeType.lower() in ("video/h264", "video/rtx")]
        pc.getTransceivers()[0]._codecs = sorted(codecs, key=lambda c: c.mimeType.lower() == "video/rtx")
        await pc.setLocalDescription(await pc.createAnswer())
        headers = {"Location": "/rooms/demo/whep/x", "ETag": '"x"'}
        return Response(pc.localDescription.sdp, 201, headers, "application/sdp")

    return app


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["room", "rival"], default="room")
    parser.add_argument("--stage", choices=["portrait", "real"], default="portrait")
    parser.add_argument("--voice", choices=["tone", "real"], default="tone")
    parser.add_argument("--no-gso", action="store_true")
    parser.add_argument("--silent", action="store_true")
    options = parser.parse_args()
    lines = (
        [] if options.silent else [FakeLine("今天给大家带来一款特别好用的杯子。"), FakeLine("喜欢的朋友可以看一看！")]
    )
    room = Room(
        "demo",
        voice=ToneVoice() if options.voice == "tone" else real_voice(),
        make_stage=Portrait if options.stage == "portrait" else real_stage,
        director=ListDirector(lines, loop=True) if options.voice == "tone" else Endless(),
        renditions=(HIGH,),
        max_viewers=2000,
        offers_per_s=1000,
        gso=not options.no_gso,
    )
    app = application({"demo": room}) if options.mode == "room" else rival()

    @app.get("/stats")
    async def stats() -> dict[str, Any]:
        hub, studio = room.hubs["high"], room.studio
        return {
            **usage(),
            "objects": len(gc.get_objects()),
            "viewers": room.audience.connected,
            "frames": hub.frames,
            "encoded": studio.encoded,
            "encode_s": studio.encode_s,
            "late": studio.late,
            "drops": hub.drops,
            "nacks": hub.nacks,
            "bitrate": hub.bitrate,
            "skipped": room.skipped_ticks,
        }

    @app.get("/reports")
    async def reports() -> list[dict[str, Any]]:
        """Each viewer's (NTP, RTP) pair of picture and sound, as its sender reports give it."""
        viewers = room.audience.viewers.values()
        return [{"video" if s.hub.video else "audio": s.report() for s in v.peer.streams} for v in viewers]

    @app.post("/interrupt")
    async def interrupt() -> dict[str, float]:
        room.interrupt()
        return {"t": time.monotonic(), "sample": room.program.sample}

    if options.mode == "room":
        await room.start()
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    try:
        await serving
    finally:
        await room.stop()


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main())

"""HLS: segments as long as each other, numbers that only rise, a disk that fills."""

import time
from pathlib import Path

import httpx
from fastapi import FastAPI

from stream.output.hls import HlsOutput
from stream.output.hls_router import hls_router
from stream.output.playlist import read_playlist
from stream.program.clock import FRAME_SAMPLES
from stream.program.encoder import VideoEncoder, picture
from tests.stream.fakes import BarsStage
from tests.stream.live import eventually, serving
from tests.stream.media import SMALL, decoded, fed_until, feed, files


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
        asked = await client.head(f"{url}/rooms/demo/hls/index.m3u8")
        assert (asked.status_code, asked.content) == (200, b"")
        assert asked.headers["content-length"] == playlist.headers["content-length"]
        segment = await client.get(f"{url}/rooms/demo/hls/{names[-1]}")
        assert segment.headers["content-type"] == "video/mp2t"
        for wrong in ("..%2Fx", "secret.txt", "999999.ts"):
            missing = await client.get(f"{url}/rooms/demo/hls/{wrong}")
            assert missing.status_code == 404
        assert missing.headers["cache-control"] == "max-age=1"
        assert (await client.get(f"{url}/rooms/none/hls/index.m3u8")).status_code == 404
    (tmp_path / "one.ts").write_bytes(segment.content)
    assert decoded(tmp_path / "one.ts") == 50
    assert len(files(tmp_path / "hls", "*.ts")) <= 11
    await output.stop()


def test_key_frames_come_every_two_seconds_of_program_whatever_viewers_ask_for_between() -> None:
    encoder, stage = VideoEncoder(SMALL), BarsStage(180, 320)
    keys = []
    for number in [*range(70, 160), *range(161, 260)]:  # one picture was left out
        sample = number * FRAME_SAMPLES
        unit = encoder.encode(picture(stage.frame(sample, ())), sample, key=number in (90, 99, 140))
        keys += [number] if unit.key else []
    assert keys == [70, 90, 99, 100, 140, 150, 200, 250]


def playlist(folder: Path) -> tuple[list[str], list[float]]:
    """The lines of a playlist without its dates, and the lengths of its segments."""
    lines = (folder / "index.m3u8").read_text().splitlines()
    lengths = [float(line[8:].rstrip(",")) for line in lines if line.startswith("#EXTINF:")]
    return [line for line in lines if "DATE-TIME" not in line and "EXTINF" not in line], lengths


async def test_segments_are_all_as_long_whatever_key_frames_viewers_ask_for(tmp_path: Path) -> None:
    output = HlsOutput("hls", tmp_path)
    await output.start()
    feed(output, 201, start=30 * FRAME_SAMPLES, asked={17, 35, 60, 81, 119, 155, 190})
    await eventually(lambda: output.frames == 181)
    lines, lengths = playlist(tmp_path)
    assert lengths == [2.0, 2.0, 2.0], "the first twenty pictures came before a regular key frame"
    assert "#EXT-X-TARGETDURATION:2" in lines, "which must never change (RFC 8216 section 6.2.1)"
    await output.stop()


async def test_a_playlist_goes_on_behind_a_discontinuity_and_an_old_one_begins_anew(tmp_path: Path) -> None:
    now = [time.time()]

    async def run() -> tuple[list[str], list[int]]:
        output = HlsOutput("hls", tmp_path, wall=lambda: now[0])
        await output.start()
        feed(output, 110)
        await output.stop()
        lines, _ = playlist(tmp_path)
        return lines, [int(line[:-3]) for line in lines if line.endswith(".ts")]

    _, first = await run()
    (tmp_path / f"{first[-1] + 1}.ts.tmp").write_bytes(b"cut off by a crash")
    lines, both = await run()
    assert both == list(range(first[0], first[0] + 6)), "nothing that a player was told of is gone"
    assert lines[lines.index(f"{first[-1]}.ts") + 1] == "#EXT-X-DISCONTINUITY"
    assert f"#EXT-X-MEDIA-SEQUENCE:{first[0]}" in lines
    assert [path.name for path in files(tmp_path, "*")] == [*(f"{number}.ts" for number in both), "index.m3u8", "runs"]
    now[0] += 3600
    _, late = await run()
    assert late[0] > both[-1]
    assert len(late) == 3
    assert len(files(tmp_path, "*.ts")) == 3


async def test_a_segment_keeps_its_discontinuity_number_over_restarts(tmp_path: Path) -> None:
    now = [time.time()]
    seen: dict[int, int] = {}

    async def run(frames: int) -> tuple[int, int]:
        """One life of the output; the playlist's media and discontinuity sequence at its end."""
        output = HlsOutput("hls", tmp_path, wall=lambda: now[0])
        await output.start()
        units = feed(output, frames)
        await eventually(lambda: output.frames == len(units))
        await output.stop()
        text = read_playlist(tmp_path)
        assert text is not None
        media, discontinuity, number, current = 0, 0, 0, 0
        for line in text.splitlines():
            tag, _, value = line.partition(":")
            if tag == "#EXT-X-MEDIA-SEQUENCE":
                media = number = int(value)
            elif tag == "#EXT-X-DISCONTINUITY-SEQUENCE":
                discontinuity = current = int(value)
            elif tag == "#EXT-X-DISCONTINUITY":
                current += 1
            elif line and line[0] != "#":
                assert line == f"{number}.ts"
                assert seen.setdefault(number, current) == current, "as a player was told before"
                number += 1
        return media, discontinuity

    first = await run(110)
    assert await run(60) == first, "both runs are listed whole"
    later = await run(260)
    assert later[0] > first[0] and later[1] == first[1] + 2, "the beginnings of two runs have left the playlist"
    now[0] += 3600
    anew = await run(60)
    assert anew[0] > later[0] and anew[1] == later[1] + 1, "no player takes it for a part of the last one"
    for path in files(tmp_path, "*"):
        path.unlink()
    now[0] += 60
    assert await run(60) > anew, "nor where the folder was emptied"
    assert sorted(seen.items()) == sorted(seen.items(), key=lambda item: item[1])


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
    before = output.frames
    await fed_until(output, lambda: output.frames > before, start=120 * FRAME_SAMPLES)
    await output.stop()

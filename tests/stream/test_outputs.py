"""Outputs: what was encoded is in the file, with the times it was made with, and a sink that fails costs nothing."""

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from stream.output import recorder
from stream.output.muxer import Muxer, MuxError
from stream.output.muxing import MuxingOutput
from stream.output.output import Outputs
from stream.output.recorder import RecordingOutput
from stream.program.clock import FRAME_SAMPLES
from stream.program.encoder import AudioUnit, VideoUnit
from tests.stream.live import eventually, make_room
from tests.stream.media import decoded, fed_until, feed, files, times

ROOT = Path(__file__).resolve().parents[2]


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


async def test_recordings_of_more_than_a_week_go_and_younger_ones_stay(tmp_path: Path) -> None:
    now_s, day_s = 1_800_000_000.0, 86_400
    for name, age_s in (("old.mp4", 7 * day_s + 60), ("young.mp4", 7 * day_s - 3_600)):
        (tmp_path / name).write_bytes(b"recorded")
        os.utime(tmp_path / name, (now_s - age_s, now_s - age_s))
    output = RecordingOutput("rec", tmp_path, free_bytes=0, wall=lambda: now_s)
    await output.start()
    feed(output, 60)
    await output.stop()
    names = {path.name for path in files(tmp_path)}
    assert "young.mp4" in names and "old.mp4" not in names


async def test_a_nearly_full_disk_pauses_the_recording_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    free = [0]
    output = RecordingOutput("rec", tmp_path, free_bytes=1 << 20, free=lambda _: free[0], backoff_s=(0.05, 0.1))
    await output.start()
    feed(output, 10)
    await eventually(lambda: output.failures > 0)
    assert "free for recordings" in output.error
    outputs = Outputs()
    outputs.running["rec"] = output
    assert outputs.states() == [{"name": "rec", "state": "retrying", "error": output.error}]
    assert output.frames == 0
    free[0] = 1 << 30
    await fed_until(output, lambda: output.frames > 0)
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
    units = feed(output, 260, patient=False)
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
                release.wait(120)

        def close(self) -> None:
            return

    now = [0.0]
    output = MuxingOutput(
        "hung",
        lambda first: opened.append(first) or Hanging(),  # type: ignore[func-returns-value]
        hang_s=20,
        monotonic=lambda: now[0],
    )
    await output.start()
    feed(output, 5)
    await eventually(lambda: len(opened) == 1)
    now[0] += 20.1
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


async def test_outputs_are_stopped_at_once_and_not_one_after_the_other() -> None:
    both = asyncio.Barrier(2)

    class Slow:
        needs_aac = False

        def __init__(self, name: str) -> None:
            self.name = name

        def video(self, unit: object) -> None:
            return

        audio = video

        async def start(self) -> None:
            return

        async def stop(self) -> None:
            async with asyncio.timeout(10):
                await both.wait()

    outputs = Outputs()
    for name in ("push1", "push2"):
        await outputs.add(Slow(name))
    await outputs.aclose()
    assert not outputs.running


async def test_a_recording_that_got_no_byte_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(target: str, container: str, first: VideoUnit, *, options: object) -> Muxer:
        Path(target).touch()
        raise MuxError("No space left on device (OSError)")

    monkeypatch.setattr(recorder, "Muxer", full)
    output = RecordingOutput("rec", tmp_path, free_bytes=0)
    await output.start()
    feed(output, 1)
    await eventually(lambda: output.failures > 0)
    await output.stop()
    assert not files(tmp_path)


async def test_aac_that_fails_costs_the_program_nothing_and_begins_anew() -> None:
    class Taking:
        name = "taking"
        needs_aac = True
        taken = 0

        def video(self, unit: object) -> None:
            return

        def audio(self, unit: object) -> None:
            self.taken += 1

        async def start(self) -> None:
            return

        stop = start

    outputs, output = Outputs(), Taking()
    await outputs.add(output)
    for number in range(12):
        sound = np.zeros((2, 2, 2) if number == 4 else 960, np.int16)
        outputs.audio(AudioUnit(b"opus", 960 * number, 960), sound)
    assert outputs.failures == 1
    assert output.taken > 2


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from stream.output.recorder import RecordingOutput
from tests.stream.fakes import BarsStage
from tests.stream.live import eventually, make_room, on_air


async def main():
    room, hard = make_room(), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    async with on_air(room):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
        output = RecordingOutput("out", Path(sys.argv[1]), free_bytes=0, backoff_s=(0.05, 0.1))
        await room.outputs.add(output)
        await eventually(lambda: output.failures >= 1, within_s=60)
        ticks, frames = room.ticks, room.hubs["high"].frames
        await eventually(lambda: room.ticks > ticks + 50 and room.hubs["high"].frames > frames + 20)
        assert output.error and len(output.error.splitlines()) == 1, output.error
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        before = output.frames
        await eventually(lambda: output.state == "live" and output.frames > before + 60, within_s=60)
    print("went on")


asyncio.run(main())
"""


async def test_a_disk_that_takes_no_more_stops_the_recording_alone(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: EFBIG comes back from a write as ENOSPC does."""
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "out")]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.stdout.strip() == "went on", done.stderr[-2000:]

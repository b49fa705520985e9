"""A room under viewers who come and go: nothing is left of them."""

import asyncio
import gc
import os
import threading
from pathlib import Path

import pytest

from stream.output.hls import HlsOutput
from stream.output.recorder import RecordingOutput
from stream.output.rtmp import RtmpOutput
from stream.output.whip import WhipOutput
from stream.room.outlet import OutletError, create_output
from stream.room.room import HIGH
from tests.bench import bench_soak
from tests.stream.live import Watcher, eventually, make_room, on_air


def _files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.slow
async def test_viewers_who_leave_or_vanish_leave_nothing_behind() -> None:
    room = make_room(renditions=(HIGH,), half_open_s=2.0)
    async with on_air(room) as url:

        async def round_of_viewers() -> None:
            watchers = [Watcher(url) for _ in range(4)]
            await asyncio.gather(*(watcher.join() for watcher in watchers))
            await eventually(lambda: room.audience.connected == 4)
            await asyncio.gather(*(watcher.frame() for watcher in watchers))
            await asyncio.gather(*(watcher.close() for watcher in watchers))
            await eventually(lambda: not room.audience.viewers, within_s=20)  # without a farewell it would be thirty

        await round_of_viewers()
        await asyncio.sleep(0.5)
        gc.collect()
        before = (len(asyncio.all_tasks()), threading.active_count(), _files(), len(gc.get_objects()))
        for _ in range(5):
            await round_of_viewers()
        await asyncio.sleep(0.5)
        gc.collect()
        after = (len(asyncio.all_tasks()), threading.active_count(), _files(), len(gc.get_objects()))
        assert not room.hubs["high"].streams
        assert not room.audio_hub.streams
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1] + 2
    assert after[2] <= before[2] + 4
    assert after[3] - before[3] < 3000, "twenty viewers more, and hardly an object more"


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(900)
def test_five_minutes_of_people_who_come_go_and_are_killed_leave_nothing_behind() -> None:
    """The bench's soak in small; what is still filled in the first minutes does not count."""
    soak = bench_soak.run(minutes=5.0, settled=2.0)
    missed = [row for row, held in soak.rows(bench_soak.Limits(growth_mb=10.0)) if not held]
    assert not missed


async def test_a_draining_room_goes_on_for_those_who_watch_and_lets_nobody_in() -> None:
    room = make_room(renditions=(HIGH,))
    async with on_air(room) as url:
        watcher = Watcher(url)
        await watcher.join()
        await watcher.frame()
        draining = asyncio.create_task(room.drain(within_s=10))
        await asyncio.sleep(0)
        late = Watcher(url)
        with pytest.raises(AssertionError, match="the room is closing"):
            await late.join()
        await watcher.frame()
        await watcher.close()
        await asyncio.wait_for(draining, 8)
        await late.close()


def test_a_target_makes_its_output(tmp_path: Path) -> None:
    room = make_room()
    kinds = {
        "rtmp://h/app/key": RtmpOutput,
        "https://sfu/whip": WhipOutput,
        "record": RecordingOutput,
        "hls": HlsOutput,
    }
    for target, kind in kinds.items():
        assert isinstance(create_output("out", target, room=room, folder=tmp_path), kind)
    with pytest.raises(OutletError):
        create_output("out", "srt://host/secretkey", room=room, folder=tmp_path)

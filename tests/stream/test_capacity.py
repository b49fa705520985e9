"""One room more, or a reason why not; and a viewer between two renditions."""

from pathlib import Path

import pytest

from stream.room.capacity import CpuMeter, Load, MachineFullError, check_capacity, usable_cores
from tests.stream.live import Watcher, eventually, make_room, on_air


def test_the_first_room_is_never_refused_and_the_next_one_is_told_why() -> None:
    check_capacity(Load(rooms=0, cores=0.2))
    check_capacity(Load(rooms=2, cores=2))
    with pytest.raises(MachineFullError, match=r"3 rooms run on 2 cores; with one more they want 2\.05"):
        check_capacity(Load(rooms=3, cores=2))


def test_what_the_rooms_really_use_counts_more_than_what_they_should() -> None:
    check_capacity(Load(rooms=1, cores=2, spent=1.6))
    with pytest.raises(MachineFullError, match=r"1 rooms used 1\.80 of 2 cores"):
        check_capacity(Load(rooms=1, cores=2, spent=1.8))


def test_rooms_that_run_late_let_no_other_start() -> None:
    check_capacity(Load(rooms=1, cores=64, late=("demo", 0.05)))
    with pytest.raises(MachineFullError, match="room demo already runs 300 ms late"):
        check_capacity(Load(rooms=1, cores=64, late=("demo", 0.3)))


def test_the_meter_counts_this_process_and_others_over_a_minute_and_survives_their_restart() -> None:
    now, own, others = 0.0, 0.0, {7: 0.0}
    meter = CpuMeter(monotonic=lambda: now, own_s=lambda: own, other_s=lambda pid: others[pid])
    meter.sample([7])
    assert meter.cores() is None, "too little history"
    for _ in range(20):
        now, own, others[7] = now + 5, own + 2, others[7] + 1
        meter.sample([7])
    assert meter.cores() == pytest.approx(0.6)
    others = {8: 0.5}
    now, own = now + 5, own + 2
    meter.sample([8])
    assert meter.cores() == pytest.approx((2 * 12 + 11 + 0.5) / 60, abs=0.02)


def test_a_containers_quota_is_less_than_its_processors(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert usable_cores(tmp_path) == 0.5
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert usable_cores(tmp_path) == usable_cores(tmp_path / "nowhere") >= 1


async def test_a_viewer_moves_between_renditions_without_a_new_negotiation() -> None:
    room = make_room()
    async with on_air(room) as url:
        watcher = Watcher(url)
        await watcher.join()
        assert (await watcher.frame()).width == 720
        assert room.hubs["low"].frames == 0, "nobody wants it, so nobody encodes it"
        viewer = next(iter(room.audience.viewers.values()))
        for rendition, width in (("low", 360), ("high", 720)):
            viewer.peer.switch(room.hubs[rendition])
            stamps = []
            for _ in range(200):
                frame = await watcher.frame()
                stamps.append(frame.pts)
                if frame.width == width:
                    break
            assert frame.width == width
            assert stamps == sorted(set(stamps))
        await watcher.close()


async def test_a_viewer_who_reports_heavy_loss_is_moved_by_the_room() -> None:
    room = make_room()
    async with on_air(room) as url:
        watcher = Watcher(url)
        await watcher.join()
        await watcher.frame()
        viewer = next(iter(room.audience.viewers.values()))
        assert viewer.choice is not None
        viewer.choice.joined_s -= 60
        for _ in range(4):
            viewer.peer.feedback.on_loss(0.4)
        assert room.audience.moves == 1
        stream = viewer.peer.video_stream
        assert stream is not None
        await eventually(lambda: stream.hub is room.hubs["low"])
        await watcher.close()

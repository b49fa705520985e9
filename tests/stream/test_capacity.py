"""One room more, or a reason why not; and a viewer between two renditions."""

import pytest

from stream.capacity import MachineFullError, check_capacity
from tests.stream.live import Watcher, eventually, make_room, on_air


def test_an_empty_machine_takes_a_room_and_a_small_one_says_why_not() -> None:
    check_capacity([], cores=2)
    with pytest.raises(MachineFullError, match="0 rooms run on"):
        check_capacity([], cores=0.2)


async def test_rooms_that_run_late_let_no_other_start() -> None:
    room = make_room()
    await room.start()
    try:
        await eventually(lambda: room.ticks > 2)
        check_capacity([room], cores=64)
        room.lateness_s = 30.0
        with pytest.raises(MachineFullError, match="ms late"):
            check_capacity([room], cores=64)
    finally:
        await room.stop()


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

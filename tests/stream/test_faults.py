"""The fault matrix: each stage killed, frozen and slowed, and what a viewer is sent meanwhile."""

from __future__ import annotations

import time

import pytest

from stream.room.room import HIGH
from tests.stream.faults import HARM, Standstill, process_killed, struck
from tests.stream.live import eventually, make_room, on_air


@pytest.mark.parametrize(("part", "kind"), sorted(HARM))
async def test_the_stream_goes_on_while_a_part_is_down_and_the_part_comes_back(part: str, kind: str) -> None:
    seen = await struck(part, kind)
    assert seen.back
    if part == "process":
        return
    ran_s = seen.seconds - seen.stood_s - 0.7
    assert seen.ticks >= ran_s * 50, "sound is sent on time whatever is broken"
    assert seen.sound_ms < 1000 + seen.stood_s * 1000
    if part != "encoder":
        assert seen.pictures >= ran_s * 25 * 0.5
    if part in ("encoder", "renderer") and kind != "slowed":
        assert seen.restarts >= 1
    if part in ("clock", "director", "output") and kind == "killed":
        assert seen.restarts >= 1


@pytest.mark.slow
async def test_a_killed_process_of_one_room_touches_no_other() -> None:
    killed = await process_killed()
    assert killed.other_ms < 1000 + 2 * killed.stood_ms
    assert killed.again_s < 60


@pytest.mark.parametrize("seconds", [0.3, 1.5])
async def test_after_the_whole_process_stood_still_sound_and_picture_are_in_step(seconds: float) -> None:
    room = make_room(renditions=(HIGH,))
    async with on_air(room):
        await eventually(lambda: room.hubs["high"].frames > 5)
        ticks = room.ticks
        with Standstill() as stood:
            time.sleep(seconds)  # noqa: ASYNC251 - that is the fault
            await eventually(lambda: room.ticks > ticks + 20 and abs(room.skew_s) < 0.5 and room.tick_late_s < 0.3)
        if stood.longest_s < 0.3:
            assert (room.skipped_ticks > 0) == (seconds > 1)
        video, audio = room.hubs["high"].latest, room.audio_hub.latest
        assert video is not None
        assert audio is not None
        distance = (video.ntp - audio.ntp) / (1 << 32) - (video.timestamp / 90_000 - audio.timestamp / 48_000)
        assert abs(distance) < 1e-4

"""Whether this machine can carry one room more: asked before a room starts, answered with a reason."""

from __future__ import annotations

from collections.abc import Iterable

from stream.errors import StreamError
from stream.room import Room

CORES_A_ROOM = 0.35
"""What a room costs while its host is idle; speaking, it takes what is left over, up to a core."""
_LATE_S = 0.1


class MachineFullError(StreamError):
    """No room can be added; the text says why."""


def check_capacity(rooms: Iterable[Room], *, cores: float) -> None:
    """Raises `MachineFullError` when the clocks run late already, or one room more would ask for too many cores."""
    running = [room for room in rooms if room.live]
    late = max(running, key=lambda room: room.lateness_s, default=None)
    if late is not None and late.lateness_s > _LATE_S:
        raise MachineFullError(
            f"the machine is full: room {late.name} already runs {late.lateness_s * 1000:.0f} ms late"
        )
    if (len(running) + 1) * CORES_A_ROOM > cores:
        raise MachineFullError(
            f"the machine is full: {len(running)} rooms run on {cores:g} cores, and a room takes {CORES_A_ROOM:g}"
        )

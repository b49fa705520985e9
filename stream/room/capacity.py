"""Whether this machine can carry one room more: asked before a room starts, answered with a reason."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from stream.errors import StreamError

CORES_A_ROOM = 0.35
"""What a room costs while its host is idle or says what it said before."""
CORES_SPEAKING = 0.65
"""What synthesis takes on top. The rooms of a process take turns at it, so it is counted once."""
_LATE_S = 0.1
_WINDOW_S = 60.0
_HISTORY_S = 20.0
"""Less history than this says nothing: opening a room costs seconds of processor time by itself."""


class MachineFullError(StreamError):
    """No room can be added; the text says why."""


@dataclass(frozen=True, slots=True)
class Load:
    """What runs already."""

    rooms: int
    cores: float
    """Processors this process may use."""
    spent: float | None = None
    """Processors used over the last minute by this process and its rooms' processes; None when not known."""
    late: tuple[str, float] | None = None
    """The room whose clock is the latest, and by how many seconds on the mean."""


def check_capacity(load: Load) -> None:
    """Raises `MachineFullError` when clocks run late already, or a room more would ask for more than there is.

    The first room is never refused for want of processors: it is slow rather than absent.
    """
    if load.late is not None and load.late[1] > _LATE_S:
        raise MachineFullError(
            f"这台机器满了：直播间 {load.late[0]} 已经晚 {load.late[1] * 1000:.0f} ms，先停一个，或者换台机器开 / "
            f"the machine is full: room {load.late[0]} already runs {load.late[1] * 1000:.0f} ms late; "
            "stop a room, or serve this one elsewhere"
        )
    if not load.rooms:
        return
    wanted = (load.rooms + 1) * CORES_A_ROOM + CORES_SPEAKING
    if wanted > load.cores:
        raise MachineFullError(
            f"这台机器满了：{load.cores:g} 个核上已有 {load.rooms} 个直播间，再开一个要 {wanted:.2f} 个 / "
            f"the machine is full: {load.rooms} rooms run on {load.cores:g} cores; with one more they want "
            f"{wanted:.2f} ({CORES_A_ROOM:g} each and {CORES_SPEAKING:g} for speech)"
        )
    if load.spent is not None and load.spent + CORES_A_ROOM > load.cores:
        raise MachineFullError(
            f"这台机器满了：{load.cores:g} 个核，上一分钟已用 {load.spent:.2f} 个，再开一个直播间不够 / "
            f"the machine is full: {load.rooms} rooms used {load.spent:.2f} of {load.cores:g} cores over the last "
            f"minute, and a room takes {CORES_A_ROOM:g}"
        )


def usable_cores(root: Path = Path("/sys/fs/cgroup")) -> float:
    """Processors this process may use: its affinity, and no more than its container's quota (cgroup v2 `cpu.max`)."""
    count = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, _, period = (root / "cpu.max").read_text().partition(" ")
        return count if quota == "max" else min(count, int(quota) / int(period))
    except (OSError, ValueError):
        return count


class CpuMeter:
    """Processor time of this process and others, as cores over the last minute. Clocks are handed in."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        own_s: Callable[[], float] = time.process_time,
        other_s: Callable[[int], float] | None = None,
    ) -> None:
        self._monotonic, self._own_s, self._other_s = monotonic, own_s, other_s or _process_s
        self._others: dict[int, float] = {}
        self._spent_by_others = 0.0
        self._samples: deque[tuple[float, float]] = deque()

    def sample(self, pids: Iterable[int]) -> None:
        """Take down what was spent up to now, by this process and by `pids`."""
        now_by_pid = {pid: self._other_s(pid) for pid in pids}
        for pid, spent in now_by_pid.items():
            # A process that was started again counts from zero; what its predecessor spent stays spent.
            self._spent_by_others += max(0.0, spent - self._others.get(pid, 0.0))
        self._others = now_by_pid
        now = self._monotonic()
        self._samples.append((now, self._own_s() + self._spent_by_others))
        while now - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()

    def cores(self) -> float | None:
        """Mean over the samples of the last minute; None while there is too little history."""
        if not self._samples or self._samples[-1][0] - self._samples[0][0] < _HISTORY_S:
            return None
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        return (after - before) / (ended - began)


def _process_s(pid: int) -> float:
    """User and system seconds of a process (proc(5), fields 14 and 15 of `stat`); 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

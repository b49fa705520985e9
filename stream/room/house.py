"""The rooms of one serving process: which are on air here, which in a process of their own, and why one is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from avatar import AvatarError
from dialogue import DialogueError
from knowledge import KnowledgeError
from stream.errors import StreamError
from stream.room.book import RoomSpec, outlets
from stream.room.capacity import CpuMeter, Load, check_capacity
from stream.room.process import RoomProcess

if TYPE_CHECKING:
    from stream.room.live import LiveRoom

logger = logging.getLogger(__name__)

_METER_S = 5.0
_UNOPENED = (AvatarError, DialogueError, KnowledgeError, StreamError, OSError, ValueError)
"""What a host, a voice, knowledge or an address that cannot be used raises."""


class House:
    """Opens, lists and closes rooms. Owned by the running loop; leaving the context takes every room off air.

    `make` builds a room of this process, `launch` one that runs in its own. With `outputs_wait`, rooms feed viewers at
    once and platforms only after `open_outputs`: the process before may still be pushing to them.
    """

    def __init__(
        self,
        *,
        make: Callable[[RoomSpec], Awaitable[LiveRoom]],
        launch: Callable[[RoomSpec], RoomProcess] | None,
        folder: Path,
        cores: float,
        outputs_wait: bool = False,
    ) -> None:
        self.rooms: dict[str, LiveRoom] = {}
        """On air in this process."""
        self.processes: dict[str, RoomProcess] = {}
        """In processes of their own."""
        self.problems: dict[str, str] = {}
        """Rooms that did not open, with the reason."""
        self._make = make
        self._launch = launch
        self._folder = folder
        self._cores = cores
        self._outputs_wait = outputs_wait
        self._specs: dict[str, RoomSpec] = {}
        self._doors: dict[str, asyncio.Lock] = {}
        self._opening = 0
        self._meter = CpuMeter()
        self._metering: asyncio.Task[None] | None = None

    async def __aenter__(self) -> House:
        self._metering = asyncio.create_task(self._measure(), name="cpu-meter")
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._metering is not None:
            self._metering.cancel()
            await asyncio.gather(self._metering, return_exceptions=True)
        await asyncio.gather(*(self._shut(name) for name in (*self.rooms, *self.processes)))

    def names(self) -> list[str]:
        """Every room that is open, here or in its own process."""
        return sorted((*self.rooms, *self.processes))

    def door(self, name: str) -> asyncio.Lock:
        """To be held while a room is opened or closed on demand: two at once would open it twice."""
        return self._doors.setdefault(name, asyncio.Lock())

    def spec(self, name: str) -> RoomSpec | None:
        """How an open room was staffed."""
        return self._specs.get(name)

    async def open(self, spec: RoomSpec) -> None:
        """Put a room on air; what stands in its way is kept in `problems`, the other rooms go on."""
        try:
            check_capacity(self._load())
            if spec.own_process and self._launch is not None:
                process = self._launch(spec)
                self.processes[spec.name], self._specs[spec.name] = process, spec
                await process.outputs(open_=not self._outputs_wait)
                await process.start()
            else:
                await self._open_here(spec)
        except _UNOPENED as exc:
            logger.error("room %s does not open: %s", spec.name, exc, exc_info=not isinstance(exc, StreamError))
            self.problems[spec.name] = str(exc)
        else:
            self.problems.pop(spec.name, None)

    async def _open_here(self, spec: RoomSpec) -> None:
        self._opening += 1
        try:
            live = await self._make(spec)
            try:
                await live.start()
            except BaseException:
                await live.stop()
                raise
        finally:
            self._opening -= 1
        self.rooms[spec.name], self._specs[spec.name] = live, spec
        if not self._outputs_wait:
            await self._feed(live, spec)

    async def push_elsewhere(self, spec: RoomSpec) -> None:
        """Let a room of this process go to other platforms; its viewers notice nothing, and what goes where it went
        before is not cut. Raises `StreamError`."""
        live, was, wanted = self.rooms[spec.name], outlets(self._specs[spec.name]), outlets(spec)
        self._specs[spec.name] = spec
        if not self._outputs_wait:
            gone = (name for name, target in was.items() if wanted.get(name) != target)
            await asyncio.gather(*(live.room.outputs.remove(name) for name in gone))
            await self._feed(live, spec)

    async def close(self, name: str) -> None:
        """Take a room off air, and tell its pages; one that is not open is no error."""
        if name in self.rooms:
            self.rooms[name].sign_off()
        await self._shut(name)

    async def _shut(self, name: str) -> None:
        live, process = self.rooms.pop(name, None), self.processes.pop(name, None)
        self._specs.pop(name, None)
        self.problems.pop(name, None)
        if live is not None:
            await live.stop()
        if process is not None:
            await process.stop()

    async def open_outputs(self) -> None:
        """Feed platforms, recordings and HLS as well: whoever fed them before has stopped."""
        self._outputs_wait = False
        for name, live in self.rooms.items():
            try:
                await self._feed(live, self._specs[name])
            except StreamError as exc:
                logger.error("an output of room %s does not open: %s", name, exc)
                self.problems[name] = str(exc)
        for process in self.processes.values():
            await process.outputs(open_=True)

    async def stop_outputs(self) -> None:
        """Leave platforms, recordings and HLS to the process that takes over."""
        here = (live.room.outputs.aclose() for live in self.rooms.values())
        await asyncio.gather(*here, *(process.outputs(open_=False) for process in self.processes.values()))

    async def drain(self, within_s: float) -> None:
        """Send the pages to the process that took over, and wait until the viewers have left, at most `within_s`."""
        rooms = [live.drain(within_s=within_s) for live in self.rooms.values()]
        await asyncio.gather(*rooms, *(process.drain(within_s=within_s) for process in self.processes.values()))

    def problem(self) -> str | None:
        """One line for `/readyz`: rooms that did not open or whose clock stands; None when all are on air."""
        lines = [f"{name}: {why}" for name, why in self.problems.items() if self.trouble(name)]
        lines += [f"{name} is not on air" for name, live in self.rooms.items() if not live.room.live]
        lines += [f"{name}: {process.problem}" for name, process in self.processes.items() if process.problem]
        return "; ".join(lines) or None

    def trouble(self, name: str) -> str | None:
        """Why a room did not open; None for one whose process came up late."""
        process = self.processes.get(name)
        return None if process is not None and process.up else self.problems.get(name)

    def _load(self) -> Load:
        running = [live.room for live in self.rooms.values() if live.room.live]
        late = max(running, key=lambda room: room.lateness_s, default=None)
        return Load(
            rooms=len(running) + len(self.processes) + self._opening,
            cores=self._cores,
            spent=self._meter.cores() if running or self.processes else None,
            late=(late.name, late.lateness_s) if late is not None else None,
        )

    async def _feed(self, live: LiveRoom, spec: RoomSpec) -> None:
        from stream.room.outlet import create_output

        for name, target in outlets(spec).items():
            if name in live.room.outputs.running:
                continue
            await live.room.outputs.add(create_output(name, target, room=live.room, folder=self._folder))

    async def _measure(self) -> None:
        while True:
            self._meter.sample([process.pid for process in self.processes.values() if process.pid is not None])
            await asyncio.sleep(_METER_S)

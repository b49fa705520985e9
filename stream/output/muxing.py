"""An output on its own thread: a bounded queue in, a container out, opened again after a failure."""

from __future__ import annotations

import asyncio
import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from stream.output.muxer import MuxError
from stream.program.encoder import AudioUnit, VideoUnit

_log = logging.getLogger(__name__)

_QUEUE = 400
"""Packets that may wait, about five seconds; past it everything up to the next key frame is dropped."""
_STOP_S = 5.0
_STEADY_S = 30.0
_HANG_S = 20.0
"""A write that has not come back by then has lost its thread: another one takes over."""


_Queue = queue.Queue[VideoUnit | AudioUnit | None]


class Sink(Protocol):
    """An open container."""

    def write(self, unit: VideoUnit | AudioUnit) -> None: ...
    def close(self) -> None: ...


class MuxingOutput:
    """Feeds a sink that `open_sink` makes from a key frame that `begins` takes. A sink that fails is opened again,
    after a pause."""

    needs_aac = True

    def __init__(
        self,
        name: str,
        open_sink: Callable[[VideoUnit], Sink],
        *,
        begins: Callable[[VideoUnit], bool] = lambda unit: True,
        backoff_s: tuple[float, float] = (1.0, 30.0),
        hang_s: float = _HANG_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.state = "stopped"
        """`stopped`, `waiting` (for a key frame), `connecting`, `live` or `retrying`."""
        self.error = ""
        """Why it is retrying, or last had to."""
        self.frames = 0
        self.dropped = 0
        self.failures = 0
        self._open = open_sink
        self._begins = begins
        self._backoff = backoff_s
        self._hang_s = hang_s
        self._monotonic = monotonic
        self._queue: _Queue = queue.Queue(_QUEUE)
        self._resync = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._busy_since_s: float | None = None

    @property
    def waiting(self) -> int:
        """Packets in the queue."""
        return self._queue.qsize()

    def video(self, unit: VideoUnit) -> None:
        """Queue a picture; never waits."""
        if self._resync and unit.key:
            self._resync = False
        self._put(unit)

    def audio(self, unit: AudioUnit) -> None:
        """Queue a packet of AAC; never waits."""
        self._put(unit)

    async def start(self) -> None:
        """Start the thread."""
        if self._thread is None:
            self._launch()

    async def stop(self) -> None:
        """Write what waits, close the sink; a sink that hangs is left behind after 5 s. May be called twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stopping.set()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            self.dropped += 1
        await asyncio.to_thread(thread.join, _STOP_S)
        if thread.is_alive():
            _log.warning("output %s hangs and is left behind", self.name)
        self.state = "stopped"

    def _put(self, unit: VideoUnit | AudioUnit) -> None:
        if self._thread is None:
            return
        since_s = self._busy_since_s
        if since_s is not None and self._monotonic() - since_s > self._hang_s:
            self._failed(MuxError("it hangs and is left behind"))
            self._stopping.set()
            self._launch()
        if self._resync:
            self.dropped += 1
            return
        try:
            self._queue.put_nowait(unit)
        except queue.Full:
            self._resync = True
            self.dropped += 1

    def _launch(self) -> None:
        self._queue, self._stopping, self._resync = queue.Queue(_QUEUE), threading.Event(), False
        self._busy_since_s = None
        arguments = (self._queue, self._stopping)
        self._thread = threading.Thread(target=self._run, args=arguments, name=f"output-{self.name}", daemon=True)
        self._thread.start()

    def _run(self, units: _Queue, stopping: threading.Event) -> None:
        pause_s = self._backoff[0]
        sink: Sink | None = None
        began = 0.0
        self.state = "waiting"
        while True:
            try:
                unit = units.get(timeout=1.0)
            except queue.Empty:
                if stopping.is_set():
                    break
                continue
            if unit is None:
                break
            if sink is None and not (isinstance(unit, VideoUnit) and unit.key and self._begins(unit)):
                continue
            try:
                self._mark(units, self._monotonic())
                if sink is None and isinstance(unit, VideoUnit):
                    self.state = "connecting"
                    sink, began = self._open(unit), self._monotonic()
                    self.state = "live"
                if sink is not None:
                    sink.write(unit)
                self._mark(units, None)
                self.frames += isinstance(unit, VideoUnit)
            except (MuxError, OSError) as exc:
                if sink is not None and self._monotonic() - began > _STEADY_S:
                    pause_s = self._backoff[0]
                self._failed(exc)
                self._close(sink)
                sink = None
                self._mark(units, None)
                if self._pause(pause_s, units, stopping):
                    break
                pause_s = min(pause_s * 2, self._backoff[1])
        self._close(sink)

    def _failed(self, exc: BaseException) -> None:
        self.failures += 1
        self.error = str(exc)
        self.state = "retrying"
        _log.warning("output %s: %s; trying again", self.name, exc)

    def _close(self, sink: Sink | None) -> None:
        if sink is not None:
            try:
                sink.close()
            except (MuxError, OSError) as exc:
                _log.info("output %s did not close cleanly: %s", self.name, exc)

    def _mark(self, units: _Queue, since_s: float | None) -> None:
        """Note when a call began that may hang; a thread that was left behind has nothing to say any more."""
        if units is self._queue:
            self._busy_since_s = since_s

    def _pause(self, pause_s: float, units: _Queue, stopping: threading.Event) -> bool:
        """Wait, throwing away what is made meanwhile; whether it is to stop."""
        stopped = stopping.wait(pause_s * (0.75 + random.random() / 2))  # noqa: S311 - spreads reconnects
        while not units.empty():
            if units.get_nowait() is None:
                return True
            self.dropped += 1
        self._resync = False
        return stopped

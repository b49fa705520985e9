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

from stream.encoder import AudioUnit, VideoUnit
from stream.muxer import MuxError

_log = logging.getLogger(__name__)

_QUEUE = 400
"""Packets that may wait, about five seconds; past it everything up to the next key frame is dropped."""
_STOP_S = 5.0
_STEADY_S = 30.0


class Sink(Protocol):
    """An open container."""

    def write(self, unit: VideoUnit | AudioUnit) -> None: ...
    def close(self) -> None: ...


class MuxingOutput:
    """Feeds a sink that `open_sink` makes from a key frame. A sink that fails is opened again, after a pause."""

    needs_aac = True

    def __init__(
        self,
        name: str,
        open_sink: Callable[[VideoUnit], Sink],
        *,
        backoff_s: tuple[float, float] = (1.0, 30.0),
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
        self._backoff = backoff_s
        self._monotonic = monotonic
        self._queue: queue.Queue[VideoUnit | AudioUnit | None] = queue.Queue(_QUEUE)
        self._resync = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

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
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=f"output-{self.name}", daemon=True)
            self._thread.start()

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
        if self._resync:
            self.dropped += 1
            return
        try:
            self._queue.put_nowait(unit)
        except queue.Full:
            self._resync = True
            self.dropped += 1

    def _run(self) -> None:
        pause_s = self._backoff[0]
        sink: Sink | None = None
        began = 0.0
        self.state = "waiting"
        while True:
            try:
                unit = self._queue.get(timeout=1.0)
            except queue.Empty:
                if self._stopping.is_set():
                    break
                continue
            if unit is None:
                break
            try:
                if sink is None:
                    if not isinstance(unit, VideoUnit) or not unit.key:
                        continue
                    self.state = "connecting"
                    sink, began = self._open(unit), self._monotonic()
                    self.state = "live"
                sink.write(unit)
                self.frames += isinstance(unit, VideoUnit)
            except (MuxError, OSError) as exc:
                if sink is not None and self._monotonic() - began > _STEADY_S:
                    pause_s = self._backoff[0]
                self._failed(exc)
                self._close(sink)
                sink = None
                if self._pause(pause_s):
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

    def _pause(self, pause_s: float) -> bool:
        """Wait, throwing away what is made meanwhile; whether it is to stop."""
        stopped = self._stopping.wait(pause_s * (0.75 + random.random() / 2))  # noqa: S311 - spreads reconnects
        while not self._queue.empty():
            if self._queue.get_nowait() is None:
                return True
            self.dropped += 1
        self._resync = False
        return stopped

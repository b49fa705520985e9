"""Pictures on time: renders and encodes off the event loop, and repeats the last picture rather than bend the clock."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import av

from avatar import I420, Cue
from stream.program.encoder import Rendition, VideoEncoder, VideoUnit, picture, scaled
from stream.program.program import FrameSlot
from stream.program.worker import Worker, WorkerDown

_log = logging.getLogger(__name__)

_ENCODE_QUEUE = 5
"""Pictures that may wait for the encoder; past it the oldest is dropped."""


class Stage(Protocol):
    """What is filmed; `avatar.Performer` is one."""

    def frame(self, sample: int, cues: tuple[Cue, ...], *, listening: bool = False) -> I420: ...


class _Dressed:
    """A stage and what hangs on it; a stage that takes no caption or card is shown without."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._caption: str | None = None
        self._card: Any = None

    def shoot(self, slot: FrameSlot, listening: bool, caption: str | None, card: Any) -> av.VideoFrame:
        if caption != self._caption and hasattr(self._stage, "show_caption"):
            self._stage.show_caption(caption)
        if card != self._card and hasattr(self._stage, "show_card"):
            self._stage.show_card(card)
        self._caption, self._card = caption, card
        return picture(self._stage.frame(slot.sample, slot.cues, listening=listening))


class Encoders:
    """The encoders of a room's renditions, each used only while it is wanted."""

    def __init__(self, renditions: tuple[Rendition, ...]) -> None:
        self._renditions = renditions
        self._made: dict[str, VideoEncoder] = {}

    def encode(self, frame: av.VideoFrame, sample: int, wanted: dict[str, bool]) -> dict[str, tuple[VideoUnit, float]]:
        """Encode one picture in the wanted renditions (name: as key frame). Gives each unit and its CPU seconds."""
        units: dict[str, tuple[VideoUnit, float]] = {}
        for rendition in self._renditions:
            if rendition.name not in wanted:
                self._made.pop(rendition.name, None)
                continue
            encoder = self._made.get(rendition.name)
            if encoder is None:
                encoder = self._made[rendition.name] = VideoEncoder(rendition)
            own_size = frame.width == rendition.width and frame.height == rendition.height
            shot = frame if own_size else scaled(frame, rendition)
            before = encoder.cpu_s
            unit = encoder.encode(shot, sample, key=wanted[rendition.name])
            units[rendition.name] = unit, encoder.cpu_s - before
        return units


class Studio:
    """Takes frame slots in the program's order and gives back one encoded picture for each, in the same order.

    When a slot's picture is not there by the next slot, the slot gets the last picture again. A renderer or an encoder
    that fails or hangs is replaced alone; meanwhile the last picture stays.
    """

    def __init__(
        self,
        make_stage: Callable[[], Stage],
        renditions: tuple[Rendition, ...],
        *,
        on_unit: Callable[[str, VideoUnit], None],
        wanted: Callable[[], dict[str, bool]],
        still: av.VideoFrame | None = None,
        render_limit_s: float = 2.0,
        encode_limit_s: float = 2.0,
    ) -> None:
        self.caption: str | None = None
        """What the stage is to show as caption, from the next picture on."""
        self.card: Any = None
        """The product card the stage is to show, from the next picture on."""
        self.renderer: Worker[_Dressed] = Worker("renderer", lambda: _Dressed(make_stage()), limit_s=render_limit_s)
        self.encoder: Worker[Encoders] = Worker("encoder", lambda: Encoders(renditions), limit_s=encode_limit_s)
        self.encoded = 0
        """Pictures encoded, all renditions together."""
        self.late = 0
        """Slots whose picture was not ready in time."""
        self.repeated = 0
        """Slots that show the picture before once more."""
        self.dropped = 0
        """Slots that were never encoded, because the encoder could not follow or had failed."""
        self.encode_s = 0.0
        """CPU seconds of the encoders."""
        self._on_unit = on_unit
        self._wanted = wanted
        self._last: av.VideoFrame | None = still
        self._pending: FrameSlot | None = None
        self._listening = False
        self._queue: deque[tuple[av.VideoFrame, int]] = deque()
        self._render_task: asyncio.Task[None] | None = None
        self._encode_task: asyncio.Task[None] | None = None
        self._closed = False

    async def prepare(self) -> None:
        """Build the stage and shoot a first picture, before the clock runs: building it takes seconds of a core.

        A stage that fails or hangs is tried again with the orders, as always.
        """
        first = FrameSlot(0, (), 0)
        with contextlib.suppress(WorkerDown):  # the worker has logged it
            self._last = await self.renderer.run(lambda stage: stage.shoot(first, False, None, None))

    def order(self, slot: FrameSlot, *, listening: bool = False) -> None:
        """Ask for the picture of a slot. Never waits."""
        if self._closed:
            return
        if self._pending is not None:
            self.late += 1
            self._repeat(self._pending)
        self._pending = slot
        self._listening = listening
        if self._render_task is None:
            self._render_task = asyncio.get_running_loop().create_task(self._render(), name="render")

    @property
    def waiting(self) -> int:
        """Pictures that wait for the encoder."""
        return len(self._queue)

    @property
    def cpu_s(self) -> float:
        """Processor seconds that the pictures have cost."""
        return self.renderer.cpu_s + self.encoder.cpu_s

    async def aclose(self) -> None:
        """Stop both threads; may be called twice."""
        self._closed = True
        for task in (self._render_task, self._encode_task):
            if task is not None:
                task.cancel()
        await asyncio.gather(*(t for t in (self._render_task, self._encode_task) if t), return_exceptions=True)
        await asyncio.gather(self.renderer.aclose(), self.encoder.aclose())

    def _repeat(self, slot: FrameSlot) -> None:
        if self._last is not None:
            self.repeated += 1
            self._enqueue(self._last, slot.sample)

    async def _render(self) -> None:
        try:
            while (slot := self._pending) is not None:
                take = (slot, self._listening, self.caption, self.card)
                try:
                    shot = await self.renderer.run(lambda stage, take=take: stage.shoot(*take))  # type: ignore[misc]
                except WorkerDown:
                    if self._pending is slot:
                        self._pending = None
                        self._repeat(slot)
                    continue
                self._last = shot
                if self._pending is slot:
                    self._pending = None
                    self._enqueue(shot, slot.sample)
        finally:
            self._render_task = None

    def _enqueue(self, frame: av.VideoFrame, sample: int) -> None:
        self._queue.append((frame, sample))
        if len(self._queue) > _ENCODE_QUEUE:
            self._queue.popleft()
            self.dropped += 1
        if self._encode_task is None and not self._closed:
            self._encode_task = asyncio.get_running_loop().create_task(self._encode(), name="encode")

    async def _encode(self) -> None:
        try:
            while self._queue:
                frame, sample = self._queue.popleft()
                wanted = self._wanted()
                try:
                    units = await self.encoder.run(
                        lambda encoders, frame=frame, sample=sample, wanted=wanted: encoders.encode(  # type: ignore[misc]
                            frame, sample, wanted
                        )
                    )
                except WorkerDown:
                    self.dropped += 1
                    continue
                for name, (unit, cpu_s) in units.items():
                    self.encoded += 1
                    self.encode_s += cpu_s
                    self._on_unit(name, unit)
        finally:
            self._encode_task = None

"""What a room feeds besides its viewers: the contract of an output, and the set of them."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

import av

from stream.errors import StreamError
from stream.program.encoder import AacEncoder, AudioUnit, VideoUnit
from stream.program.utterance import Pcm

_log = logging.getLogger(__name__)


class Output(Protocol):
    """A place encoded packets go: a platform, a file, a CDN. It keeps its own queue and never makes the room wait."""

    name: str

    @property
    def needs_aac(self) -> bool:
        """Whether it takes AAC; otherwise it is given Opus."""
        ...

    def video(self, unit: VideoUnit) -> None:
        """Take an encoded picture. Must not block or raise for reasons of its own network or disk."""
        ...

    def audio(self, unit: AudioUnit) -> None:
        """Take an encoded packet of sound."""
        ...

    async def start(self) -> None:
        """Begin; what goes wrong later is retried inside."""
        ...

    async def stop(self) -> None:
        """Flush within a bounded time and free everything; may be called twice."""
        ...


class Outputs:
    """Feeds the outputs, encodes AAC only while one of them needs it, and throws out what raises."""

    def __init__(self) -> None:
        self.running: dict[str, Output] = {}
        self.failures = 0
        self._aac: AacEncoder | None = None

    async def add(self, output: Output) -> None:
        """Start an output. Raises `ValueError` when the name is taken."""
        if output.name in self.running:
            raise ValueError(f"an output named {output.name!r} runs already")
        await output.start()
        self.running[output.name] = output

    async def remove(self, name: str) -> None:
        """Stop an output; an unknown name is no error."""
        output = self.running.pop(name, None)
        if output is not None:
            await output.stop()

    def states(self) -> list[dict[str, str]]:
        """For an operator: each output's name, state, and what went wrong, if it is not live; no key in it."""
        told = []
        for output in self.running.values():
            state = getattr(output, "state", "live")
            told.append(
                {"name": output.name, "state": state, "error": "" if state == "live" else getattr(output, "error", "")}
            )
        return told

    async def aclose(self) -> None:
        """Stop all at once: one that hangs takes seconds, and a rolling restart waits for them."""
        await asyncio.gather(*(self.remove(name) for name in list(self.running)))

    def video(self, unit: VideoUnit) -> None:
        """Hand on a picture of the best rendition."""
        for output in tuple(self.running.values()):
            self._guard(output, lambda output=output: output.video(unit))

    def audio(self, opus: AudioUnit, pcm: Pcm) -> None:
        """Hand on 20 ms of sound."""
        needs = [output for output in self.running.values() if output.needs_aac]
        if needs:
            units = self._encoded(pcm, opus.sample)
        else:
            self._aac, units = None, []
        for output in tuple(self.running.values()):
            if output.needs_aac:
                for unit in units:
                    self._guard(output, lambda output=output, unit=unit: output.audio(unit))
            else:
                self._guard(output, lambda output=output: output.audio(opus))

    def _encoded(self, pcm: Pcm, sample: int) -> list[AudioUnit]:
        """AAC, from a new encoder after one that failed."""
        try:
            self._aac = self._aac or AacEncoder()
            return self._aac.encode(pcm, sample)
        except (StreamError, av.FFmpegError, ValueError):
            self.failures += 1
            self._aac = None
            _log.exception("AAC failed: the outputs that need it are left without 20 ms of sound")
            return []

    def _guard(self, output: Output, call: object) -> None:
        try:
            call()  # type: ignore[operator]
        except Exception:
            # An output never touches the program, whatever is wrong with it.
            self.failures += 1
            _log.exception("output %s failed and is left out of one packet", output.name)

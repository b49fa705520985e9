"""Encoded packets into a container: FLV, fragmented MP4 or HLS segments, with the timestamps they were made with."""

from __future__ import annotations

import fractions
import io
from collections.abc import Mapping

import av
from av.audio.stream import AudioStream
from av.stream import Stream

from avatar import SAMPLE_RATE
from stream.errors import StreamError
from stream.output.network_file import NetworkFile
from stream.program.encoder import AudioUnit, VideoUnit
from stream.viewer.packet import parameter_sets

_TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)


class MuxError(StreamError):
    """A container could not be opened or written; the text names no address and no key."""


class Muxer:
    """Writes one container from a key frame on. Blocks on its file or network: for a thread of its own.

    Times in the container begin at the first key frame and are otherwise the program's: sample by sample, so that
    sound and picture stay as far apart as they were made.
    """

    def __init__(
        self, target: str | NetworkFile, container: str, first: VideoUnit, *, options: Mapping[str, str] | None = None
    ) -> None:
        """Open `target`, a path or an open network file, which is then closed with the container. Raises `MuxError`."""
        if not first.key or not parameter_sets(first.data):
            raise MuxError("a container begins with a key frame")
        self.base = first.sample
        self.frames = 0
        self.bytes = 0
        self._last = {True: -1, False: -1}
        self._target = target
        try:
            self._out = av.open(target, "w", format=container, options=dict(options or {}))
            try:
                self._video, self._audio = self._streams(first)
                self._out.start_encoding()
            except BaseException:
                self._out.close()
                raise
        except (av.FFmpegError, OSError, ValueError) as exc:
            raise MuxError(reason(exc)) from exc

    def write(self, unit: VideoUnit | AudioUnit) -> None:
        """Write a packet. One that was made before the first key frame is left out. Raises `MuxError`."""
        video = isinstance(unit, VideoUnit)
        time = unit.sample - self.base
        if time < 0 or time <= self._last[video]:
            return
        self._last[video] = time
        packet = av.Packet(unit.data)
        packet.stream = self._video if video else self._audio
        packet.pts = packet.dts = time
        packet.time_base = _TIME_BASE
        if isinstance(unit, AudioUnit):
            packet.duration = unit.samples
            packet.is_keyframe = True
        else:
            packet.duration = SAMPLE_RATE // 25
            packet.is_keyframe = unit.key
            self.frames += 1
        self.bytes += len(unit.data)
        try:
            self._out.mux_one(packet)
        except (av.FFmpegError, OSError, ValueError) as exc:
            raise MuxError(reason(exc)) from exc

    def close(self) -> None:
        """Write the trailer and close. Raises `MuxError` when that fails; the container is closed all the same."""
        try:
            try:
                self._out.close()
            finally:
                if isinstance(self._target, NetworkFile):
                    self._target.close()
        except (av.FFmpegError, OSError, ValueError) as exc:
            raise MuxError(reason(exc)) from exc

    def _streams(self, first: VideoUnit) -> tuple[Stream, Stream]:
        # The parser reads size and extradata from the parameter sets; without them FLV and MP4 headers stay empty.
        with av.open(io.BytesIO(first.data), "r", format="h264") as probe:
            video = self._out.add_stream_from_template(probe.streams.video[0])
        video.time_base = _TIME_BASE
        audio = self._out.add_stream("aac", rate=SAMPLE_RATE)
        if not isinstance(audio, AudioStream):
            raise MuxError("aac is not an audio codec in this build of FFmpeg")
        audio.layout = "mono"
        audio.time_base = _TIME_BASE
        return video, audio


def reason(exc: BaseException) -> str:
    """What went wrong, without the file name or address that FFmpeg puts into its messages."""
    text = getattr(exc, "strerror", None) or str(exc).split(":", 1)[0]
    return f"{text} ({type(exc).__name__})"

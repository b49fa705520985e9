"""Recording: fragmented MP4 that a crash cannot spoil, kept for a while, stopped before the disk is full."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from avatar import SAMPLE_RATE
from stream.output.muxer import Muxer, MuxError
from stream.output.muxing import MuxingOutput
from stream.output.retention import KEEP_BYTES, KEEP_S, forget_recordings
from stream.program.encoder import AudioUnit, VideoUnit

_GUARD_EVERY = 250
"""Packets between two looks at the disk."""


class Recording:
    """The files of one run: a new one every `file_s`, at a key frame. Used by one thread."""

    def __init__(
        self,
        folder: Path,
        first: VideoUnit,
        *,
        file_s: float,
        keep_bytes: int,
        keep_s: float,
        free_bytes: int,
        free: Callable[[Path], int],
        wall: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._file_samples = int(file_s * SAMPLE_RATE)
        self._keep_bytes, self._keep_s, self._free_bytes = keep_bytes, keep_s, free_bytes
        self._free, self._wall = free, wall
        self._count = 0
        self._muxer = self._begin(first)

    def write(self, unit: VideoUnit | AudioUnit) -> None:
        """Write a packet. Raises `MuxError` when the disk is nearly full or failing."""
        self._count += 1
        if self._count % _GUARD_EVERY == 0:
            self._guard()
        if isinstance(unit, VideoUnit) and unit.key and unit.sample - self._muxer.base >= self._file_samples:
            self._muxer.close()
            self._muxer = self._begin(unit)
        self._muxer.write(unit)

    def close(self) -> None:
        """End the file; one that holds nothing, on a full disk, is taken away."""
        try:
            self._muxer.close()
        finally:
            _leave_no_empty(self._path)

    def _begin(self, first: VideoUnit) -> Muxer:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            forget_recordings(self._folder, now_s=self._wall(), keep_s=self._keep_s, keep_bytes=self._keep_bytes)
        except OSError as exc:
            raise MuxError(f"the recordings' folder cannot be used: {exc.strerror}") from exc
        self._guard()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._wall()))
        path = self._path = self._folder / f"{stamp}-{first.sample // SAMPLE_RATE:07d}.mp4"
        # A fragment a group of pictures: what is cut off by a crash is the last two seconds.
        options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
        try:
            return Muxer(str(path), "mp4", first, options=options)
        except MuxError:
            _leave_no_empty(path)
            raise

    def _guard(self) -> None:
        if self._free(self._folder) < self._free_bytes:
            raise MuxError(f"less than {self._free_bytes >> 20} MiB are free for recordings")


def _leave_no_empty(path: Path) -> None:
    if path.is_file() and path.stat().st_size == 0:
        path.unlink()


class RecordingOutput(MuxingOutput):
    """Records a room into `folder`; the oldest files go when there are too many; a full disk pauses it."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        file_s: float = 1800.0,
        keep_bytes: int = KEEP_BYTES,
        keep_s: float = KEEP_S,
        free_bytes: int = 2 << 30,
        backoff_s: tuple[float, float] = (5.0, 60.0),
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
        wall: Callable[[], float] = time.time,
    ) -> None:
        def open_sink(first: VideoUnit) -> Recording:
            return Recording(
                folder,
                first,
                file_s=file_s,
                keep_bytes=keep_bytes,
                keep_s=keep_s,
                free_bytes=free_bytes,
                free=free,
                wall=wall,
            )

        super().__init__(name, open_sink, backoff_s=backoff_s)

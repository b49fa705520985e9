"""HLS for a CDN: segments of one group of pictures, the newest few kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from stream.output.muxer import Muxer, MuxError
from stream.output.muxing import MuxingOutput, Sink
from stream.output.playlist import PLAYLIST, prepare_folder
from stream.program.clock import FRAME_SAMPLES
from stream.program.encoder import GOP_FRAMES, AudioUnit, VideoUnit

_WINDOW = 6
_SEGMENT = GOP_FRAMES * FRAME_SAMPLES
_FREE_BYTES = 256 << 20


class HlsOutput(MuxingOutput):
    """Writes MPEG-TS segments of 2 s and a playlist of the last six (RFC 8216) into `folder`, its own.

    After an interruption the playlist goes on behind a discontinuity, so that players never lose it; one that is older
    than a minute is thrown away.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        free_bytes: int = _FREE_BYTES,
        backoff_s: tuple[float, float] = (1.0, 30.0),
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder

        def guard() -> None:
            if free(folder) < free_bytes:
                raise MuxError(f"less than {free_bytes >> 20} MiB are free for HLS segments")

        def open_sink(first: VideoUnit) -> Sink:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                number = prepare_folder(folder, now_s=wall())
                guard()
            except OSError as exc:
                raise MuxError(f"the HLS folder cannot be used: {exc.strerror}") from exc
            options = {
                "hls_time": "2",
                "hls_list_size": str(_WINDOW),
                "hls_delete_threshold": "3",
                "hls_flags": "append_list+delete_segments+independent_segments+omit_endlist+temp_file"
                "+program_date_time",
                "hls_segment_filename": str(folder / "%d.ts"),
                "start_number": str(number),
            }
            return _Guarded(Muxer(str(folder / PLAYLIST), "hls", first, options=options), guard)

        # From a regular key frame on all segments are as long; those that viewers ask for lie between.
        super().__init__(name, open_sink, begins=lambda unit: unit.sample % _SEGMENT == 0, backoff_s=backoff_s)


class _Guarded:
    """A muxer that looks at the disk before each group of pictures: FFmpeg's own would cut segments off in silence."""

    def __init__(self, muxer: Muxer, guard: Callable[[], None]) -> None:
        self._muxer, self._guard = muxer, guard

    def write(self, unit: VideoUnit | AudioUnit) -> None:
        if isinstance(unit, VideoUnit) and unit.key:
            self._guard()
        self._muxer.write(unit)

    def close(self) -> None:
        self._muxer.close()

"""HLS for a CDN: segments of one group of pictures, the newest few kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from stream.encoder import AudioUnit, VideoUnit
from stream.hls_router import PLAYLIST
from stream.muxer import Muxer, MuxError
from stream.muxing import MuxingOutput, Sink

_WINDOW = 6
_FREE_BYTES = 256 << 20


class HlsOutput(MuxingOutput):
    """Writes MPEG-TS segments of 2 s and a playlist of the last six (RFC 8216) into `folder`; empties it first."""

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
                if folder.exists():
                    shutil.rmtree(folder)
                folder.mkdir(parents=True)
                guard()
            except OSError as exc:
                raise MuxError(f"the HLS folder cannot be used: {exc.strerror}") from exc
            # Numbers go on over restarts, of the process too, so that no player takes a new segment for an old one.
            options = {
                "hls_time": "2",
                "hls_list_size": str(_WINDOW),
                "hls_delete_threshold": "3",
                "hls_flags": "delete_segments+independent_segments+omit_endlist+temp_file+program_date_time",
                "hls_segment_filename": str(folder / "%d.ts"),
                "start_number": str(int(wall()) // 2),
            }
            return _Guarded(Muxer(str(folder / PLAYLIST), "hls", first, options=options), guard)

        super().__init__(name, open_sink, backoff_s=backoff_s)


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

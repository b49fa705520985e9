"""HLS for a CDN: segments of one group of pictures, the newest few kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from stream.output.hls_router import PLAYLIST
from stream.output.muxer import Muxer, MuxError
from stream.output.muxing import MuxingOutput, Sink
from stream.program.clock import FRAME_SAMPLES
from stream.program.encoder import GOP_FRAMES, AudioUnit, VideoUnit

_WINDOW = 6
_SEGMENT = GOP_FRAMES * FRAME_SAMPLES
_FREE_BYTES = 256 << 20
_GOES_ON_S = 60.0
"""A playlist this old is still somebody's: it goes on. What is older shows the past, and begins anew."""


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
                number = _tidy(folder, now_s=wall())
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


def _tidy(folder: Path, *, now_s: float) -> int:
    """Take away what no playlist names any more, and a playlist that is older than a minute or lacks a segment.

    Gives the number of the first segment where none goes on. Numbers never come again, over restarts of the process
    too, so that no player takes a new segment for an old one.
    """
    playlist, named = folder / PLAYLIST, list[str]()
    if playlist.is_file():
        named = [line for line in playlist.read_text("utf-8", "replace").splitlines() if line and line[0] != "#"]
        stems = [Path(name).stem for name in named]
        newest = max((int(stem) for stem in stems if stem.isdecimal()), default=0)
        stale = now_s - playlist.stat().st_mtime > _GOES_ON_S
        goes_on = bool(named) and not stale and all((folder / name).is_file() for name in named)
    else:
        newest, goes_on = 0, False
    for path in folder.iterdir():
        if not goes_on or path.name not in (PLAYLIST, *named):
            path.unlink()
    # The muxer goes on after the playlist's own numbers unless it is told a higher one.
    return 0 if goes_on else max(int(now_s) // 2, newest + 1)


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

"""HLS for a CDN: segments of one group of pictures, the newest few kept, served with the right caching."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, PlainTextResponse

from stream.encoder import VideoUnit
from stream.muxer import Muxer, MuxError
from stream.muxing import MuxingOutput

PLAYLIST = "index.m3u8"
_FILE = re.compile(r"index\.m3u8|\d{1,12}\.ts")
_WINDOW = 6
_CORS = {"Access-Control-Allow-Origin": "*"}


class HlsOutput(MuxingOutput):
    """Writes MPEG-TS segments of 2 s and a playlist of the last six (RFC 8216) into `folder`; empties it first."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        backoff_s: tuple[float, float] = (1.0, 30.0),
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder

        def open_sink(first: VideoUnit) -> Muxer:
            try:
                if folder.exists():
                    shutil.rmtree(folder)
                folder.mkdir(parents=True)
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
            return Muxer(str(folder / PLAYLIST), "hls", first, options=options)

        super().__init__(name, open_sink, backoff_s=backoff_s)


def hls_router(find: Callable[[str], HlsOutput | None]) -> APIRouter:
    """`GET /rooms/{room}/hls/{file}`; `find` gives a room's HLS output, or None."""
    router = APIRouter(tags=["viewer"])
    binary = {"schema": {"type": "string", "format": "binary"}}
    playlist = {"application/vnd.apple.mpegurl": binary, "video/mp2t": binary}
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "the playlist or a segment", "content": playlist},
        404: {"description": "one line", "content": {"text/plain": {"schema": {"type": "string"}}}},
    }

    @router.get("/rooms/{room}/hls/{file}", response_class=Response, responses=responses)
    async def get(room: str, file: str) -> Response:
        output = find(room)
        path = output.folder / file if output is not None and _FILE.fullmatch(file) else None
        if path is None or not path.is_file():
            return PlainTextResponse("no such room or segment\n", 404, headers=_CORS)
        if file == PLAYLIST:
            headers = {**_CORS, "Cache-Control": "max-age=1"}
            return FileResponse(path, media_type="application/vnd.apple.mpegurl", headers=headers)
        return FileResponse(path, media_type="video/mp2t", headers={**_CORS, "Cache-Control": "max-age=60, immutable"})

    return router

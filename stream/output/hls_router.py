"""HLS over HTTP: a room's playlist and segments, with the right caching for a CDN."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, PlainTextResponse

from stream.output.playlist import PLAYLIST, read_playlist

_FILE = re.compile(r"index\.m3u8|\d{1,12}\.ts")
_CORS = {"Access-Control-Allow-Origin": "*"}
_SOON = {"Cache-Control": "max-age=1"}
"""What is not there may be there in a second, whatever a CDN would think of a 404."""


class HasFolder(Protocol):
    """What the router needs of an HLS output."""

    @property
    def folder(self) -> Path: ...


def hls_router(find: Callable[[str], HasFolder | None]) -> APIRouter:
    """`GET` and `HEAD /rooms/{room}/hls/{file}`; `find` gives a room's HLS output, or None."""
    router = APIRouter(tags=["viewer"])
    binary = {"schema": {"type": "string", "format": "binary"}}
    playlist = {"application/vnd.apple.mpegurl": binary, "video/mp2t": binary}
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "the playlist or a segment", "content": playlist},
        404: {"description": "one line", "content": {"text/plain": {"schema": {"type": "string"}}}},
    }

    @router.head("/rooms/{room}/hls/{file}", include_in_schema=False)
    @router.get("/rooms/{room}/hls/{file}", response_class=Response, responses=responses)
    async def get(room: str, file: str) -> Response:
        output = find(room)
        folder = output.folder if output is not None and _FILE.fullmatch(file) else None
        if folder is not None and file == PLAYLIST:
            playlist = await asyncio.to_thread(read_playlist, folder)
            if playlist is not None:
                return Response(playlist, media_type="application/vnd.apple.mpegurl", headers={**_CORS, **_SOON})
        elif folder is not None and (folder / file).is_file():
            headers = {**_CORS, "Cache-Control": "max-age=60, immutable"}
            return FileResponse(folder / file, media_type="video/mp2t", headers=headers)
        return PlainTextResponse("no such room or segment\n", 404, headers={**_CORS, **_SOON})

    return router

"""From what a merchant writes down to an output: an address or a word says where the room's packets go."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from stream.output.hls import HlsOutput
from stream.output.output import Output
from stream.output.push_address import OutletError, check_targets
from stream.output.recorder import RecordingOutput
from stream.output.retention import RECORDINGS
from stream.output.rtmp import RtmpOutput
from stream.output.whip import WhipOutput
from stream.room.room import Room


def create_output(name: str, target: str, *, room: Room, folder: Path) -> Output:
    """Make the output that `target` asks for; start it with `room.outputs.add(output)`.

    `rtmp://…`, `rtmps://…` push FLV to a platform; `http://…`, `https://…` publish by WHIP, `https://TOKEN@host/…` with
    that bearer token; `record` writes recordings and `hls` segments below `folder`. Raises `StreamError` for anything
    else.
    """
    check_targets(target)
    scheme = target.split(":", 1)[0].lower()
    if scheme in ("rtmp", "rtmps"):
        return RtmpOutput(name, target)
    if scheme in ("http", "https"):
        address, token = _parted(target)
        return WhipOutput(name, address, video=room.hubs[room.best], audio=room.audio_hub, token=token)
    if target == "record":
        return RecordingOutput(name, folder / RECORDINGS / room.name)
    if target == "hls":
        return HlsOutput(name, folder / "hls" / room.name)
    raise OutletError(f"{name}: 没有推流目标 / no target")


def _parted(target: str) -> tuple[str, str | None]:
    """An address and the token before its host."""
    found = urlsplit(target)
    told, at, place = found.netloc.rpartition("@")
    return found._replace(netloc=place).geturl(), unquote(told.strip(":")) if at else None

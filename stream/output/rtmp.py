"""RTMP(S) push to a platform: Kuaishou, Douyin, Bilibili, YouTube, or any server that takes FLV."""

from __future__ import annotations

import contextlib
import socket
from urllib.parse import urlsplit

from stream.output.muxer import Muxer, MuxError
from stream.output.muxing import MuxingOutput
from stream.output.network_file import NetworkFile
from stream.output.push_address import masked, rtmp_url
from stream.program.encoder import VideoUnit

_CONNECT_S = 10.0


def _knock(url: str) -> None:
    """See within 10 s whether anybody listens, and say it in plain words. Raises `MuxError`."""
    found = urlsplit(url)
    port = found.port or (443 if found.scheme == "rtmps" else 1935)
    try:
        socket.create_connection((found.hostname or "", port), timeout=_CONNECT_S).close()
    except OSError as exc:
        raise MuxError(f"{found.hostname} cannot be reached: {exc.strerror or type(exc).__name__}") from exc


class RtmpOutput(MuxingOutput):
    """Pushes a room to one address; reconnects with a pause of 1 to 30 s, each time from a key frame."""

    def __init__(self, name: str, url: str, *, backoff_s: tuple[float, float] = (1.0, 30.0)) -> None:
        address = rtmp_url(url)
        self.address = masked(address)

        def open_sink(first: VideoUnit) -> Muxer:
            _knock(address)
            try:
                network = NetworkFile(address, limit_s=_CONNECT_S)
            except OSError as exc:
                doubt = " (or its certificate is not valid)" if address.lower().startswith("rtmps") else ""
                raise MuxError(f"the platform does not take the stream: {exc.strerror}{doubt}") from exc
            try:
                return Muxer(network, "flv", first, options={"flvflags": "no_duration_filesize", "flush_packets": "1"})
            except MuxError:
                with contextlib.suppress(OSError):  # why it could not be opened says more
                    network.close()
                raise

        super().__init__(name, open_sink, backoff_s=backoff_s)

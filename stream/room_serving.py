"""The inside of a room's own process: that one room, served on a Unix socket to the process in front.

The front speaks on standard input: the machine's token first, then `outputs open` and `outputs close`. When the front
is gone the input ends, and so does this process.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from pathlib import Path

from stream.app import Service, open_service
from stream.errors import StreamError
from stream.memory import bound_heap
from stream.room.process import CLOSE_OUTPUTS, OPEN_OUTPUTS
from stream.serving import WebServer, quiet_log
from stream.settings import Settings
from stream.site import create_app

logger = logging.getLogger(__name__)

_TOKEN_S = 10.0


class FrontError(StreamError):
    """This process was not started by `serve`, or its room cannot be put on air."""


async def serve_room(settings: Settings, name: str, path: Path) -> None:
    """Serve room `name` on the Unix socket `path` until told to leave. Raises `FrontError`."""
    quiet_log(settings)
    bound_heap()
    front = await _standard_input()
    try:
        token = (await asyncio.wait_for(front.readline(), _TOKEN_S)).decode().strip()
    except TimeoutError:
        token = ""
    if not token:
        raise FrontError("this command is for `zhanggui serve`; to put a room on air: zhanggui room start NAME")
    async with open_service(settings, machine_token=token, only=name, outputs_wait=True, rooms=False) as service:
        app = create_app(service)
        await service.open_rooms()
        if name not in service.house.rooms:
            raise FrontError(f"{name}: {service.house.problems.get(name, 'there is no such room')}")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(path))
            server = WebServer(app, service, listener, behind_front=True)
            listening = asyncio.create_task(_listen(front, service, server), name="front")
            try:
                await server.run(drain_s=settings.drain_s)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)


async def _listen(front: asyncio.StreamReader, service: Service, server: WebServer) -> None:
    while line := await front.readline():
        said = line.decode().strip()
        if said == OPEN_OUTPUTS:
            await service.house.open_outputs()
        elif said == CLOSE_OUTPUTS:
            await service.house.stop_outputs()
        else:
            logger.warning("the front said something that is not understood")
    server.leave(False)


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader

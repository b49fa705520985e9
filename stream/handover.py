"""A rolling restart: the next process takes the listening socket over from the one that serves, and nobody is refused.

Both then hold the same socket, with one queue of connections: what comes in while one leaves and the other begins waits
there for milliseconds. The words spoken at the door, a Unix socket only this user can reach:

    next process                 serving process
    TOKEN                    →
                             ←   the listening socket (SCM_RIGHTS)
    ready                    →   (everything is loaded; until here the next one may die without any harm)
                             ←   yours      (platforms are let go, nothing more is accepted)
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from stream.errors import StreamError
from stream.local_server import LocalServer

logger = logging.getLogger(__name__)

_STEP_S = 10.0
_LOAD_S = 300.0
"""The next process loads its models meanwhile."""
_YIELD_S = 60.0
_READY, _YOURS, _TAKE = b"ready\n", b"yours\n", b"take\n"


class HandoverError(StreamError):
    """The serving process does not hand over; it goes on serving."""


class Door:
    """The serving process's side. `yield_` is called once the next process is ready; after it `taken` is set."""

    def __init__(self, listener: socket.socket, *, token: str, yield_: Callable[[], Awaitable[None]]) -> None:
        self.taken = asyncio.Event()
        self._listener = listener
        self._token = token.encode()
        self._yield = yield_
        self._folder = Path(tempfile.mkdtemp(prefix="zhanggui-"))
        self.path = str(self._folder / "door")
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Door:
        self._server.bind(self.path)
        self._server.listen(1)
        self._server.setblocking(False)
        self._task = asyncio.create_task(self._answer(), name="door")
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._server.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _answer(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.taken.is_set():
            caller, _ = await loop.sock_accept(self._server)
            with caller:
                try:
                    await self._hand_over(caller)
                except (OSError, TimeoutError, HandoverError) as exc:
                    logger.warning("the next process did not take over, this one goes on: %s", exc or "timed out")

    async def _hand_over(self, caller: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        caller.setblocking(False)
        said = await asyncio.wait_for(_line(caller), _STEP_S)
        if not hmac.compare_digest(said.strip(), self._token):
            raise HandoverError("somebody without the token knocked")
        socket.send_fds(caller, [_TAKE], [self._listener.fileno()])
        if await asyncio.wait_for(_line(caller), _LOAD_S) != _READY:
            raise HandoverError("it ended before it was ready")
        await self._yield()
        self.taken.set()
        await asyncio.wait_for(loop.sock_sendall(caller, _YOURS), _STEP_S)


class Predecessor:
    """The next process's side: made by `meet`."""

    def __init__(self, door: socket.socket, listener: socket.socket) -> None:
        self.listener = listener
        self._door = door

    async def take_over(self) -> None:
        """Say that everything is ready, and wait until the address is ours alone. Raises `HandoverError`."""
        loop = asyncio.get_running_loop()
        try:
            self._door.setblocking(False)
            await asyncio.wait_for(loop.sock_sendall(self._door, _READY), _STEP_S)
            said = await asyncio.wait_for(_line(self._door), _YIELD_S)
        except (OSError, TimeoutError) as exc:
            raise HandoverError("the serving process does not let go; stop it and start again") from exc
        finally:
            self._door.close()
        # One that died in the middle has let go as well.
        if said not in (_YOURS, b""):
            raise HandoverError("the serving process gave an answer that is not understood; stop it and start again")

    def close(self) -> None:
        """Leave everything to the serving process."""
        self._door.close()
        self.listener.close()


def meet(server: LocalServer) -> Predecessor:
    """Knock at the serving process's door and take a copy of its listening socket; blocking. Raises `HandoverError`."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.settimeout(_STEP_S)
    try:
        door.connect(server.door)
        door.sendall(f"{server.token}\n".encode())
        said, handles, _, _ = socket.recv_fds(door, len(_TAKE), 1)
    except OSError as exc:
        door.close()
        raise HandoverError(f"process {server.pid} does not hand over: {exc}; stop it and start again") from exc
    if said != _TAKE or not handles:
        for handle in handles:
            os.close(handle)
        door.close()
        raise HandoverError(f"process {server.pid} does not hand over; stop it and start again")
    return Predecessor(door, socket.socket(fileno=handles[0]))


async def _line(peer: socket.socket) -> bytes:
    """One line, or what came before the other side left."""
    loop = asyncio.get_running_loop()
    said = b""
    while not said.endswith(b"\n") and len(said) < 256:
        more = await loop.sock_recv(peer, 256)
        if not more:
            break
        said += more
    return said

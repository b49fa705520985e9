"""A room in a process of its own: started, watched, started again when it dies, and told to leave."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from stream.errors import StreamError
from stream.room.book import RoomSpec
from stream.settings import Settings

logger = logging.getLogger(__name__)

_WATCH_S = 2.0
_ASK_S = 3.0
_START_S = 120.0
"""A first start loads the speech model; a machine that is busy with others takes its time."""
_BACKOFF_S, _BACKOFF_MAX_S = 0.5, 10.0
_STEADY_S = 60.0
"""A process that lived this long is trusted again: its next restart is quick."""
_MISSED = 3
"""A process that leaves so many questions in a row unanswered is frozen, and ended."""
_KILL_S = 15.0
OPEN_OUTPUTS, CLOSE_OUTPUTS = "outputs open", "outputs close"
"""What it is told on its standard input, after the token."""


def unix_transport(path: Path) -> httpx.AsyncHTTPTransport:
    """The way to a server on this machine's Unix socket. No certificates are read, as the default would: that stops the
    loop, and every room on it, for tens of milliseconds."""
    return httpx.AsyncHTTPTransport(uds=str(path), verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


class RoomProcessError(StreamError):
    """The process did not come up; the text says what is known."""


class RoomProcess:
    """Runs `command` (which serves the room on the Unix socket `socket`) and keeps it running.

    The command gets the token on its standard input, and ends when that is closed: it never outlives this process.
    While it is down `state` is what it last said, with `state` set to `restarting`.
    """

    def __init__(
        self,
        spec: RoomSpec,
        *,
        command: Callable[[Path], list[str]],
        token: str,
        monotonic: Callable[[], float] = time.monotonic,
        watch_s: float = _WATCH_S,
        ask_s: float = _ASK_S,
    ) -> None:
        self.name, self.merchant = spec.name, spec.merchant
        self.up = False
        """Whether it answers."""
        self.restarts = 0
        self.metrics = ""
        """Its metrics as it last told them, in Prometheus' text format."""
        self._folder = Path(tempfile.mkdtemp(prefix="zhanggui-"))
        self.socket = self._folder / "room.sock"
        self._command = command
        self._token = token
        self._monotonic = monotonic
        self._watch_s = watch_s
        self._ask_s = ask_s
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._state: dict[str, object] = {"name": spec.name, "merchant": spec.merchant, "viewers": 0}
        self._opened = asyncio.Event()
        self._leaving = False
        self._outputs = False

    @property
    def pid(self) -> int | None:
        """Its process, None while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def problem(self) -> str | None:
        """One line while it is down."""
        return None if self.up else f"its process is being started again (number {self.restarts})"

    def state(self) -> dict[str, object]:
        """The room as an operator's list shows it, as the process last told it."""
        return self._state if self.up else {**self._state, "state": "restarting"}

    async def start(self, *, within_s: float = _START_S) -> None:
        """Start it and wait until it is on air. Raises `RoomProcessError` when it is not in time; it is tried on."""
        self._keeper = asyncio.create_task(self._keep(), name=f"{self.name}-process")
        try:
            await asyncio.wait_for(self._opened.wait(), within_s)
        except TimeoutError as exc:
            raise RoomProcessError(f"its process is not on air after {within_s:.0f} s; see its log above") from exc

    async def outputs(self, *, open_: bool) -> None:
        """Let it feed platforms, recordings and HLS, or have it stop; remembered for when it is started again."""
        self._outputs = open_
        if self.pid is not None:
            await self._say(OPEN_OUTPUTS if open_ else CLOSE_OUTPUTS)

    async def drain(self, *, within_s: float) -> None:
        """Let it send its pages elsewhere and end; what is left after `within_s` and its own stopping is ended."""
        self._leaving = True
        await self._end(within_s + _KILL_S)

    async def stop(self) -> None:
        """End it; may be called twice."""
        self._leaving = True
        if self._keeper is not None:
            # The keeper is stopped first, so that the end is not taken for a crash.
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._end(_KILL_S, number=signal.SIGINT)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _end(self, within_s: float, *, number: signal.Signals = signal.SIGTERM) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(number)
        if number is signal.SIGINT and process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), within_s)
        except TimeoutError:
            logger.warning("the process of room %s does not end and is killed", self.name)
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        backoff_s = _BACKOFF_S
        while not self._leaving:
            began = self._monotonic()
            await self._live()
            self.up = False
            if self._leaving:
                return
            self.restarts += 1
            if self._monotonic() - began > _STEADY_S:
                backoff_s = _BACKOFF_S
            logger.warning("the process of room %s ended; started again in %.1f s", self.name, backoff_s)
            await asyncio.sleep(backoff_s)
            backoff_s = min(_BACKOFF_MAX_S, backoff_s * 2)

    async def _live(self) -> None:
        """One life of the process, from its start to its end."""
        await asyncio.to_thread(self.socket.unlink, missing_ok=True)
        process = self._process = await asyncio.create_subprocess_exec(
            *self._command(self.socket),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            # Ctrl-C in the terminal is for the process in front, which ends this one in order.
            start_new_session=True,
        )
        watcher = asyncio.create_task(self._watch(process), name=f"{self.name}-watch")
        try:
            await self._say(self._token)
            if self._outputs:
                await self._say(OPEN_OUTPUTS)
            await process.wait()
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def _say(self, line: str) -> None:
        pipe = self._process.stdin if self._process is not None else None
        if pipe is None:
            return
        try:
            pipe.write(f"{line}\n".encode())
            await pipe.drain()
        except ConnectionError:
            logger.info("the process of room %s is gone and hears nothing", self.name)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Ask how it is; a process that answered once and then answers no more is frozen, and killed."""
        missed, born = 0, self._monotonic()
        headers = {"Authorization": f"Bearer {self._token}"}
        transport = unix_transport(self.socket)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://room", timeout=self._ask_s, headers=headers
        ) as client:
            while True:
                try:
                    state = (await client.get(f"/api/rooms/{self.name}")).raise_for_status()
                    metrics = (await client.get("/metrics")).raise_for_status()
                except (httpx.HTTPError, OSError):
                    missed += 1
                    late = missed >= _MISSED if self.up else self._monotonic() - born > _START_S
                    if late:
                        logger.warning("the process of room %s answers no more and is killed", self.name)
                        process.kill()
                        return
                else:
                    missed, self._state, self.metrics, self.up = 0, dict(state.json()), metrics.text, True
                    self._opened.set()
                await asyncio.sleep(self._watch_s if self.up else 0.2)


def launcher(settings: Settings, token: str) -> Callable[[RoomSpec], RoomProcess]:
    """Makes the processes of the rooms of a data folder; `token` is the machine's."""

    def launch(spec: RoomSpec) -> RoomProcess:
        def command(socket: Path) -> list[str]:
            options = ["--data-dir", str(settings.data_dir), "--socket", str(socket)]
            return [sys.executable, "-m", "stream.cli", "room-process", spec.name, *options]

        return RoomProcess(spec, command=command, token=token)

    return launch

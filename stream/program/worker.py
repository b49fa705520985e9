"""A thread that owns one object (a renderer, an encoder): made in it, used in it, replaced alone when it fails."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from stream.errors import StreamError

_log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

_BACKOFF_S = 0.1
_BACKOFF_MAX_S = 1.0
"""A room shows its last picture meanwhile; a try costs some tens of milliseconds, so it need not wait long."""
_CLOSE_S = 5.0
_Job = tuple[Callable[[Any], Any], "asyncio.Future[Any]"]


class WorkerDown(StreamError):
    """The worker's object failed or hung; another is on its way."""


class Worker(Generic[T]):
    """Runs one job at a time off the event loop, on an object that `make` builds in the same thread.

    A job that raises costs the object: the next job gets a new one, after a growing pause if it keeps failing. A job
    that takes longer than `limit_s` costs the thread too: it is left behind (a daemon, it ends when its call returns).
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], T],
        *,
        limit_s: float = 2.0,
        first_limit_s: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.restarts = 0
        self.cpu_s = 0.0
        """Processor seconds of the jobs that were done."""
        self._make = make
        self._limit_s = limit_s
        self._first_limit_s = first_limit_s
        self._monotonic = monotonic
        self._thread: _Thread[T] | None = None
        self._backoff_s = 0.0
        self._not_before_s = float("-inf")
        self._fresh = True

    async def run(self, job: Callable[[T], R]) -> R:
        """Do `job(object)`. Raises `WorkerDown` when it failed, hung, or the worker is still backing off."""
        if self._monotonic() < self._not_before_s:
            raise WorkerDown(f"{self.name} is being restarted")
        if self._thread is None:
            self._thread = _Thread(self.name, self._make)
            self._fresh = True
        future: asyncio.Future[tuple[R, float]] = asyncio.get_running_loop().create_future()
        self._thread.jobs.put((job, future))
        try:
            async with asyncio.timeout(self._first_limit_s if self._fresh else self._limit_s):
                result, cpu_s = await future
        except TimeoutError as exc:
            self._replace("it did not answer in time")
            raise WorkerDown(f"{self.name} hung and is being restarted") from exc
        except Exception as exc:
            _log.exception("%s failed", self.name)
            self._replace(f"{type(exc).__name__}: {exc}")
            raise WorkerDown(f"{self.name} failed and is being restarted: {exc}") from exc
        self._fresh = False
        self._backoff_s = 0.0
        self.cpu_s += cpu_s
        return result

    def close(self) -> None:
        """Let the thread end after the job it is at; may be called twice."""
        if self._thread is not None:
            self._thread.jobs.put(None)
            self._thread = None

    async def aclose(self, *, within_s: float = _CLOSE_S) -> None:
        """Close, and wait for the thread: one that is still in native code when the process ends would abort it."""
        thread = self._thread
        self.close()
        if thread is not None and not await asyncio.to_thread(thread.join, within_s):
            _log.warning("%s hangs and is left behind", self.name)

    def _replace(self, reason: str) -> None:
        self.close()
        self.restarts += 1
        self._backoff_s = min(_BACKOFF_MAX_S, max(_BACKOFF_S, self._backoff_s * 2))
        self._not_before_s = self._monotonic() + self._backoff_s
        _log.warning("%s is restarted (number %d): %s", self.name, self.restarts, reason)


class _Thread(Generic[T]):
    def __init__(self, name: str, make: Callable[[], T]) -> None:
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        arguments = (make, asyncio.get_running_loop())
        self._thread = threading.Thread(target=self._run, args=arguments, name=name, daemon=True)
        self._thread.start()

    def join(self, within_s: float) -> bool:
        """Wait for the thread's end; whether it came."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self, make: Callable[[], T], loop: asyncio.AbstractEventLoop) -> None:
        made: T | None = None
        while (item := self.jobs.get()) is not None:
            job, future = item
            began = time.thread_time()
            try:
                if made is None:
                    made = make()
                result = job(made)
                outcome: tuple[Any, BaseException | None] = ((result, time.thread_time() - began), None)
            except Exception as exc:
                outcome = (None, exc)
            try:
                loop.call_soon_threadsafe(_settle, future, *outcome)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)

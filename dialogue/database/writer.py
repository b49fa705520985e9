"""One thread that writes, many writes in one synced commit (group commit).

While the disk is busy syncing one batch, the next one gathers; so a sync is shared by all who wait for it and nobody is
told "stored" before it happened. A job that fails is told so alone: the batch is rolled back and run again in parts,
which is why a job must do nothing but use its connection. When the commit itself fails, every job of it is told so and
none is run again, because what became of it is not known.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from dialogue.database.engine import DatabaseBusyError, DatabaseError, translated
from dialogue.errors import DialogueError

_LOG = logging.getLogger(__name__)
_QUEUE_LIMIT = 4096
_BATCH_LIMIT = 256

Result = TypeVar("Result")


@dataclass(slots=True)
class _Job:
    work: Callable[[Connection], Any]
    future: Future[Any]


class Writer:
    """Owns the writing connection and its thread. The queue holds 4,096 jobs; when it is full, a job is refused."""

    def __init__(self, engine: Engine, *, prepare: Callable[[], None]) -> None:
        """`prepare` runs at the start of each transaction, under the write lock (it may reload the keys)."""
        self._engine = engine
        self._prepare = prepare
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_QUEUE_LIMIT)
        self._closed = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="zhanggui-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], Result]) -> Future[Result]:
        """Queues `work`; its future is done only after the synced commit. Raises `DatabaseBusyError` when full."""
        future: Future[Result] = Future()
        with self._closed:
            if not self._open:
                raise DatabaseError("the database is closed")
            try:
                self._jobs.put_nowait(_Job(work, future))
            except queue.Full:
                raise DatabaseBusyError("too many writes are waiting; try again in a moment") from None
        return future

    def close(self) -> None:
        """Writes what is queued, then ends the thread. May be called twice."""
        with self._closed:
            first, self._open = self._open, False
        if first:
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        ending = False
        while not ending:
            batch = [self._jobs.get()]
            while len(batch) < _BATCH_LIMIT and not self._jobs.empty():
                batch.append(self._jobs.get_nowait())
            ending = None in batch
            jobs = [job for job in batch if job is not None and job.future.set_running_or_notify_cancel()]
            if jobs:
                self._write(jobs)

    def _write(self, jobs: list[_Job]) -> None:
        results: list[Any] = []
        at_work = False
        try:
            with translated(), self._engine.begin() as connection:
                self._prepare()
                at_work = True
                for job in jobs:
                    results.append(job.work(connection))
                at_work = False
        except Exception as exc:
            if at_work and len(jobs) > 1:
                self._write_apart(jobs, len(results))
                return
            if not isinstance(exc, DialogueError):
                _LOG.error("a write failed: %s", type(exc).__name__)
            for job in jobs:
                job.future.set_exception(exc)
            return
        for job, result in zip(jobs, results, strict=True):
            job.future.set_result(result)

    def _write_apart(self, jobs: list[_Job], failed: int) -> None:
        """Nothing of the batch was written: what came before the failed job goes again, then it, then the rest."""
        for part in (jobs[:failed], jobs[failed : failed + 1], jobs[failed + 1 :]):
            if part:
                self._write(part)

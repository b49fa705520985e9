"""Files → readings, several at a time; a file that cannot be read spoils nothing but itself."""

from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from knowledge.content import DocumentRow
from knowledge.document import RefusedError
from knowledge.intake.folder import Found
from knowledge.intake.reading import GENERATION, Reading, read_parsed
from knowledge.limits import MEBIBYTE, Limits
from knowledge.parsers import parse

logger = logging.getLogger(__name__)

_ALONE_BELOW = 4 * MEBIBYTE
"""Fewer bytes than this are read before a second process has started."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one file."""

    file: Found
    document: DocumentRow | None = None
    reading: Reading | None = None
    """None for a file that is unchanged (no `reason`) or refused."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    file: Found
    mapping: Mapping[str, str]
    known: str | None
    """Fingerprint under which the file is in the library."""
    limits: Limits


def read_files(
    files: Sequence[Found],
    *,
    held: Mapping[str, DocumentRow],
    mapping: Mapping[str, str] | None,
    limits: Limits,
    progress: Callable[[int, int], None] | None = None,
    processes: int | None = None,
) -> Iterator[Intake]:
    """One `Intake` a file, in order. `held` are the documents of the version that is built upon.

    Without a `mapping` a file keeps the one it was added with. `processes` read at a time (default: one for little
    batches, one a CPU, at most four, for big ones); should one die, its file is refused and the rest are read here.
    """
    tasks = [
        _Task(
            file,
            mapping if mapping is not None else dict(held[file.name].mapping) if file.name in held else {},
            held[file.name].fingerprint if file.name in held else None,
            limits,
        )
        for file in files
    ]
    # Whether a file is unchanged is quicker seen here than told to another process.
    fresh = [task for task in tasks if not _unchanged(task)]
    small = len(fresh) < 2 or sum(task.file.size for task in fresh) < _ALONE_BELOW
    workers = processes or (1 if small else min(os.cpu_count() or 1, 4))
    beside = iter(map(read_file, fresh) if workers < 2 else _read_beside(fresh, workers))
    ours = {task.file.name for task in fresh}
    for done, task in enumerate(tasks, start=1):
        intake = next(beside) if task.file.name in ours else Intake(task.file)
        if progress is not None:
            progress(done, len(tasks))
        yield intake


def read_file(task: _Task) -> Intake:
    """Read one file; every failure becomes a `reason`."""
    file = task.file
    try:
        data = file.path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        fingerprint = fingerprint_of(sha256, mapping=task.mapping, limits=task.limits)
        parsed = parse(data, file.path, limits=task.limits, mapping=task.mapping)
        reading = read_parsed(parsed, file=file.name, limits=task.limits, mapping=task.mapping)
    except RefusedError as exc:
        return Intake(file, reason=str(exc))
    except OSError as exc:
        return Intake(file, reason=f"打不开：{exc.strerror or exc}")
    except MemoryError:
        return Intake(file, reason="内存不够：请拆成几个文件")
    except Exception as exc:  # a parser's own mistake may cost this file, not the batch
        logger.exception("could not read %s", file.name)
        return Intake(file, reason=f"读取时出错（{type(exc).__name__}）：请把这个文件另存一次再试")
    if not reading.passages:
        why = f"：{reading.notes[0]}" if reading.notes else ""
        return Intake(file, reason=f"没有可以收录的内容{why}")
    document = DocumentRow(
        path=file.name,
        fingerprint=fingerprint,
        sha256=sha256,
        size=len(data),
        format=file.path.suffix.lower().lstrip("."),
        mapping=tuple(task.mapping.items()),
    )
    return Intake(file, document, reading)


def _unchanged(task: _Task) -> bool:
    if task.known is None:
        return False
    try:
        with task.file.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False  # reading it will fail again and say why
    return fingerprint_of(sha256, mapping=task.mapping, limits=task.limits) == task.known


def fingerprint_of(sha256: str, *, mapping: Mapping[str, str], limits: Limits) -> str:
    """Changes whenever the same file would be read differently."""
    said = json.dumps([GENERATION, sha256, sorted(mapping.items()), limits.passage_chars], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _read_beside(tasks: Sequence[_Task], workers: int) -> Iterator[Intake]:
    """Read in other processes, at most two files a worker ahead of the reader."""
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(tasks))
    running: list[tuple[_Task, Future[Intake]]] = []
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < workers * 2:
                    running.append((waiting[-1], pool.submit(read_file, waiting[-1])))
                    waiting.pop()
                intake = running[0][1].result()
                running.pop(0)
                yield intake
        except BrokenProcessPool:
            # Only the file that was first in line is suspected; nobody else loses by its death.
            for task, _ in running[:1]:
                yield Intake(task.file, reason="读取时程序被系统终止（可能内存不够）：请拆成几个文件")
    left = [task for task, _ in running[1:]] + list(reversed(waiting))
    yield from map(read_file, left)

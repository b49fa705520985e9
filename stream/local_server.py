"""How a command finds the server that runs on the same data folder: a small file only the owner may read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from stream.errors import StreamError
from stream.settings import Settings


class NoServerError(StreamError):
    """Nothing serves this data folder."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """Where it listens, and the token that lets commands of the same user in."""

    url: str
    token: str
    pid: int
    door: str = ""
    """Unix socket at which the next process asks to take over; see `stream.handover`."""


def _path(settings: Settings) -> Path:
    return settings.data_dir / "run" / "serve.json"


@contextmanager
def announced(settings: Settings, *, url: str, token: str, door: str) -> Iterator[None]:
    """Leave the file while serving, take it away at the end, unless it names a successor by then."""
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(LocalServer(url, token, os.getpid(), door))), "utf-8")
    draft.replace(path)
    try:
        yield
    finally:
        if _pid(path) == os.getpid():
            path.unlink(missing_ok=True)


def _pid(path: Path) -> int | None:
    try:
        return int(json.loads(path.read_text("utf-8"))["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def local_server(settings: Settings) -> LocalServer:
    """The server of this data folder. Raises `NoServerError` when none runs."""
    path = _path(settings)
    try:
        found = LocalServer(**json.loads(path.read_text("utf-8")))
        os.kill(found.pid, 0)
    except (OSError, ValueError, TypeError) as exc:
        raise NoServerError(
            f"{settings.data_dir}: 没有正在运行的服务，先运行 zhanggui serve / no server runs here: start it first"
        ) from exc
    return found


def running_server(settings: Settings) -> LocalServer | None:
    """The server of this data folder, or None."""
    try:
        return local_server(settings)
    except NoServerError:
        return None

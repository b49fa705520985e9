"""PostgreSQL's own programs, for backups: `pg_dump` and `pg_restore`, found or clearly missed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from stream.errors import StreamError

_TIMEOUT_S = 3600.0


class PostgresError(StreamError):
    """A program is missing, or did not do it; the text holds its first line."""


def dump(url: str, path: Path) -> None:
    """Writes a consistent dump in the custom format to `path`, while others write. Blocking. Raises `PostgresError`."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")


def load(url: str, path: Path, *, clean: bool) -> None:
    """Loads a dump, wholly or not at all; `clean` takes away what is there. Blocking. Raises `PostgresError`."""
    options = ["--clean", "--if-exists"] if clean else []
    _run("pg_restore", url, "--no-owner", "--no-privileges", "--single-transaction", *options, str(path))


def _run(program: str, url: str, *options: str) -> None:
    found = shutil.which(program) or _packaged(program)
    if found is None:
        raise PostgresError(
            f"数据库是 PostgreSQL，备份要用 {program}：apt-get install postgresql-client，或用您自己的数据库备份 / "
            f"{program} is missing"
        )
    parsed = make_url(url).set(drivername="postgresql")
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    if parsed.password:
        # Not on the command line, where every user of the machine could read it.
        environment["PGPASSWORD"] = str(parsed.password)
        parsed = parsed._replace(password=None)
    address = f"--dbname={parsed.render_as_string(hide_password=False)}"
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program with arguments, no shell
            [found, address, *options], capture_output=True, text=True, timeout=_TIMEOUT_S, env=environment, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise PostgresError(f"{program}: {_TIMEOUT_S:.0f} 秒没有做完 / took too long") from exc
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise PostgresError(f"{program}: {lines[0][:300]}")


def _packaged(program: str) -> str | None:
    """Debian keeps the newest client below its version's folder."""
    folders = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)
    return str(folders[0]) if folders else None

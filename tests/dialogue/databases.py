"""A real PostgreSQL in a temporary folder, and stores with a clock that a test turns."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Clock:
    """Milliseconds since 1970, moved by hand."""

    now_ms: int = 1_795_000_000_000

    def __call__(self) -> int:
        return self.now_ms

    def forward(self, *, seconds: float = 0, days: float = 0) -> None:
        self.now_ms += round((seconds + days * 86_400) * 1000)


def postgres_programs() -> Path | None:
    """The folder of `initdb` and `postgres`, or None when Debian's package is not installed."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def postgres(programs: Path) -> Iterator[str]:
    """Runs a fresh server on a socket of its own, as a user without rights; yields its URL."""
    folder = Path(tempfile.mkdtemp(prefix="zhanggui-pg-", dir="/tmp"))
    owner = _unprivileged()
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"

    def execute(*command: str | Path, timeout_s: float) -> None:
        subprocess.run(
            command,
            check=True,
            timeout=timeout_s,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={"PATH": os.environ["PATH"]},
            user=None if owner is None else owner.pw_uid,
            group=None if owner is None else owner.pw_gid,
            extra_groups=None if owner is None else (),
        )

    try:
        execute(
            programs / "initdb", "-D", data, "-A", "trust", "-U", "zhanggui", "-E", "UTF8", "--locale=C", timeout_s=120
        )
        control = (programs / "pg_ctl", "-D", data, "-w", "-t", "60")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c shared_buffers=16MB -c fsync=off"
        execute(*control, "-o", options, "start", timeout_s=90)
        try:
            yield f"postgresql+psycopg://zhanggui@/postgres?host={folder}"
        finally:
            execute(*control, "-m", "immediate", "stop", timeout_s=90)
    finally:
        shutil.rmtree(folder)


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as: nobody special when this is root (PostgreSQL refuses root), otherwise who we are."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")

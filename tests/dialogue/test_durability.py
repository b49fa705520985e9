"""What was acknowledged is on disk: traced at the system calls, and with the process killed at any moment."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dialogue.store import Store

SERVER = Path(__file__).with_name("leadserver.py")
ROOT = SERVER.parents[2]


def unavailable(reason: str) -> None:
    """Skips, or fails where nothing may be left out."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def server(folder: Path, *prefix: str) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    with ours:
        with theirs:
            process = subprocess.Popen(
                [*prefix, sys.executable, str(SERVER), str(folder), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        try:
            yield process, ours
        finally:
            process.kill()
            process.wait(30)


@dataclass
class Submissions:
    """Numbered contacts, and which of them were acknowledged so far."""

    total: int
    acknowledged: set[int] = field(default_factory=set)

    @staticmethod
    def phone(number: int) -> str:
        return f"138{number:08d}"

    def line(self, number: int) -> bytes:
        return f"v{number % 40}-{number}\tid-{number}\t我的电话是{self.phone(number)}\n".encode()


def submit_until_killed(folder: Path, work: Submissions, chance: random.Random, *, dies_after: int) -> int:
    """Starts the server, sends what is not acknowledged yet, kills it a moment after some acknowledgements came."""
    waiting = [number for number in range(work.total) if number not in work.acknowledged]
    seen = 0
    with server(folder) as (process, channel):
        stream = channel.makefile("rb")
        assert stream.readline() == b"ready\n"
        channel.sendall(b"".join(work.line(number) for number in waiting[: dies_after + 15]))
        while seen < dies_after and len(work.acknowledged) < work.total:
            line = stream.readline()
            assert line.startswith(b"ack id-")
            work.acknowledged.add(int(line.split()[1].removeprefix(b"id-")))
            seen += 1
        time.sleep(chance.random() * 0.03)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        for line in stream:
            if line.endswith(b"\n"):
                work.acknowledged.add(int(line.split()[1].removeprefix(b"id-")))
    return seen


async def survive(folder: Path, total: int, seed: int, *, longest_life: int) -> tuple[int, int, int]:
    """Submits `total` contacts through servers killed at random, each after at most `longest_life` acknowledgements.

    Returns how many were lost, how many double, and the kills.
    """
    work, chance, kills = Submissions(total), random.Random(seed), 0
    while len(work.acknowledged) < total:
        before = set(work.acknowledged)
        submit_until_killed(folder, work, chance, dies_after=chance.randint(1, longest_life))
        kills += 1
        async with await Store.open(folder) as store:
            kept = await kept_phones(store)
        assert before <= work.acknowledged
        lost = [number for number in work.acknowledged if Submissions.phone(number) not in kept]
        if lost:
            return len(lost), 0, kills
    async with await Store.open(folder) as store:
        rows = await store.leads.list("demo", limit=total * 2)
        kept = await kept_phones(store)
        messages = 0
        for number in range(total):
            messages += len(await store.events_after(f"conv_v{number % 40}-{number}", 0))
    wanted = {Submissions.phone(number) for number in range(total)}
    return len(wanted - set(kept)), (len(kept) - len(set(kept))) + (len(rows) - total) + (messages - total), kills


async def kept_phones(store: Store) -> list[str]:
    rows = await store.leads.list("demo", limit=100_000)
    revealed = await store.leads.reveal("demo", [row.id for row in rows], actor="test")
    return [contact.value for row in revealed for contact in row.contacts]


async def test_no_lead_is_lost_or_double_when_the_server_is_killed(tmp_path: Path) -> None:
    lost, double, kills = await survive(tmp_path, 100, seed=20261123, longest_life=10)
    assert kills >= 4
    assert (lost, double) == (0, 0)


def test_the_log_is_synced_before_the_acknowledgement_leaves(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        unavailable("strace is missing; install it with: apt-get install strace")
        return
    trial = subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True, timeout=30)
    if trial.returncode != 0:
        unavailable(f"strace may not trace here: {trial.stderr.decode(errors='replace').strip()[:200]}")
    trace = tmp_path / "trace.txt"
    calls = "fsync,fdatasync,pwrite64,write,sendto,sendmsg"
    prefix = (strace, "-f", "-y", "-s", "64", "-e", f"trace={calls}", "-o", str(trace))
    with server(tmp_path / "data", *prefix) as (process, channel):
        stream = channel.makefile("rb")
        assert stream.readline() == b"ready\n"
        for number in range(5):
            channel.sendall(Submissions(5).line(number))
            assert stream.readline().startswith(f"ack id-{number} ".encode())
        channel.shutdown(socket.SHUT_WR)
        process.wait(60)
    lines = trace.read_text("utf-8", "replace").splitlines()
    acknowledged = [index for index, line in enumerate(lines) if re.search(r'"ack id-\d', line)]
    assert len(acknowledged) == 5
    since = next(index for index, line in enumerate(lines) if '"ready' in line)
    for index in acknowledged:
        between = lines[since:index]
        written = [at for at, line in enumerate(between) if "pwrite64(" in line and "zhanggui.db-wal>" in line]
        synced = [at for at, line in enumerate(between) if is_synced(between, at, line)]
        assert written, "the lead was not written before its acknowledgement"
        assert synced and max(synced) > max(written), "the log was not synced after its last write"
        since = index


def is_synced(lines: list[str], at: int, line: str) -> bool:
    """True when a sync of the log has returned 0 at this line (strace splits a call that another thread interrupts)."""
    if re.search(r"f(?:data)?sync\(\d+<[^>]*zhanggui\.db-wal>\)\s*= 0", line):
        return True
    resumed = re.match(r"(\d+)\s+<\.\.\. f(?:data)?sync resumed>\)\s*= 0", line)
    if resumed is None:
        return False
    begun = next(
        (one for one in reversed(lines[:at]) if one.startswith(resumed[1]) and "unfinished" in one),
        "",
    )
    return "zhanggui.db-wal>" in begun

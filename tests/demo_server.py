"""The real product in a process of its own, as a merchant starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

START_TIMEOUT_S = 240.0


@dataclass(slots=True)
class DemoServer:
    """`zhanggui demo` running on a free port."""

    url: str
    data_dir: Path
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    def zhanggui(self, *arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a command of the product on the same data folder."""
        return zhanggui(*arguments, "--data-dir", str(self.data_dir), timeout=timeout)

    def get_json(self, path: str) -> object:
        """GET a JSON document."""
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a Prometheus metric over all samples that carry `labels`; 0 when it is not there yet."""
        with urllib.request.urlopen(self.url + "/metrics", timeout=60) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())

    def kill(self) -> None:
        """`kill -9`, as a power cut would do it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)


def zhanggui(*arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
    """Run the product's command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *arguments], capture_output=True, text=True, timeout=timeout
    )


@contextmanager
def demo_server(data_dir: Path, *, models_dir: Path, **environment: str) -> Iterator[DemoServer]:
    """Start the demo, wait until it is ready, stop it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stream.cli", "demo", "--port", "0", "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "ZHANGGUI_MODELS_DIR": str(models_dir), **environment},
    )
    log: list[str] = []
    found = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            log.append(line)
            if "/live/demo" in line:
                found.set()
        found.set()

    threading.Thread(target=read, daemon=True).start()
    try:
        found.wait(START_TIMEOUT_S)
        address = re.search(r"(http://127\.0\.0\.1:\d+)/live/demo", "".join(log))
        assert address, f"the demo did not come up:\n{''.join(log)[-4000:]}"
        server = DemoServer(address.group(1), data_dir, process, log)
        _wait_ready(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=60)


def _wait_ready(server: DemoServer) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            server.get_json("/readyz")
            return
        except OSError:
            assert server.process.poll() is None, f"the demo ended:\n{''.join(server.log)[-4000:]}"
            time.sleep(0.2)
    raise AssertionError(f"the demo was not ready in {START_TIMEOUT_S:.0f} s:\n{''.join(server.log)[-4000:]}")

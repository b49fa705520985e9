"""The command as a shop assistant meets it: one clear line, the right exit code, nothing half-done."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.demo_server import zhanggui


def test_doctor_names_what_is_there_and_how_to_mend_what_is_not(tmp_path: Path) -> None:
    done = zhanggui("doctor", "--json", "--data-dir", str(tmp_path))
    findings = json.loads(done.stdout)
    assert {finding["what"] for finding in findings} >= {"Python", "aiortc (WebRTC)"}
    assert all(finding["ok"] or finding["mend"] for finding in findings)


def test_the_command_tells_its_version() -> None:
    done = zhanggui("--version")
    assert (done.returncode, done.stdout) == (0, f"zhanggui {version('zhanggui')}\n")


def test_a_port_in_use_is_one_line_and_exit_code_one(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = zhanggui("serve", "--port", port, "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert port in done.stderr and "--port" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_binding_wider_than_this_machine_needs_a_token(tmp_path: Path) -> None:
    done = zhanggui("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "zhanggui token create" in done.stderr


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stream.cli", "room", "list", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "ZHANGGUI_PORT": "many"},
    )
    assert done.returncode == 1
    assert "ZHANGGUI_PORT" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_wrong_usage_is_exit_code_two(tmp_path: Path) -> None:
    assert zhanggui("serve", "--port", "many", "--data-dir", str(tmp_path)).returncode == 2


def test_a_missing_file_is_named_and_nothing_is_published(tmp_path: Path) -> None:
    done = zhanggui("knowledge", "add", "nowhere.xlsx", "--merchant", "shop", "--publish", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "nowhere.xlsx" in done.stderr + done.stdout
    with sqlite3.connect(tmp_path / "zhanggui.db") as database:
        assert database.execute("select count(*) from knowledge_publications").fetchone() == (0,)


def test_a_room_is_set_up_once_and_listed_without_its_key(tmp_path: Path) -> None:
    assert zhanggui("merchant", "create", "shop", "--data-dir", str(tmp_path)).returncode == 0
    dressed = ("--voice", "kokoro:zm_yunxi", "--background", "#c0d8c8")
    make = ("room", "create", "evening", "--merchant", "shop", *dressed, "--data-dir", str(tmp_path))
    assert zhanggui(*make, "--push", "rtmp://live.example/app/secret-key").returncode == 0
    again = zhanggui(*make)
    assert again.returncode == 1 and "evening" in again.stderr and len(again.stderr.splitlines()) == 1
    listed = zhanggui("room", "list", "--json", "--data-dir", str(tmp_path))
    assert "secret-key" not in listed.stdout
    (room,) = json.loads(listed.stdout)
    assert (room["name"], room["state"], room["viewers"]) == ("evening", "stopped", 0)
    assert zhanggui("room", "stop", "evening", "--data-dir", str(tmp_path)).returncode == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--merchant", "nobody"), "zhanggui merchant create nobody"),
        (("--merchant", "shop", "--host", "nobody"), "xiaoqi"),
        (("--merchant", "shop", "--voice", "kokoro:nobody"), "zm_yunxi"),
        (("--merchant", "shop", "--voice", "nobody"), "kokoro"),
        (("--merchant", "shop", "--background", "moon"), "daylight"),
        (("--merchant", "shop", "--push", "ftp://live.example/app/secret-key"), "rtmp(s)://"),
        (("--merchant", "shop", "--push", "rtmp://live.example/app/ secret-key"), "第 2 个"),
        (("--merchant", "shop", "--push", "rtmp://live.example"), "推流码"),
    ],
)
def test_a_room_that_could_not_go_on_air_is_not_set_up(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    assert zhanggui("merchant", "create", "shop", "--data-dir", str(tmp_path)).returncode == 0
    done = zhanggui("room", "create", "evening", *options, "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert said in done.stderr and "secret" not in done.stderr and len(done.stderr.splitlines()) == 1
    assert json.loads(zhanggui("room", "list", "--json", "--data-dir", str(tmp_path)).stdout) == []


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_speaking_to_a_server_that_does_not_run_says_so(tmp_path: Path, action: str) -> None:
    done = zhanggui("room", action, "demo", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "zhanggui serve" in done.stderr

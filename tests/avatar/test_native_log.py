"""A command's terminal shows its own line, and nothing that native libraries log beside it."""

import os
import sys

import pytest

from avatar.command.native_log import native_logs_hidden


def test_native_lines_are_hidden_and_our_own_are_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with native_logs_hidden():
        os.write(2, b"W0000 a library's warning\n")
        print("照片读不出来", file=sys.stderr)
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "照片读不出来\nafter\n"


def test_a_failure_gives_the_descriptor_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), native_logs_hidden():
        raise ValueError("broken")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"

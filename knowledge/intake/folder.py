"""Which files an `add` means: files, folders and globs → (path on the disk, name in the library)."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.limits import MEBIBYTE, Limits
from knowledge.parsers import FORMATS

_GLOB_MARKS = frozenset("*?[")
_MEDIA = frozenset(
    "avif bmp gif heic ico jpeg jpg png psd svg tif tiff webp aac flac m4a mp3 ogg wav avi m4v mkv mov mp4 webm".split()
)
"""Endings that a folder may hold beside its texts and that nobody expects to be read."""


@dataclass(frozen=True, slots=True)
class Found:
    """One file to read."""

    path: Path
    name: str
    """Relative to the folder that was given, with / between its parts: `Source.file`."""
    size: int
    """Bytes."""
    folder: Path | None = None
    """The given folder it was found in; None for a file that was given itself."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One file or link that is not read."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the given paths lead to."""

    files: tuple[Found, ...]
    refused: tuple[Refusal, ...]
    media: int
    """Pictures, sounds and films passed over."""
    folders: tuple[Path, ...] = ()
    """The folders that were given and read from end to end."""


def gather(paths: Iterable[Path], *, limits: Limits, but: Path | None = None) -> Gathered:
    """All files behind `paths`, each once.

    Hidden files and lock files of Office are passed over. Links are followed to files inside the given folder only;
    a linked folder is never entered, so a loop of links ends here. Two files with one name: the second is refused.
    What lies below `but` (the library's own folder) is passed over.
    """
    given_paths = list(paths)
    files: dict[str, Found] = {}
    refused: list[Refusal] = []
    media = 0
    own = but.resolve() if but is not None else None
    for root, path, given in _candidates(given_paths, refused):
        if own is not None and path.absolute().is_relative_to(own):
            continue
        name = _name(root, path)
        if not given and path.suffix.lower().lstrip(".") in _MEDIA:
            media += 1
            continue
        reason, size = _look(root, path, given=given, limits=limits)
        if reason is not None:
            refused.append(Refusal(name, reason))
        elif name in files:
            if files[name].path.resolve() != path.resolve():
                refused.append(
                    Refusal(name, f"与 {files[name].path} 同名，只读取了前一个；请改名，或者添加它们共同的文件夹")
                )
        elif len(files) >= limits.files:
            refused.append(Refusal(name, f"一次最多添加 {limits.files} 个文件"))
        else:
            files[name] = Found(path, name, size, None if given else root.resolve())
    folders = tuple(path.resolve() for path in given_paths if path.is_dir())
    return Gathered(tuple(files.values()), tuple(refused), media, folders)


def _candidates(paths: Iterable[Path], refused: list[Refusal]) -> Iterator[tuple[Path, Path, bool]]:
    """(folder that was given, file, whether the file itself was given)."""
    for path in paths:
        try:
            exists = path.exists()
        except OSError as exc:
            refused.append(Refusal(str(path), _because(exc)))
            continue
        if not exists and _GLOB_MARKS & set(str(path)):
            matches = sorted(glob.glob(str(path), recursive=True))
            if not matches:
                refused.append(Refusal(str(path), "没有文件符合这个通配符"))
            root = _fixed_part(path)
            for match in map(Path, matches):
                if match.is_dir():
                    continue
                yield root, match, False
        elif not exists:
            reason = "链接指向的文件不存在，或者链接绕成了圈" if path.is_symlink() else "文件不存在"
            refused.append(Refusal(str(path), reason))
        elif path.is_dir():
            yield from ((path, file, False) for file in _walk(path, refused))
        else:
            yield path.parent, path, True


def _walk(root: Path, refused: list[Refusal]) -> Iterator[Path]:
    def complain(exc: OSError) -> None:
        refused.append(Refusal(_name(root, Path(exc.filename or root)), _because(exc)))

    for folder, folders, names in os.walk(root, followlinks=False, onerror=complain):
        for name in list(folders):
            path = Path(folder, name)
            if name.startswith((".", "__MACOSX")):
                folders.remove(name)
            elif path.is_symlink():
                folders.remove(name)
                refused.append(
                    Refusal(_name(root, path), "链接的文件夹不会进入（可能绕成圈）：请直接添加它指向的文件夹")
                )
        folders.sort()
        for name in sorted(names):
            if not name.startswith((".", "~$")) and name not in ("Thumbs.db", "desktop.ini"):
                yield Path(folder, name)


def _look(root: Path, path: Path, *, given: bool, limits: Limits) -> tuple[str | None, int]:
    """(why the file may not be read or None, its size)."""
    try:
        if path.is_symlink() and not given and not path.resolve(strict=True).is_relative_to(root.resolve()):
            return "链接指向文件夹之外，没有读取", 0
        status = path.stat()
    except (OSError, RuntimeError) as exc:
        return _because(exc), 0
    if not stat.S_ISREG(status.st_mode):
        return "不是普通文件", 0
    if status.st_size > limits.file_bytes and path.suffix.lower().lstrip(".") in FORMATS:
        return (
            f"文件 {status.st_size / MEBIBYTE:.0f} MB，超过上限 {limits.file_bytes / MEBIBYTE:.0f} MB：请拆成几个文件",
            0,
        )
    return None, status.st_size


def _because(exc: Exception) -> str:
    if isinstance(exc, PermissionError):
        return "没有读取的权限"
    if isinstance(exc, FileNotFoundError):
        return "链接指向的文件不存在"
    if isinstance(exc, RuntimeError) or getattr(exc, "errno", None) == 40:
        return "链接绕成了圈"
    return f"打不开：{getattr(exc, 'strerror', None) or exc}"


def _fixed_part(path: Path) -> Path:
    fixed = []
    for part in path.parts[:-1]:
        if _GLOB_MARKS & set(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _name(root: Path, path: Path) -> str:
    try:
        return str(PurePosixPath(path.relative_to(root)))
    except ValueError:
        return path.name

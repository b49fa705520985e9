"""Spoken lines kept on disk, so that a line said again costs nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import struct
import tempfile
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avatar.voice.speech import Speech, Viseme, VisemeSpan

logger = logging.getLogger(__name__)

_SUFFIX = ".line"
_UNFINISHED = ".part"
_MAGIC = b"ZGLN2\n"
_HEAD = struct.Struct("<II")
"""Length of the JSON header, CRC-32 of everything after this."""
_CHUNK = 48_000


@dataclass(frozen=True, slots=True)
class LineKey:
    """All that decides how a line sounds."""

    voice: str
    """Name of the voice and of everything that changes its sound (engine version, lexicon)."""
    text: str
    emotion: str

    @property
    def name(self) -> str:
        """File name stem: a hash of the content."""
        content = "\x1f".join((self.voice, self.emotion, self.text))
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:40]  # JSON may carry half a pair


class LineCache:
    """A folder of spoken lines, bounded in bytes; the line not used for longest goes first.

    Files appear complete or not at all, a damaged one counts as missing, and what a crash left unfinished goes at the
    next start. One process uses a folder; several may, at the price of an inexact bound. Blocking (a line is read in
    about a millisecond): call it from a thread.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 256 << 20):
        self._folder = folder
        self._max_bytes = max_bytes
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*" + _UNFINISHED):
            left.unlink(missing_ok=True)
        found = sorted(
            (entry.stat().st_mtime_ns, entry.stat().st_size, entry.name) for entry in folder.glob("*" + _SUFFIX)
        )
        self._sizes = OrderedDict((name, size) for _, size, name in found)
        self.bytes = sum(self._sizes.values())
        """What the folder holds at the moment."""

    def get(self, key: LineKey) -> list[Speech] | None:
        """Return the line's chunks of up to a second, or None when it was never kept."""
        name = key.name + _SUFFIX
        path = self._folder / name
        try:
            data = path.read_bytes()
            chunks = _unpack(data)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, struct.error) as exc:
            logger.warning("损坏的语音缓存 %s 已删除：%s", name, exc)
            self._forget(name)
            return None
        except OSError as exc:
            logger.warning("语音缓存读不了（%s）：%s", path, exc)
            return None
        with contextlib.suppress(OSError):  # another process dropped it, or the folder may only be read
            os.utime(path)
        self._sizes[name] = self._sizes.pop(name, len(data))
        return chunks

    def put(self, key: LineKey, chunks: Sequence[Speech]) -> None:
        """Keep a finished line unless it exceeds the whole bound. A full disk loses the line, nothing else."""
        data = _pack(chunks)
        name = key.name + _SUFFIX
        if len(data) > self._max_bytes:
            return
        unfinished: Path | None = None
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=_UNFINISHED, delete=False) as file:
                unfinished = Path(file.name)
                file.write(data)
            unfinished.replace(self._folder / name)
        except OSError as exc:
            if unfinished is not None:
                unfinished.unlink(missing_ok=True)
            logger.warning("语音缓存写入失败（%s）：%s", self._folder, exc)
            return
        self.bytes += len(data) - self._sizes.pop(name, 0)
        self._sizes[name] = len(data)
        while self.bytes > self._max_bytes:
            self._forget(next(iter(self._sizes)))

    def _forget(self, name: str) -> None:
        self.bytes -= self._sizes.pop(name, 0)
        (self._folder / name).unlink(missing_ok=True)


def _pack(chunks: Sequence[Speech]) -> bytes:
    pcm = np.concatenate([chunk.pcm for chunk in chunks]) if chunks else np.zeros(0, np.int16)
    spans = [[s.viseme.value, s.start, s.end, s.stress] for chunk in chunks for s in chunk.visemes]
    header = json.dumps({"samples": len(pcm), "visemes": spans}, separators=(",", ":")).encode()
    body = header + pcm.astype("<i2").tobytes()
    return _MAGIC + _HEAD.pack(len(header), zlib.crc32(body)) + body


def _unpack(data: bytes) -> list[Speech]:
    if not data.startswith(_MAGIC):
        raise ValueError("unknown format")
    length, checksum = _HEAD.unpack_from(data, len(_MAGIC))
    begin = len(_MAGIC) + _HEAD.size
    if zlib.crc32(data[begin:]) != checksum:
        raise ValueError("wrong checksum")
    header = json.loads(data[begin : begin + length])
    pcm = np.frombuffer(data, "<i2", offset=begin + length).astype(np.int16)
    if len(pcm) != header["samples"] or not len(pcm):
        raise ValueError("truncated")
    spans = [VisemeSpan(Viseme(shape), start, end, stress) for shape, start, end, stress in header["visemes"]]
    starts = range(0, len(pcm), _CHUNK)
    return [
        Speech(
            pcm[start : start + _CHUNK],
            tuple(span for span in spans if start <= span.start < start + _CHUNK),
            start,
            start + _CHUNK >= len(pcm),
        )
        for start in starts
    ]

"""A network address as a file to write to, opened by FFmpeg's own protocols, and no other thread waits meanwhile.

PyAV opens an output's address and ends it with the interpreter's lock held: a platform that takes the connection and
says nothing would stop the whole process. The same functions of the same library, called by ctypes, let the lock go.
"""

from __future__ import annotations

import ctypes
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import av
import certifi

_WRITE = 2
_NO_AVFORMAT = "FFmpeg's libavformat is not beside PyAV: install the wheel of av"
_Interrupted = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class _Callback(ctypes.Structure):
    """`AVIOInterruptCB` (libavformat/avio.h)."""

    _fields_ = (("callback", _Interrupted), ("opaque", ctypes.c_void_p))


class _Context(ctypes.Structure):
    """The head of `AVIOContext` (libavformat/avio.h), up to the error that its writing calls do not return."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("av_class", "buffer")),
        ("buffer_size", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("buf_ptr", "buf_end", "opaque", "read", "write", "seek")),
        ("pos", ctypes.c_int64),
        ("eof_reached", ctypes.c_int),
        ("error", ctypes.c_int),
    )


def _library(name: str) -> ctypes.CDLL:
    """The library that PyAV has loaded already. Raises `OSError`."""
    folder = Path(av.__file__).resolve().parent.parent / "av.libs"
    path = next(folder.glob(f"lib{name}-*.so*"), None) or next(folder.glob(f"lib{name}.so*"), None)
    if path is None:
        raise OSError(_NO_AVFORMAT)
    return ctypes.CDLL(str(path))


def authorities() -> str:
    """The file of certificate authorities: the system's (or that of `SSL_CERT_FILE`), else the one httpx uses."""
    found = ssl.get_default_verify_paths().cafile
    return found if found is not None and Path(found).is_file() else certifi.where()


class NetworkFile:
    """Takes bytes for `url`. One thread opens, writes and closes it; every call ends within `limit_s`.

    Raises `OSError` with FFmpeg's reason, which holds no address.
    """

    def __init__(self, url: str, *, limit_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._format, self._util = _library("avformat"), _library("avutil")
        self._limit_s, self._monotonic = limit_s, monotonic
        self._deadline_s = monotonic() + limit_s
        self._context = ctypes.POINTER(_Context)()
        # Kept as long as the library may call it.
        self._callback = _Callback(_Interrupted(lambda _: int(monotonic() > self._deadline_s)), None)
        options = self._options(url)
        try:
            self._check(
                self._format.avio_open2(
                    ctypes.byref(self._context),
                    url.encode(),
                    _WRITE,
                    ctypes.byref(self._callback),
                    ctypes.byref(options),
                )
            )
        finally:
            self._util.av_dict_free(ctypes.byref(options))

    def write(self, data: bytes) -> int:
        """Send `data`; gives its length."""
        if not self._context:
            raise OSError("the connection is closed")
        self._deadline_s = self._monotonic() + self._limit_s
        self._format.avio_write(self._context, bytes(data), len(data))
        self._format.avio_flush(self._context)
        self._check(self._context.contents.error)
        return len(data)

    def close(self) -> None:
        """Say good-bye and close; may be called twice."""
        if self._context:
            self._deadline_s = self._monotonic() + self._limit_s
            status = self._format.avio_closep(ctypes.byref(self._context))
            self._check(status)

    def _options(self, url: str) -> ctypes.c_void_p:
        """An `AVDictionary`. FFmpeg by itself would tell the stream key to whoever answers."""
        options = ctypes.c_void_p()
        if url.lower().startswith("rtmps:"):
            for name, value in (("tls_verify", "1"), ("ca_file", authorities())):
                self._util.av_dict_set(ctypes.byref(options), name.encode(), value.encode(), 0)
        return options

    def _check(self, status: int) -> None:
        if status < 0:
            text = ctypes.create_string_buffer(128)
            self._util.av_strerror(status, text, len(text))
            raise OSError(-status, text.value.decode(errors="replace"))

"""The merchant's lexicon as it stands in its file, read again when that changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from avatar.errors import AvatarError
from avatar.voice.lexicon import Lexicon, load_lexicon

logger = logging.getLogger(__name__)

_Stamp = tuple[int, int, int] | None


class LexiconFile:
    """Follows one file for one voice, so that a reading mended while a room is on air is heard from the next line on.

    Raises `AvatarError` when the file cannot be used at the start; later that is logged, and the words before it stay.
    """

    def __init__(self, path: Path):
        self._path = path
        self._lock = Lock()
        self._seen = self._stamp()
        self.lexicon = load_lexicon(path)

    def current(self, learn: Callable[[Lexicon], None]) -> Lexicon:
        """Return the words as they are now, and have them learnt first if they are others than before. Blocking."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                try:
                    self.lexicon = load_lexicon(self._path)
                except AvatarError as exc:
                    logger.warning("发音词典改坏了，仍用原来的：%s", exc)
                else:
                    learn(self.lexicon)
            return self.lexicon

    def _stamp(self) -> _Stamp:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

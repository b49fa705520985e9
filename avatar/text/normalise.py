"""Written shop Chinese to the words a host says."""

from __future__ import annotations

import unicodedata

import cn2an  # type: ignore[import-untyped]


class Normaliser:
    """Turns written text into spoken text: Han characters, English words and punctuation only."""

    def spoken(self, text: str) -> str:
        """Return what is said for `text`."""
        return str(cn2an.transform(unicodedata.normalize("NFKC", text), "an2cn"))

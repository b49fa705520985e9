"""How much one file may ask of us: every limit in one frozen value, with defaults for a two-core machine."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond any of these a file is refused with one line that names the limit; the rest of the batch goes on."""

    file_bytes: int = 64 * MEBIBYTE
    """Size of one file as it lies on the disk."""
    unpacked_bytes: int = 256 * MEBIBYTE
    """Sum of what an xlsx or docx (a zip) unpacks to."""
    unpacked_ratio: int = 200
    """Unpacked to packed bytes of one zip member above 1 MiB; a zip bomb has thousands."""
    rows: int = 100_000
    """Rows of one table or sheet."""
    columns: int = 256
    cell_chars: int = 20_000
    """Characters of one cell."""
    text_chars: int = 10_000_000
    """Characters of running text in one file."""
    pages: int = 2_000
    """Pages of one pdf."""
    files: int = 20_000
    """Files of one `add`."""
    passage_chars: int = 400
    """Longest passage the splitter makes."""

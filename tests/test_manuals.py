"""The manuals hold: links lead somewhere, files and modules they name exist, and so do the variables they set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
MANUALS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PACKAGES = r"(?:avatar|dialogue|knowledge|stream|tests|tools|docs)"

manual = pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.name)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def _exists(name: str) -> bool:
    path = ROOT / name.rstrip("/")
    return path.exists() or path.with_suffix(".py").exists()


@manual
def test_every_link_leads_to_a_page_and_its_heading(manual: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", manual.read_text("utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        page = manual.parent / name if name else manual
        assert page.exists(), link
        assert not anchor or anchor in _anchors(page), link


def _named(text: str) -> Iterator[str]:
    """Files and folders (`stream/app.py`) and modules (`dialogue.contact`, also with a name of theirs) in backticks."""
    for quoted in re.findall(r"`([^`\n]+)`", text):
        if re.fullmatch(rf"{PACKAGES}(?:/[\w.-]+)+/?", quoted):
            yield quoted
        elif re.fullmatch(rf"{PACKAGES}(?:\.\w+)+", quoted):
            whole = quoted.replace(".", "/")
            yield whole if _exists(whole) else whole.rpartition("/")[0]


@manual
def test_every_file_and_module_named_exists(manual: Path) -> None:
    named = list(_named(manual.read_text("utf-8")))
    assert [name for name in named if not _exists(name)] == []


@manual
def test_every_variable_named_is_a_setting(manual: Path) -> None:
    known = {f"ZHANGGUI_{name.upper()}" for name in Settings.model_fields}
    told = set(re.findall(r"\bZHANGGUI_[A-Z_]+[A-Z]\b", manual.read_text("utf-8")))
    assert told <= known

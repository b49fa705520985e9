"""The noisy contact set: what people really type, half of it with no contact in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialogue.contact import ContactKind, find
from dialogue.contact.fold import fold
from dialogue.contact.phone import spoken_digits

HERE = Path(__file__).parent
TUNED = HERE / "noisy_contacts.jsonl"
"""The set that the rules grew up with."""
UNSEEN = tuple(sorted(HERE.glob("unseen_contacts_*.jsonl")))
"""Sets written one after the other and scored before anything was mended with them (the scores at first sight stand in
docs/leads.md): 1 to 5 without a look at the rules, 6 and 7 by who had mended them. All have mended the rules since."""


def cases(*files: Path) -> Iterator[dict[str, Any]]:
    """The texts of `files` (of all sets without any)."""
    for file in files or (TUNED, *UNSEEN):
        for line in file.read_text("utf-8").splitlines():
            yield json.loads(line)


def score(*files: Path) -> tuple[float, float, int, int]:
    """Precision, recall, and how many texts with and without a contact, of `files` (of all sets without any)."""
    hits = extra = missed = positive = negative = 0
    for case in cases(*files):
        wanted = {(one["kind"], one["value"]) for one in case["contacts"]}
        found = {(one.kind.value, one.value) for one in find(case["text"], earlier=case.get("earlier", ())).contacts}
        hits += len(wanted & found)
        extra += len(found - wanted)
        missed += len(wanted - found)
        positive += bool(wanted)
        negative += not wanted
    return hits / (hits + extra), hits / (hits + missed), positive, negative


def details() -> tuple[int, int]:
    """How many of the names, cities, visits and other wishes that are marked were found as marked."""
    found = wanted = 0
    for case in cases(*UNSEEN):
        marked = {(one["field"], one["value"]) for one in case.get("details", ())}
        read = {(one.field.value, one.value) for one in find(case["text"], earlier=case.get("earlier", ())).details}
        found, wanted = found + len(marked & read), wanted + len(marked)
    return found, wanted


@pytest.mark.parametrize(("files", "least"), [((TUNED,), 600), (UNSEEN, 1000)])
def test_the_sets_are_large_and_half_of_them_negative(files: tuple[Path, ...], least: int) -> None:
    _, _, positive, negative = score(*files)
    assert positive + negative >= least
    assert 0.4 <= negative / (positive + negative) <= 0.6


def test_no_text_stands_twice() -> None:
    texts = [(tuple(case.get("earlier", ())), case["text"]) for case in cases()]
    assert len(set(texts)) == len(texts)


def test_contacts_are_found_with_precision_and_recall() -> None:
    precision, recall, _, _ = score()
    assert precision >= 0.99
    assert recall >= 0.97


def test_what_is_said_beside_a_contact_is_read() -> None:
    found, wanted = details()
    assert wanted >= 50
    assert found / wanted >= 0.95


def test_every_value_is_made_of_the_customers_own_characters() -> None:
    for case in cases():
        said = fold(" ".join([*case.get("earlier", ()), case["text"]])).text
        digits = spoken_digits(said.translate(str.maketrans("oli", "011")))
        for contact in find(case["text"], earlier=case.get("earlier", ())).contacts:
            start, end = contact.span
            assert 0 <= start < end <= len(case["text"])
            remaining = iter(digits)
            value = contact.value.removeprefix("0") if contact.kind == ContactKind.LANDLINE else contact.value
            wanted = [char for char in value if char.isdigit()]
            assert all(digit in remaining for digit in wanted), case["text"]

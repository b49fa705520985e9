"""The noisy contact set: what people really type, half of it with no contact in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dialogue.contact import ContactKind, find
from dialogue.contact.fold import fold
from dialogue.contact.phone import spoken_digits

SET = Path(__file__).with_name("noisy_contacts.jsonl")


def cases() -> Iterator[dict[str, Any]]:
    for line in SET.read_text("utf-8").splitlines():
        yield json.loads(line)


def score() -> tuple[float, float, int, int]:
    """Precision, recall, and how many texts with and without a contact."""
    hits = extra = missed = positive = negative = 0
    for case in cases():
        wanted = {(one["kind"], one["value"]) for one in case["contacts"]}
        found = {(one.kind.value, one.value) for one in find(case["text"], earlier=case.get("earlier", ())).contacts}
        hits += len(wanted & found)
        extra += len(found - wanted)
        missed += len(wanted - found)
        positive += bool(wanted)
        negative += not wanted
    return hits / (hits + extra), hits / (hits + missed), positive, negative


def test_the_set_is_large_and_half_of_it_negative() -> None:
    _, _, positive, negative = score()
    assert positive + negative >= 600
    assert 0.4 <= negative / (positive + negative) <= 0.6
    texts = [(tuple(case.get("earlier", ())), case["text"]) for case in cases()]
    assert len(set(texts)) == len(texts)


def test_contacts_are_found_with_precision_and_recall() -> None:
    precision, recall, _, _ = score()
    assert precision >= 0.99
    assert recall >= 0.97


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

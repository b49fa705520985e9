"""How often a lost packet is sent again."""

from __future__ import annotations

import random

from stream.viewer.repair import Repair


def _line(repair: Repair, *, loss: float, packets: int, seed: int) -> list[int]:
    """Copies sent of each packet that a line with this loss asks for, first asks only."""
    dice = random.Random(seed)
    start = 61_000
    return [repair.copies(seq, sent=seq + 10) for seq in range(start, start + packets) if dice.random() < loss]


def test_a_good_line_is_sent_one_copy() -> None:
    copies = _line(Repair(), loss=0.003, packets=20_000, seed=1)
    assert len(copies) > 30
    assert set(copies) == {1}


def test_a_line_that_loses_much_is_sent_two_from_the_first_second_on() -> None:
    copies = _line(Repair(), loss=0.05, packets=20_000, seed=2)
    assert set(copies[12:]) == {2}


def test_a_line_that_has_recovered_is_sent_one_again() -> None:
    repair = Repair()
    _line(repair, loss=0.1, packets=1_000, seed=3)
    for seq in range(100_000, 100_900, 300):
        repair.copies(seq, sent=seq + 10)
    assert repair.copies(101_000, sent=101_010) == 1


def test_what_is_asked_for_again_gets_three_and_only_a_bounded_past_is_remembered() -> None:
    repair = Repair()
    assert repair.copies(7, sent=10) == 1
    assert repair.copies(7, sent=12) == 3
    for seq in range(1_000, 400_000, 1_000):
        repair.copies(seq, sent=seq)
    assert repair.copies(7, sent=400_000) == 1

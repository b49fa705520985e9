"""A viewer's rendition: down at once, up with patience, never back and forth."""

from hypothesis import given
from hypothesis import strategies as st

from stream.viewer.rendition import RenditionChoice

SENT = 1_000_000


def reports(choice: RenditionChoice, start: float, seconds: float, *, loss: float = 0.0, estimate: int = SENT) -> float:
    """One report of each kind a second; gives the time after the last."""
    at = start
    while at < start + seconds:
        choice.report_loss(loss, at, sent_bitrate=SENT)
        choice.report_estimate(estimate, at, sent_bitrate=SENT)
        at += 1.0
    return at


def test_a_good_network_stays_high() -> None:
    choice = RenditionChoice(0.0)
    reports(choice, 0, 60, loss=0.01)
    assert not choice.low


def test_a_single_bad_report_moves_nobody() -> None:
    choice = RenditionChoice(0.0)
    at = reports(choice, 0, 10)
    choice.report_loss(0.12, at, sent_bitrate=SENT)
    reports(choice, at + 1, 10)
    assert not choice.low


def test_lasting_loss_moves_down_within_three_reports() -> None:
    choice = RenditionChoice(0.0)
    at = reports(choice, 0, 10)
    reports(choice, at, 3, loss=0.15)
    assert choice.low


def test_a_narrow_estimate_moves_down_after_two_seconds() -> None:
    choice = RenditionChoice(0.0)
    at = reports(choice, 0, 10)
    at = reports(choice, at, 2, estimate=SENT // 3)
    assert not choice.low
    reports(choice, at, 2, estimate=SENT // 3)
    assert choice.low


def test_the_guesses_of_the_first_seconds_move_nobody() -> None:
    choice = RenditionChoice(100.0)
    reports(choice, 100, 3, estimate=SENT // 10)
    assert not choice.low


def test_it_goes_up_after_ten_good_seconds_and_waits_longer_after_a_relapse() -> None:
    choice = RenditionChoice(0.0)
    at = reports(choice, 0, 10)
    at = reports(choice, at, 4, loss=0.2)
    assert choice.low
    at = reports(choice, at, 9)
    assert choice.low
    at = reports(choice, at, 6)
    assert not choice.low
    at = reports(choice, at, 6, loss=0.3)
    assert choice.low
    at = reports(choice, at, 15)
    assert choice.low, "ten seconds are not enough a second time"
    reports(choice, at, 15)
    assert not choice.low


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(10_000, 3_000_000)), max_size=200))
def test_moves_are_at_least_four_seconds_apart_whatever_is_reported(found: list[tuple[float, int]]) -> None:
    choice, was, moved = RenditionChoice(0.0), False, float("-inf")
    for at, (loss, estimate) in enumerate(found):
        choice.report_loss(loss, float(at), sent_bitrate=SENT)
        low = choice.report_estimate(estimate, float(at), sent_bitrate=SENT)
        if low != was:
            assert at - moved >= 4
            was, moved = low, at

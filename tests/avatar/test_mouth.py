"""The mouth's track: what lips do is decided by the sounds and their neighbours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.face.mouth import CLOSED, mouth_at
from avatar.voice.speech import SAMPLE_RATE, Viseme, VisemeSpan


def _spans(*said: tuple[Viseme, float]) -> list[VisemeSpan]:
    """Spans one after another, durations in milliseconds."""
    spans, at = [], 0
    for viseme, duration in said:
        end = at + round(duration * SAMPLE_RATE / 1000)
        spans.append(VisemeSpan(viseme, at, end, 0.5))
        at = end
    return spans


def _ms(milliseconds: float) -> float:
    return milliseconds * SAMPLE_RATE / 1000


def test_a_long_open_vowel_opens_the_mouth_wide() -> None:
    assert mouth_at(_ms(200), _spans((Viseme.A, 400))).open > 0.8


def test_silence_closes_the_mouth() -> None:
    spans = _spans((Viseme.A, 300), (Viseme.REST, 300))
    assert mouth_at(_ms(500), spans).open < 0.02
    assert mouth_at(_ms(1200), spans) == CLOSED
    assert mouth_at(0, []) == CLOSED


def test_lips_close_on_every_bilabial_however_short() -> None:
    for length in (20, 45, 90, 160):
        spans = _spans((Viseme.A, 200), (Viseme.BMP, length), (Viseme.A, 200))
        middle = 200 + length / 2
        frames = [mouth_at(_ms(middle + shift), spans).open for shift in (-20, 0, 20)]
        assert min(frames) <= -0.24, length


def test_a_frame_every_forty_milliseconds_never_misses_a_bilabial() -> None:
    spans = _spans((Viseme.A, 200), (Viseme.BMP, 30), (Viseme.A, 200))
    for phase in range(0, 40, 3):
        assert min(mouth_at(_ms(phase + 40 * k), spans).open for k in range(10)) < 0.0, phase


def test_rounding_is_prepared_before_the_vowel_begins() -> None:
    spans = _spans((Viseme.D, 120), (Viseme.U, 200))
    assert mouth_at(_ms(100), spans).wide < -0.2


def test_u_and_v_are_round_and_i_is_spread() -> None:
    assert mouth_at(_ms(150), _spans((Viseme.U, 300))).wide < -0.9
    assert mouth_at(_ms(150), _spans((Viseme.V, 300))).wide < -0.8
    assert mouth_at(_ms(150), _spans((Viseme.I, 300))).wide > 0.8


def test_f_brings_the_lip_under_the_teeth_and_nothing_else_does() -> None:
    spans = _spans((Viseme.A, 200), (Viseme.F, 120), (Viseme.A, 200))
    assert mouth_at(_ms(260), spans).bite > 0.9
    assert mouth_at(_ms(100), spans).bite == 0.0


def test_stress_and_energy_open_the_jaw_further() -> None:
    soft, hard = (mouth_at(_ms(150), [VisemeSpan(Viseme.A, 0, round(_ms(300)), s)]).open for s in (0.0, 0.8))
    assert hard > soft
    spans = _spans((Viseme.E, 300))
    assert mouth_at(_ms(150), spans, energy=1.2).open > mouth_at(_ms(150), spans, energy=0.8).open


@given(
    st.lists(st.tuples(st.sampled_from(list(Viseme)), st.floats(5, 400)), max_size=12),
    st.floats(-500, 3000),
    st.floats(0.5, 1.5),
)
def test_poses_stay_in_range_and_move_without_jumps(
    said: list[tuple[Viseme, float]], moment: float, energy: float
) -> None:
    spans = _spans(*said)
    here, soon = (mouth_at(_ms(moment + step), spans, energy=energy) for step in (0, 4))
    for pose in (here, soon):
        assert -0.25 <= pose.open <= 1.0
        assert -1.0 <= pose.wide <= 1.0
        assert 0.0 <= pose.bite <= 1.0
    assert abs(here.open - soon.open) < 0.35
    assert abs(here.wide - soon.wide) < 0.35


def test_the_order_of_spans_does_not_matter() -> None:
    spans = _spans((Viseme.A, 100), (Viseme.BMP, 60), (Viseme.I, 120))
    forth, back = mouth_at(_ms(140), spans), mouth_at(_ms(140), spans[::-1])
    assert (forth.open, forth.wide, forth.bite) == pytest.approx((back.open, back.wide, back.bite))

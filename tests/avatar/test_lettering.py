"""Lines of Chinese text break where a reader expects it."""

from hypothesis import given
from hypothesis import strategies as st

from avatar.scene.lettering import text_width, wrap


def test_no_line_begins_with_a_closing_mark() -> None:
    for width in range(120, 400, 20):
        lines = wrap("外罩可以拆洗，三十度以下机洗；阴干，不变形。真的！", 30, width, lines=9)
        assert not any(line[0] in "，。；！" for line in lines)


def test_a_model_name_is_not_torn_apart() -> None:
    lines = wrap("适配苹果手机 iPhone16 充电", 30, 240, lines=5)
    assert any("iPhone16" in line for line in lines)


def test_what_does_not_fit_is_cut_with_a_sign() -> None:
    lines = wrap("很长" * 50, 30, 200, lines=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")


def test_nothing_is_wrapped_to_nothing() -> None:
    assert wrap("  ", 30, 200, lines=2) == []


@given(st.text(max_size=60), st.integers(60, 500))
def test_every_line_fits_its_width(text: str, width: int) -> None:
    for line in wrap(text, 20, width, lines=3):
        assert text_width(line.rstrip("，。！？；：、）》」』”’…,.!?;:)%"), 20) <= width + 20

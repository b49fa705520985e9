"""The product card says all it has room for, in every format."""

from dataclasses import replace

import numpy as np
import pytest

from avatar.face.colour import split_i420
from avatar.scene.plate import CardPlate, Layout, ProductCard, _clock_text, _title, draw_caption

SIZES = [(720, 1280), (1080, 1920), (1280, 720), (1920, 1080)]


def _shown(card: ProductCard, size: tuple[int, int]) -> np.ndarray:
    frame = np.full((size[1] * 3 // 2, size[0]), 90, np.uint8)
    CardPlate(card, Layout(*size)).lay(frame, 0)
    return frame


@pytest.mark.parametrize("size", SIZES)
def test_the_stock_is_shown_beside_the_countdown(size: tuple[int, int]) -> None:
    card = ProductCard("云朵沙发", "1,299", ends_in_s=1122)
    with_note = ProductCard("云朵沙发", "1,299", note="余 36 件", ends_in_s=1122)
    assert not np.array_equal(_shown(card, size), _shown(with_note, size))


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720)])
def test_a_long_note_and_a_long_former_price_are_shown_smaller_or_cut_not_left_out(size: tuple[int, int]) -> None:
    plain = ProductCard("云朵沙发", "12,999.00", ends_in_s=1122)
    for more in ({"note": "余 36 件，今天下单再送两个抱枕"}, {"original_price": "16,999"}):
        assert not np.array_equal(_shown(plain, size), _shown(replace(plain, **more), size)), more


def test_hours_are_written_only_where_there_are_any() -> None:
    assert [_clock_text(left) for left in (59, 1122, 3599, 3600, 36_061)] == [
        "00:59",
        "18:42",
        "59:59",
        "01:00:00",
        "10:01:01",
    ]


def test_a_long_title_becomes_smaller_before_it_is_cut_after_a_word() -> None:
    whole = _title("云朵单人沙发 · 棉麻可拆洗", 345, 1.0)
    assert whole == ("云朵单人沙发 · 棉麻可拆洗", 27)
    for room in (230, 263):
        assert _title("云朵单人沙发 · 棉麻可拆洗", room, 1.0)[0] == "云朵单人沙发…"
    assert _title("", 230, 1.0)[0] == ""


def test_a_title_is_not_cut_inside_brackets() -> None:
    assert _title("云朵单人沙发（可拆洗外罩）", 260, 1.0)[0] == "云朵单人沙发…"
    assert _title("儿童房（双层）实木床加宽款", 260, 1.0)[0].startswith("儿童房（双层）")


@pytest.mark.parametrize("size", SIZES)
def test_plates_keep_clear_of_what_phones_lay_over_the_picture(size: tuple[int, int]) -> None:
    layout = Layout(*size)
    card = CardPlate(ProductCard("云朵沙发", "1,299"), layout)
    caption = draw_caption("双人沙发的外套可以拆下来扔进洗衣机三十度以下机洗就行", layout, bottom=card.top - 16)
    assert caption is not None
    side = 0.10 if layout.portrait else 0.03
    for box in (card.box, caption.box):
        assert side * size[0] <= box[0] < box[2] <= (1 - side) * size[0]
        assert box[3] <= 0.93 * size[1] + 2


def test_a_plate_is_seen_on_a_dark_background() -> None:
    frame = np.full((1920, 720), 128, np.uint8)
    frame[:1280] = 28
    card = CardPlate(ProductCard("云朵沙发", "1,299"), Layout(720, 1280))
    card.lay(frame, 0)
    x0, y0, x1, _ = card.box
    luma = split_i420(frame)[0]
    assert int(luma[y0 : y0 + 2, (x0 + x1) // 2].max()) > 28 + 15

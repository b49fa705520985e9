"""Cards show facts, and a promotion only while it runs."""

from datetime import date, datetime
from decimal import Decimal

from knowledge import DateRange, Fact, Money, Record, Source, Value
from stream.shop.shelf import next_change, product, shelf


def _fact(name: str, value: Value, text: str = "") -> Fact:
    return Fact("S1", "云朵沙发", name, name, value, text or str(value), Source("products.xlsx"))


def _record(*facts: Fact) -> Record:
    return Record("S1", "云朵沙发", facts=facts)


PROMOTED = _record(
    _fact("price", Money(Decimal(1699))),
    _fact("promotion_price", Money(Decimal(1299))),
    _fact("promotion_period", DateRange(date(2026, 11, 1), date(2026, 11, 30))),
    _fact("stock", 36),
    _fact("image", "pictures/sofa.jpg", "pictures/sofa.jpg"),
)


def test_a_running_promotion_is_the_price_and_says_when_it_ends() -> None:
    card = product(PROMOTED, now=datetime(2026, 11, 30, 23, 0), picture_base="/p")
    assert (card.price, card.was, card.saving, card.stock) == ("1,299", "1,699", "400", 36)
    assert card.promotion_until == "2026-11-30T23:59:59"
    assert card.picture == "/p/sofa.jpg"


def test_a_promotion_that_is_over_or_not_begun_is_not_shown() -> None:
    for now in (datetime(2026, 12, 1), datetime(2026, 10, 31, 23, 59)):
        card = product(PROMOTED, now=now, picture_base="/p")
        assert (card.price, card.was, card.promotion_until) == ("1,699", "", "")


def test_cents_are_kept() -> None:
    assert product(_record(_fact("price", Money(Decimal("99.9")))), now=datetime.min, picture_base="").price == "99.90"


def test_a_record_without_a_price_is_no_card() -> None:
    assert shelf([_record(_fact("address", "杭州"))], now=datetime(2026, 1, 1), picture_base="") == ()


def test_records_mean_the_same_until_a_promotion_begins_or_is_over_and_for_a_day_at_most() -> None:
    evening = _record(
        _fact("promotion_period", DateRange(datetime(2026, 11, 20, 19), datetime(2026, 11, 20, 21))),
    )
    records = [PROMOTED, evening]
    now, seen = datetime(2026, 11, 20, 8), []
    for _ in range(4):
        now = next_change(records, now=now)
        seen.append(now)
    day = datetime(2026, 11, 20)
    assert seen == [
        day.replace(hour=19),
        datetime(2026, 11, 20, 21, 0, 1),
        datetime(2026, 11, 21),
        datetime(2026, 11, 22),
    ]
    assert next_change([PROMOTED], now=datetime(2026, 11, 30, 23)) == datetime(2026, 12, 1)

"""The shelf: a merchant's records as the product cards that pages show and the host sells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import PurePosixPath

from knowledge import DateRange, Fact, Money, Record

PRICE, PROMOTION, PERIOD, STOCK = "price", "promotion_price", "promotion_period", "stock"


@dataclass(frozen=True, slots=True)
class Product:
    """What a card shows; every figure is a fact of the record, nothing is computed but the saving."""

    sku: str
    name: str
    price: str
    """The price that holds now, digits only ("1,299"), or "" when the record has none."""
    was: str
    """The regular price while a promotion runs, else ""."""
    saving: str
    promotion_until: str
    """ISO 8601 end of the promotion that runs now, else ""."""
    stock: int | None
    picture: str
    subtitle: str

    def to_json(self) -> dict[str, object]:
        """The object of the room socket's `product` and `welcome`."""
        return {
            "sku": self.sku,
            "name": self.name,
            "price": self.price,
            "was": self.was,
            "saving": self.saving,
            "promotion": {"until": self.promotion_until} if self.promotion_until else None,
            "stock": self.stock,
            "picture": self.picture,
            "subtitle": self.subtitle,
        }


def _amount(fact: Fact | None) -> Money | None:
    return fact.value if fact is not None and isinstance(fact.value, Money) else None


def _digits(money: Money) -> str:
    amount = money.amount
    return f"{int(amount):,}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def _end(value: date | datetime | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time(23, 59, 59))


def _runs(period: DateRange | None, now: datetime) -> bool:
    """A promotion without a period always runs; both ends are included."""
    if period is None:
        return True
    start = period.start
    if start is not None and not isinstance(start, datetime):
        start = datetime.combine(start, time.min)
    end = _end(period.end)
    return (start is None or start <= now) and (end is None or now <= end)


def next_change(records: Iterable[Record], *, now: datetime) -> datetime:
    """When one of the records' promotions begins or is over next; the next midnight at the latest."""
    moments = [datetime.combine(now.date(), time.min) + timedelta(days=1)]
    for record in records:
        fact = record.fact(PERIOD)
        if fact is None or not isinstance(fact.value, DateRange):
            continue
        start, end = fact.value.start, _end(fact.value.end)
        if start is not None:
            moments.append(start if isinstance(start, datetime) else datetime.combine(start, time.min))
        if end is not None:
            moments.append(end + timedelta(seconds=1))
    return min(moment for moment in moments if moment > now)


def product(record: Record, *, now: datetime, picture_base: str) -> Product:
    """A record as a card at local time `now`. `picture_base` is the URL folder of the merchant's pictures."""
    price, promotion = _amount(record.fact(PRICE)), _amount(record.fact(PROMOTION))
    period_fact = record.fact(PERIOD)
    period = period_fact.value if period_fact is not None and isinstance(period_fact.value, DateRange) else None
    running = promotion is not None and _runs(period, now)
    shown = promotion if running else price
    end = _end(period.end) if running and period is not None else None
    stock = record.fact(STOCK)
    picture = record.fact("image")
    subtitle = record.fact("colour") or record.fact("material")
    saving = price.amount - promotion.amount if running and price is not None and promotion is not None else None
    return Product(
        sku=record.id,
        name=record.name,
        price=_digits(shown) if shown is not None else "",
        was=_digits(price) if running and price is not None else "",
        saving=_digits(Money(saving)) if saving is not None and saving > 0 else "",
        promotion_until=end.isoformat() if end is not None else "",
        stock=stock.value if stock is not None and isinstance(stock.value, int) else None,
        picture=f"{picture_base}/{PurePosixPath(picture.text).stem}.jpg"
        if picture is not None and picture.text
        else "",
        subtitle=subtitle.text if subtitle is not None else "",
    )


def shelf(records: Iterable[Record], *, now: datetime, picture_base: str) -> tuple[Product, ...]:
    """All records that have a price, as cards, in the catalogue's order."""
    cards = (product(record, now=now, picture_base=picture_base) for record in records)
    return tuple(card for card in cards if card.price)

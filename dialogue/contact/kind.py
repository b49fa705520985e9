"""What a customer may leave: a way to reach them, and what they wish."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ContactKind(StrEnum):
    """The ways to reach a customer."""

    PHONE = "phone"
    LANDLINE = "landline"
    WECHAT = "wechat"
    QQ = "qq"
    EMAIL = "email"


class Field(StrEnum):
    """What else a lead may hold; every one may be absent."""

    NAME = "name"
    CITY = "city"
    BUDGET = "budget"
    QUANTITY = "quantity"
    TIME = "time"
    PRODUCT = "product"
    STORE = "store"
    VISIT_TIME = "visit_time"
    PARTY_SIZE = "party_size"


@dataclass(frozen=True, slots=True)
class Contact:
    """One valid contact.

    `value` is normalised: a mobile is 11 digits (a foreign one E.164 with `+`), a landline area code and number
    (`02088886666`, an extension after `-`), the others lower case. `span` is where it stands in the message
    (`start`, `end` in code points); a contact split over messages carries the span of its last part.
    """

    kind: ContactKind
    value: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Detail:
    """One wish or personal detail, as the customer put it (`value`), and where."""

    field: Field
    value: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found in a message."""

    contacts: tuple[Contact, ...] = ()
    details: tuple[Detail, ...] = ()
    broken: bool = False
    """True when something looks meant as a contact but is not a valid one (a digit missing): worth asking again."""


def mask(kind: ContactKind | str, value: str) -> str:
    """Hides the middle of a contact for lists and logs: `138****6021`, `zh****an`, `li****@example.com`."""
    if kind == ContactKind.EMAIL:
        name, _, host = value.partition("@")
        return f"{name[:2]}****@{host}" if len(name) > 2 else f"****@{host}"
    if len(value) >= 10:
        return f"{value[:3]}****{value[-4:]}"
    if len(value) >= 5:
        return f"{value[:2]}****{value[-2:]}"
    return "****"

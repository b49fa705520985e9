"""The rundown as an operator sees it: what was said, what is being said, and what comes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from dialogue import Director, Line
from stream.room.protocol import Message
from stream.shop.shelf import Product

SAID, NEXT = 4, 12
"""Lines shown of what was said, and of what comes."""


class RunningOrder:
    """Follows the lines of one room as they are heard. `now` is the time of day where the shop is."""

    def __init__(self, director: Director, *, now: Callable[[], datetime]) -> None:
        self._director = director
        self._now = now
        self._said: deque[Message] = deque(maxlen=SAID + 1)
        self._current: Line | None = None

    def started(self, line: Line) -> None:
        """A line is being heard."""
        self._director.heard(line)
        self._said.append({**_shown(line), "at_ms": int(self._now().timestamp() * 1000)})
        self._current = line

    def ended(self, line: object) -> None:
        """A line was heard to its end, cut off, or dropped before anybody heard it."""
        if line is self._current:
            self._current = None

    def to_json(self, shelf: Sequence[Product], *, showing: str | None) -> Message:
        """The body of `GET /api/rooms/{name}/rundown`; `showing` is the SKU of the product on show."""
        said = list(self._said)
        now = said.pop() if said and self._current is not None else None
        goods = {product.sku: product for product in shelf}
        return {
            "lap": self._director.lap + 1,
            "product": showing,
            "said": said[-SAID:],
            "now": now,
            "next": [_shown(line) for line in self._director.upcoming(NEXT)],
            "products": [
                {
                    "sku": sku,
                    "name": goods[sku].name if sku in goods else name,
                    "price": goods[sku].price if sku in goods else "",
                    "stock": goods[sku].stock if sku in goods else None,
                    "picture": goods[sku].picture if sku in goods else "",
                }
                for sku, name in self._director.order
            ],
        }


def _shown(line: Line) -> Message:
    return {
        "text": line.text,
        "kind": line.kind.value,
        "part": line.part,
        "sku": line.sku,
        "question": line.question,
    }

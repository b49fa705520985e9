"""What the model costs: tokens and money per conversation and per merchant and day, with a daily cap."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

CONVERSATIONS = 10_000
"""Conversations whose spending is remembered."""
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more requests."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens)

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a model per million tokens, in the merchant's currency."""

    prompt: Decimal = Decimal(0)
    completion: Decimal = Decimal(0)

    def cost(self, usage: Usage) -> Decimal:
        """What the usage costs."""
        return (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.completion) / _MILLION


@dataclass(frozen=True, slots=True)
class Spent:
    """What one request took, to be written down."""

    merchant: str
    conversation: str
    day: date
    usage: Usage
    cost_micros: int
    """Millionths of the merchant's currency."""


def estimate(text: str) -> int:
    """Tokens of a text where the server does not say: about 0.7 per Han character, 0.3 per other one; rounded up."""
    han = sum("\u4e00" <= char <= "\u9fff" for char in text)
    return int(han * 0.7 + (len(text) - han) * 0.3) + 1


class Budget:
    """Counts usage and says when a merchant's day is spent.

    `daily_tokens` and `daily_cost` are caps per merchant and calendar day of `today`; None is no cap. A request that is
    under way when the cap is reached is finished; the next one is refused. `record` is told of every request, so that
    a store can keep it over a restart; it must not block. `settle` brings in what the store knows.
    """

    def __init__(
        self,
        today: Callable[[], date],
        *,
        price: Price | None = None,
        daily_tokens: int | None = None,
        daily_cost: Decimal | None = None,
        record: Callable[[Spent], None] | None = None,
    ) -> None:
        self._today = today
        self._price = price or Price()
        self._daily_tokens = daily_tokens
        self._daily_cost = daily_cost
        self._record = record
        self._day = today()
        self._merchants: dict[str, Usage] = {}
        self._conversations: OrderedDict[str, Usage] = OrderedDict()

    def allow(self, merchant: str) -> bool:
        """Whether the merchant may spend more today."""
        used = self.spent(merchant)
        if self._daily_tokens is not None and used.tokens >= self._daily_tokens:
            return False
        return self._daily_cost is None or self._price.cost(used) < self._daily_cost

    def spend(self, usage: Usage, *, merchant: str, conversation: str) -> None:
        """Count the usage of one request."""
        self._merchants[merchant] = self.spent(merchant) + usage
        self._conversations[conversation] = self.of_conversation(conversation) + usage
        self._conversations.move_to_end(conversation)
        while len(self._conversations) > CONVERSATIONS:
            self._conversations.popitem(last=False)
        if self._record is not None:
            micros = int((self._price.cost(usage) * _MILLION).to_integral_value(ROUND_HALF_UP))
            self._record(Spent(merchant, conversation, self._day, usage, micros))

    def settle(self, merchant: str, day: date, usage: Usage) -> None:
        """Takes `usage` for what the merchant has spent on `day`; another day than today is passed over."""
        if self._today() == day:
            self.spent(merchant)
            self._merchants[merchant] = usage

    def spent(self, merchant: str) -> Usage:
        """The merchant's usage today."""
        if self._today() != self._day:
            self._day = self._today()
            self._merchants.clear()
        return self._merchants.get(merchant, Usage())

    def of_conversation(self, conversation: str) -> Usage:
        """A conversation's usage in all."""
        return self._conversations.get(conversation, Usage())

    def cost(self, usage: Usage) -> Decimal:
        """What a usage costs."""
        return self._price.cost(usage)

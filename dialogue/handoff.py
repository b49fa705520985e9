"""When a human takes over: a pure state machine.

```
        asked / complaint / refund / low evidence (open hours)
  BOT ────────────────────────────────────────────────▶ REQUESTED ──operator takes──▶ HUMAN
   ▲ │                                                     │  ▲                        │
   │ └── the same, outside business hours ─▶ CALLBACK ◀────┘  └── (never back)         │
   │                                            │    nobody came in time               │
   └───────── next message ─────────────────────┘                                      │
   └────────────────────── operator returns, or is silent too long ────────────────────┘
```
The bot answers in every state but HUMAN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Any


class Who(StrEnum):
    """Who speaks to the customer."""

    BOT = "bot"
    REQUESTED = "requested"
    HUMAN = "human"
    CALLBACK = "callback"


class Reason(StrEnum):
    """Why a human is wanted."""

    ASKED = "asked"
    COMPLAINT = "complaint"
    REFUND = "refund"
    LOW_EVIDENCE = "low_evidence"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class HandoffPolicy:
    """When humans are there and how long is waited for them."""

    opens: time = time(9, 0)
    closes: time = time(22, 0)
    """Business hours, local to the clock handed in; `opens == closes` means around the clock."""
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """Days with business hours, Monday is 0."""
    wait_s: float = 180.0
    """How long a request waits for an operator before a call-back is offered."""
    idle_s: float = 600.0
    """How long an operator may be silent after a customer's message before the bot returns."""
    low_evidence: int = 3
    """Unanswered questions in a row after which a human is called."""

    def staffed(self, now: datetime) -> bool:
        """Whether a human may be expected at `now`."""
        if now.weekday() not in self.weekdays:
            return False
        if self.opens == self.closes:
            return True
        clock = now.time()
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes


@dataclass(frozen=True, slots=True)
class HandoffState:
    """Who speaks, why, and since when."""

    who: Who = Who.BOT
    reason: Reason | None = None
    since: float = 0.0
    """Unix time of the last change, or in HUMAN of the customer's oldest unanswered message."""
    operator: str | None = None
    waiting: bool = False
    """In HUMAN: whether the customer waits for the operator's answer."""

    @property
    def silent(self) -> bool:
        """Whether the bot must not speak."""
        return self.who is Who.HUMAN

    def request(self, reason: Reason, *, now: datetime, policy: HandoffPolicy) -> HandoffState:
        """A human is wanted; a request that is already open stays as it is."""
        if self.who in (Who.REQUESTED, Who.HUMAN):
            return self
        who = Who.REQUESTED if policy.staffed(now) else Who.CALLBACK
        return HandoffState(who, reason, now.timestamp())

    def take(self, operator: str, *, now: datetime) -> HandoffState:
        """An operator takes the conversation, asked for or not; the bot falls silent."""
        return HandoffState(Who.HUMAN, self.reason or Reason.OPERATOR, now.timestamp(), operator)

    def give_back(self) -> HandoffState:
        """The operator returns the conversation to the bot."""
        return HandoffState()

    def customer_spoke(self, *, now: datetime) -> HandoffState:
        """A customer's message starts the operator's idle clock; it ends a call-back."""
        if self.who is Who.HUMAN and not self.waiting:
            return replace(self, waiting=True, since=now.timestamp())
        if self.who is Who.CALLBACK:
            return HandoffState()
        return self

    def operator_spoke(self, *, now: datetime) -> HandoffState:
        """An operator's message stops the idle clock."""
        if self.who is Who.HUMAN:
            return replace(self, waiting=False, since=now.timestamp())
        return self

    def tick(self, *, now: datetime, policy: HandoffPolicy) -> HandoffState:
        """Apply the time-outs; returns the same object when nothing changed."""
        waited = now.timestamp() - self.since
        if self.who is Who.REQUESTED and waited >= policy.wait_s:
            return HandoffState(Who.CALLBACK, self.reason, now.timestamp())
        if self.who is Who.HUMAN and self.waiting and waited >= policy.idle_s:
            return HandoffState()
        return self

    def snapshot(self) -> dict[str, Any]:
        """As JSON values, for `restore`."""
        return {
            "who": self.who.value,
            "reason": self.reason.value if self.reason else None,
            "since": self.since,
            "operator": self.operator,
            "waiting": self.waiting,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> HandoffState:
        """A state from its `snapshot`."""
        reason = Reason(state["reason"]) if state["reason"] else None
        return cls(Who(state["who"]), reason, state["since"], state["operator"], state["waiting"])

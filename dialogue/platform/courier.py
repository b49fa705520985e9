"""Carries what is said in platforms' conversations to the platforms, until it is taken or given up."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from dialogue.channel import Channel
from dialogue.errors import DialogueError
from dialogue.lead.post import DeliveryError
from dialogue.platform.delivery import Delivery
from dialogue.platform.register import JoinedChannel

_LOG = logging.getLogger(__name__)
_AT_ONCE = 32
"""Calls under way at the same time."""
_AT_ONCE_OF_ONE = 8
"""Of them to one platform: a slow one must not hold up the others."""


class Owed(Protocol):
    """What is owed to platforms, as the store knows it."""

    async def take_due(self, *, limit: int, skip: Collection[tuple[str, str]]) -> Sequence[Delivery]:
        """Lease what is due."""

    async def settle(self, delivery: Delivery, error: str | None, *, final: bool, jitter: random.Random) -> None:
        """Note the result of a try."""

    async def next_due_ms(self) -> int | None:
        """When the next try is due, milliseconds since 1970."""


class PlatformCourier:
    """Delivers for ever: `run()` belongs to the caller's task. `wake` says that something may be due now.

    What another process put in is seen within `longest_wait_s`.
    """

    def __init__(
        self,
        owed: Owed,
        connect: Callable[[JoinedChannel], Channel],
        *,
        clock_ms: Callable[[], int],
        longest_wait_s: float = 10.0,
        jitter: random.Random | None = None,
    ) -> None:
        self._owed = owed
        self._connect = connect
        self._clock_ms = clock_ms
        self._longest_wait_s = longest_wait_s
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._filled = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], tuple[str, str]] = {}

    def wake(self) -> None:
        """Something was said in a platform's conversation."""
        self._filled.set()

    async def run(self) -> None:
        """Deliver what is due, then sleep until something is. Cancelling it cancels the calls under way."""
        try:
            while True:
                self._filled.clear()
                wait_s = await self._round()
                try:
                    async with asyncio.timeout(wait_s):
                        await self._filled.wait()
                except TimeoutError:
                    continue
        finally:
            tasks = tuple(self._under_way)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _round(self) -> float:
        """Start what may be started now; returns the seconds until the next look."""
        try:
            free = _AT_ONCE - len(self._under_way)
            if free > 0:
                of_one = Counter(self._under_way.values())
                skip = [key for key, count in of_one.items() if count >= _AT_ONCE_OF_ONE]
                for one in await self._owed.take_due(limit=min(free, _AT_ONCE_OF_ONE), skip=skip):
                    task = asyncio.create_task(self._deliver(one), name=f"platform-{one.conversation_id}")
                    self._under_way[task] = (one.channel.merchant, one.channel.name)
                    task.add_done_callback(self._ended)
            due_ms = await self._owed.next_due_ms()
        except DialogueError as exc:
            _LOG.warning("what is owed to platforms will be looked at again: %s", exc)
            return self._longest_wait_s
        if due_ms is None or len(self._under_way) >= _AT_ONCE:
            return self._longest_wait_s
        return min(max((due_ms - self._clock_ms()) / 1000, 0.05), self._longest_wait_s)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._filled.set()

    async def _deliver(self, one: Delivery) -> None:
        error, final = None, False
        try:
            await self._connect(one.channel).send(one.message)
        except DeliveryError as exc:
            error, final = str(exc), exc.final
        except DialogueError as exc:
            error, final = str(exc), True
        except Exception as exc:
            error = f"not sent: {type(exc).__name__}"
            _LOG.exception("message %s, try %d failed", one.message.message_id, one.attempt)
        if error is not None:
            _LOG.warning("message %s, try %d: %s", one.message.message_id, one.attempt, error)
        try:
            await self._owed.settle(one, error, final=final, jitter=self._jitter)
        except DialogueError as exc:
            _LOG.warning("message %s will be sent again after its lease: %s", one.message.message_id, exc)

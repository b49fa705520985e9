"""The outbox's async face, reached as `store.outbox`, and the courier that empties it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence

from dialogue.database.audit import audit
from dialogue.database.transaction import Run, Transaction, new_id
from dialogue.errors import DialogueError
from dialogue.lead import delivery
from dialogue.lead.delivery import Delivery, OutboxRow
from dialogue.lead.post import DeliveryError, Postman
from dialogue.lead.target import Target, TargetError, TargetKind, new_secret

_LOG = logging.getLogger(__name__)


class Outbox:
    """Targets and messages of one store."""

    def __init__(self, read: Run, write: Run) -> None:
        self._read, self._write = read, write
        self.filled = asyncio.Event()
        """Set when this process may have put a message in; the courier clears it."""

    async def add_target(
        self, merchant: str, *, kind: TargetKind, address: str, secret: str = "", label: str = "", actor: str = "cli"
    ) -> Target:
        """Adds a target; a webhook without a secret gets a fresh one (in the returned target). Raises `TargetError`."""
        if kind == TargetKind.WEBHOOK and not secret:
            secret = new_secret()
        return await self._write(
            lambda tx: delivery.add_target(
                tx, merchant, kind=kind, address=address, secret=secret, label=label, actor=actor
            )
        )

    async def targets(self, merchant: str) -> Sequence[Target]:
        """The merchant's targets, with their secrets: mask before showing."""
        return await self._read(lambda tx: delivery.read_targets(tx, merchant))

    async def remove_target(self, merchant: str, target_id: str, *, actor: str = "cli") -> None:
        """Removes a target; what waits for it is dropped. Raises `TargetError`."""
        await self._write(lambda tx: delivery.remove_target(tx, merchant, target_id, actor=actor))

    async def try_target(self, merchant: str, target_id: str, postman: Postman, *, actor: str = "cli") -> str | None:
        """Sends a made-up lead to a target, once, past the queue; returns None, or one line on why it did not arrive.

        Raises `TargetError` when this merchant has no such target.
        """

        def work(tx: Transaction) -> tuple[Target, int]:
            found = next((one for one in delivery.read_targets(tx, merchant) if one.id == target_id), None)
            if found is None:
                raise TargetError(
                    f"这家店没有转交目标 {target_id!r} / "
                    "there is no such target of this merchant; see: zhanggui leads target list"
                )
            audit(tx, merchant=merchant, actor=actor, action="target.test", subject=target_id)
            return found, tx.now_ms

        target, now_ms = await self._write(work)
        try:
            await postman.send(target, new_id("msg"), delivery.sample(merchant, now_ms), now_s=now_ms // 1000)
        except DialogueError as exc:
            return str(exc)
        return None

    async def messages(self, merchant: str, *, state: str | None = None, limit: int = 100) -> Sequence[OutboxRow]:
        """The newest messages first; `state` is `pending`, `delivered` or `dead`."""
        return await self._read(lambda tx: delivery.list_messages(tx, merchant, state=state, limit=limit))

    async def replay(self, merchant: str, *, message_id: str | None = None, actor: str = "cli") -> int:
        """Sends dead messages (one, or all) again under their old ids; returns how many."""
        count = await self._write(lambda tx: delivery.replay(tx, merchant, message_id=message_id, actor=actor))
        self.filled.set()
        return count

    async def deliver_due(self, postman: Postman, *, clock_s: Callable[[], int], jitter: random.Random) -> int:
        """Sends what is due now, up to 20 at a time side by side; returns how many were tried."""
        due = await self._write(lambda tx: delivery.take_due(tx, limit=20))
        async with asyncio.TaskGroup() as group:
            for one in due:
                group.create_task(self._deliver(one, postman, clock_s(), jitter))
        return len(due)

    async def next_due_ms(self) -> int | None:
        """When the next message is due, milliseconds since 1970, or None."""
        return await self._read(delivery.next_due_ms)

    async def _deliver(self, one: Delivery, postman: Postman, now_s: int, jitter: random.Random) -> None:
        error, final = None, False
        try:
            await postman.send(one.target, one.id, one.message, now_s=now_s)
        except DeliveryError as exc:
            error, final = str(exc), exc.final
            _LOG.warning("outbox message %s to target %s, try %d: %s", one.id, one.target.id, one.attempt, exc)
        except DialogueError as exc:
            error, final = str(exc), True
            _LOG.warning("outbox message %s cannot be sent: %s", one.id, exc)
        except Exception as exc:
            # One message that cannot be sent must not stop the courier, nor the messages sent beside it.
            error = f"not sent: {type(exc).__name__}"
            _LOG.exception("outbox message %s to target %s, try %d failed", one.id, one.target.id, one.attempt)
        await self._write(lambda tx: delivery.settle(tx, one, error, final=final, jitter=jitter))


class Courier:
    """Empties the outbox for ever. `run()` belongs to the caller's task group."""

    def __init__(
        self,
        outbox: Outbox,
        postman: Postman,
        *,
        clock_ms: Callable[[], int],
        longest_wait_s: float = 30.0,
        jitter: random.Random | None = None,
    ) -> None:
        """Messages put in by another process are seen within `longest_wait_s`."""
        self._outbox, self._postman = outbox, postman
        self._clock_ms = clock_ms
        self._longest_wait_s = longest_wait_s
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads retries, guards nothing

    async def run(self) -> None:
        """Delivers what is due, then sleeps until something is, or is put in."""
        while True:
            self._outbox.filled.clear()
            wait_s = self._longest_wait_s
            try:
                if await self._outbox.deliver_due(
                    self._postman, clock_s=lambda: self._clock_ms() // 1000, jitter=self._jitter
                ):
                    continue
                due_ms = await self._outbox.next_due_ms()
                if due_ms is not None:
                    wait_s = min(max((due_ms - self._clock_ms()) / 1000, 0.05), wait_s)
            except DialogueError as exc:
                _LOG.warning("the outbox will be tried again: %s", exc)
            try:
                async with asyncio.timeout(wait_s):
                    await self._outbox.filled.wait()
            except TimeoutError:
                continue

"""The joined platforms' async face, reached as `store.platforms`."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from dialogue.database.transaction import Run
from dialogue.lead.target import new_secret
from dialogue.platform import delivery, register
from dialogue.platform.delivery import Delivery, Unfinished
from dialogue.platform.register import JoinedChannel


class Platforms:
    """Platforms of one store, and what is owed to them."""

    def __init__(self, read: Run, write: Run) -> None:
        self._read, self._write = read, write

    async def add(
        self, merchant: str, *, name: str, address: str, secret: str = "", actor: str = "cli"
    ) -> JoinedChannel:
        """Joins a platform or changes it; without a secret it gets a fresh one. Raises `PlatformError`."""
        chosen = secret or new_secret()
        return await self._write(
            lambda tx: register.add(tx, merchant, name=name, address=address, secret=chosen, actor=actor)
        )

    async def list(self, merchant: str | None = None) -> Sequence[JoinedChannel]:
        """The platforms joined, with their secrets (mask before showing) and with how delivery goes."""
        return await self._read(lambda tx: register.read(tx, merchant))

    async def find(self, merchant: str, name: str) -> JoinedChannel | None:
        """One platform, None when it is not joined or the shop is gone."""
        return await self._read(lambda tx: register.find(tx, merchant, name))

    async def remove(self, merchant: str, name: str, *, actor: str = "cli") -> None:
        """Leaves a platform; what waits for it is dropped. Raises `PlatformError`."""
        await self._write(lambda tx: register.remove(tx, merchant, name, actor=actor))

    async def conversation(self, merchant: str, channel: str, visitor: str) -> str:
        """The id of this customer's conversation, begun or not."""
        return await self._read(
            lambda tx: delivery.conversation_of(tx, merchant=merchant, channel=channel, visitor=visitor)
        )

    async def follow(self, conversation_id: str, *, merchant: str, channel: str) -> None:
        """From now on what is said in this conversation is owed to the platform. May be called again."""
        if not await self._read(lambda tx: delivery.followed(tx, conversation_id)):
            await self._write(lambda tx: delivery.follow(tx, conversation_id, merchant=merchant, channel=channel))

    async def unfinished(self, *, limit: int = 500) -> Sequence[Unfinished]:
        """Conversations that the last process left in the middle, the latest first."""
        return await self._read(lambda tx: delivery.unfinished(tx, limit=limit))

    async def take_due(self, *, limit: int, skip: Collection[tuple[str, str]] = ()) -> Sequence[Delivery]:
        """Leases what is due; channels (merchant, name) in `skip` are passed over."""
        return await self._write(lambda tx: delivery.take_due(tx, limit=limit, skip=skip))

    async def settle(self, one: Delivery, error: str | None, *, final: bool, jitter: random.Random) -> None:
        """Notes the result of a try."""
        await self._write(lambda tx: delivery.settle(tx, one, error, final=final, jitter=jitter))

    async def next_due_ms(self) -> int | None:
        """When the next try is due, milliseconds since 1970, or None."""
        return await self._read(delivery.next_due_ms)

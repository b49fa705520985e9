"""What every merchant has published, as this process speaks of it: taken over soon after it was published anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from dialogue import DialogueError
from dialogue.access import Registry
from knowledge import KnowledgeBase, Record
from stream.shop.shelf import next_change

logger = logging.getLogger(__name__)

_WATCH_S = 3.0
"""How often a process looks whether a merchant has published anew."""


class Published:
    """The live version of each merchant and its records. `on_news` is told of a merchant whose version has changed, or
    one of whose promotions begins or ends: what was true yesterday may not be said today."""

    def __init__(
        self,
        knowledge: KnowledgeBase,
        access: Registry,
        *,
        on_news: Callable[[str], Awaitable[None]],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`now` is the merchants' wall clock, without a zone."""
        self._knowledge = knowledge
        self._access = access
        self._on_news = on_news
        self._now = now
        self._until: dict[str, datetime] = {}
        """How long a merchant's records mean the same."""
        self._versions: dict[str, str | None] = {}
        self._records: dict[str, tuple[Record, ...]] = {}
        self._troubled: dict[str, str | None] = {}

    def records(self, merchant: str) -> tuple[Record, ...]:
        """The records of the live version; none for a merchant who has published nothing."""
        return self._records.get(merchant, ())

    def names(self, merchant: str) -> dict[str, str]:
        """Names of the products of the live version, by number."""
        return {record.id: record.name for record in self.records(merchant)}

    async def learn(self, merchant: str) -> None:
        """Read what is live of a merchant, and open its index so that the first question need not wait for it."""
        self._versions[merchant] = await self._learn(merchant)

    async def run(self) -> None:
        """Take over what is published, until cancelled. What could not be taken over is tried again, told once."""
        while True:
            await asyncio.sleep(_WATCH_S)
            try:
                merchants = [row.id for row in await self._access.merchants()]
            except DialogueError as exc:
                logger.warning("the merchants cannot be read, trying again: %s", exc)
                continue
            for merchant in merchants:
                await self._look(merchant)

    async def _look(self, merchant: str) -> None:
        version: str | None = None
        try:
            version = await self._knowledge.version(merchant)
            if version == self._versions.get(merchant):
                if self._now() >= self._until.get(merchant, datetime.max):
                    await self._on_news(merchant)
                    self._until[merchant] = next_change(self.records(merchant), now=self._now())
                return
            read = await self._learn(merchant)
            await self._on_news(merchant)
        except Exception:
            # One merchant's broken version, or a room that is being closed, holds up no other merchant's news.
            if self._troubled.get(merchant, "") != version:
                logger.exception("merchant %s: version %s was not taken over, trying again", merchant, version)
            self._troubled[merchant] = version
            return
        self._versions[merchant] = read
        self._troubled.pop(merchant, None)
        logger.info("merchant %s: version %s is live", merchant, read)

    async def _learn(self, merchant: str) -> str | None:
        version = await self._knowledge.version(merchant)
        self._records[merchant] = await self._knowledge.records(merchant)
        await self._knowledge.warm(merchant)
        self._until[merchant] = next_change(self.records(merchant), now=self._now())
        return version

"""What a service does by itself every hour: it takes away what has been kept long enough."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from dialogue import DialogueError
from dialogue.lead import Retention
from dialogue.store import LeadBook
from stream.output.retention import forget_all_recordings

logger = logging.getLogger(__name__)

_EVERY_S = 3600.0


async def forget_leads(leads: LeadBook, retention: Retention) -> None:
    """Take away what is older than the merchant promised to keep it; runs until it is cancelled."""
    while True:
        try:
            purged = await leads.purge(retention)
            while purged.more:
                purged = await leads.purge(retention)
        except DialogueError as exc:
            logger.warning("old leads were not taken away, trying again: %s", exc)
        await asyncio.sleep(_EVERY_S)


async def forget_recordings(data_dir: Path) -> None:
    """Take away old recordings, also those of rooms that record no more; runs until it is cancelled."""
    while True:
        try:
            gone = await asyncio.to_thread(forget_all_recordings, data_dir, now_s=time.time())
            if gone:
                logger.info("%d old recordings were deleted", gone)
        except OSError as exc:
            logger.warning("old recordings were not deleted, trying again: %s", exc)
        await asyncio.sleep(_EVERY_S)

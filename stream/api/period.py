"""What requests about a time have in common: moments, and the offset in which days are counted."""

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Annotated

from fastapi import Query

Merchant = Annotated[str | None, Query(max_length=64, description="needed only with the machine's own token")]
Moment = Annotated[int | None, Query(ge=0, le=253_402_300_799_999, description="milliseconds since 1970, UTC")]
Offset = Annotated[int, Query(ge=-720, le=840, description="minutes east of UTC in which days are counted")]


def zone_of(offset_minutes: int) -> tzinfo:
    """The zone that many minutes east of UTC."""
    return timezone(timedelta(minutes=offset_minutes))


def days_ago(days: int, zone: tzinfo, *, now: datetime) -> datetime:
    """The midnight with which today and the `days - 1` days before begin, in `zone`."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days - 1)

"""When nights are due, by the cron line of the configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim


def scheduled_before(cron: str, timezone: str, moment: datetime) -> datetime:
    """The newest scheduled moment before `moment`, both UTC without zone."""
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    return next(CronSim(cron, local, reverse=True)).astimezone(UTC).replace(tzinfo=None)

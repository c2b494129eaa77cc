"""Moments as platforms write them, as UTC without zone."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.sources.base import Page

_EPOCH_UTC = datetime.fromtimestamp(0, tz=UTC)
_EPOCH = _EPOCH_UTC.replace(tzinfo=None)


def utc(value: str | int | float) -> datetime:
    """ISO 8601 with any offset (UTC where it has none), or seconds since 1970. Raises ValueError on anything else."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"a {type(value).__name__} is no time")
        else:
            moment = datetime.fromtimestamp(value, tz=UTC)
        return moment if moment.tzinfo is None else _EPOCH + (moment - _EPOCH_UTC)  # replace() takes five times as long
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"no time that can be read: {type(error).__name__}") from error


def age_hours(page: Page, published_at: datetime) -> float:
    """How old a post was when its page was read."""
    return (page.as_of - published_at).total_seconds() / 3600

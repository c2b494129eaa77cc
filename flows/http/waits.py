"""How long an answer's headers ask us to wait: Retry-After, and quotas as platforms write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_EPOCH_FROM = 1_000_000_000  # a reset below this is seconds from now, above it seconds since 1970
_MILLISECONDS_FROM = 100_000_000_000
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the platform wants to be asked again (RFC 9110: a number or a date); None if it does not say."""
    value = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(value):
        return float(value)
    return _seconds_until(value, now, _http_date)


def quota_reset(headers: Mapping[str, str], now: datetime, *, is_used_up: bool = False) -> float | None:
    """Seconds until a used-up quota is filled again; None while some of it is left or nothing is said.

    Platforms write the moment as seconds from now (Reddit, RFC draft), seconds since 1970 (X, Bluesky) or ISO 8601
    (Mastodon); `RateLimit` may hold both parts (IETF draft). `is_used_up` says that the answer itself was a refusal.
    """
    both = headers.get("ratelimit", "")
    remaining = _first(headers, "remaining") or _part(both, "remaining|r")
    reset = (_first(headers, "reset") or _part(both, "reset|t")).strip()
    if not is_used_up and (_NUMBER.fullmatch(remaining.strip()) is None or float(remaining) >= 1):
        return None
    if not _NUMBER.fullmatch(reset):
        return _seconds_until(reset, now, datetime.fromisoformat)
    moment = float(reset)
    if moment >= _MILLISECONDS_FROM:
        moment /= 1000
    return moment if moment < _EPOCH_FROM else max(0.0, moment - now.replace(tzinfo=UTC).timestamp())


def _first(headers: Mapping[str, str], part: str) -> str:
    """X writes `x-rate-limit-…`, the RFC's draft `ratelimit-…`, most others `x-ratelimit-…`."""
    names = (f"x-ratelimit-{part}", f"ratelimit-{part}", f"x-rate-limit-{part}")
    return next((headers[name] for name in names if headers.get(name)), "")


def _part(header: str, names: str) -> str:
    found = re.search(rf"(?:^|[;,\s])(?:{names})=(\d+)", header)
    return found[1] if found else ""


def _http_date(value: str) -> datetime:
    return parsedate_to_datetime(value)


def _seconds_until(value: str, now: datetime, parse: Callable[[str], datetime]) -> float | None:
    try:
        moment = parse(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - now.replace(tzinfo=UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None

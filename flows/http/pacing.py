"""When the next request to a host may go: our own budget, and what the platform's headers say."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiolimiter import AsyncLimiter

from flows.errors import SourceError
from flows.sources.base import RateLimit

_EPOCH_FROM = 1_000_000_000  # a reset below this is seconds from now, above it seconds since 1970
_MILLISECONDS_FROM = 100_000_000_000
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?")


def utc_now() -> datetime:
    """The wall clock, UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Clock:
    """Time as the HTTP layer sees it; tests replace it."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the platform wants to be asked again (RFC 9110: a number or a date); None if it does not say."""
    value = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(value):
        return float(value)
    return _seconds_until(value, now, _http_date)


def quota_reset(headers: Mapping[str, str], now: datetime, *, is_used_up: bool = False) -> float | None:
    """Seconds until a used-up quota is filled again; None while some of it is left or nothing is said.

    Platforms write the moment as seconds from now (Reddit, RFC draft), seconds since 1970 (X, Bluesky) or ISO 8601
    (Mastodon); `RateLimit` may hold both parts (IETF draft). `is_used_up` says that the answer itself was a 429.
    """
    both = headers.get("ratelimit", "")
    remaining = headers.get("x-ratelimit-remaining") or headers.get("ratelimit-remaining") or _part(both, "remaining|r")
    reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or _part(both, "reset|t")
    if not is_used_up and (_NUMBER.fullmatch(remaining.strip()) is None or float(remaining) >= 1):
        return None
    reset = reset.strip()
    if not _NUMBER.fullmatch(reset):
        return _seconds_until(reset, now, datetime.fromisoformat)
    moment = float(reset)
    if moment >= _MILLISECONDS_FROM:
        moment /= 1000
    return moment if moment < _EPOCH_FROM else max(0.0, moment - now.replace(tzinfo=UTC).timestamp())


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


class Budget:
    """One host's turn-taking: never more than `rate`, and less where the platform's answers say so.

    A leaky bucket lets through capacity + leak x time. With a capacity of a tenth of the requests and a leak of
    (requests + 1 - capacity) / seconds, no span of `seconds` ever holds more than `requests`; the library's own
    setting (capacity = requests) would let nearly twice as many through in the first span.
    """

    def __init__(self, platform: str, rate: RateLimit, clock: Clock, longest_wait: float) -> None:
        capacity = max(1, rate.requests // 10)
        self._limiter = AsyncLimiter(capacity, capacity * rate.seconds / (rate.requests + 1 - capacity))
        self._platform = platform
        self._clock = clock
        self._longest_wait = longest_wait
        self._held_until = float("-inf")

    def hold(self, seconds: float) -> None:
        """Let no request go for this long; a shorter hold never ends a longer one."""
        self._held_until = max(self._held_until, self._clock.monotonic() + seconds)

    def heed(self, headers: Mapping[str, str], status: int) -> None:
        """Hold as long as an answer's headers ask for."""
        now = self._clock.now()
        wait = retry_after(headers, now) if status in {429, 503} else None
        if wait is None:
            wait = quota_reset(headers, now, is_used_up=status == 429)
        if wait:
            self.hold(wait)

    async def turn(self) -> float:
        """Wait until a request may go; returns the seconds waited. Raises SourceError where that is too far away."""
        began = self._clock.monotonic()
        await self._sit_out()  # before the limiter: those who waited together leave one by one
        await self._limiter.acquire()
        await self._sit_out()
        return self._clock.monotonic() - began

    async def _sit_out(self) -> None:
        while (wait := self._held_until - self._clock.monotonic()) > 0:
            if wait > self._longest_wait:
                raise SourceError(
                    self._platform,
                    f"it asks us to wait {wait:.0f} s, longer than the {self._longest_wait:.0f} s that a run waits; "
                    "the next run asks again from where this one stopped",
                )
            await self._clock.sleep(wait)

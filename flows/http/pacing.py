"""When the next request to a host may go: all the vendor's rates at once, and what the platform's answers say.

Sources run in threads, each with an event loop of its own, and those of one platform share a host's budget: so it is
kept under a lock, and whoever must wait sleeps outside of it and asks again.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.errors import QuotaError
from flows.http.quotas import Quotas
from flows.http.waits import quota_reset, retry_after
from flows.sources.access import RateLimit

TOO_MANY = frozenset({420, 429})  # 420: as old as Twitter, and still in use
_MARGIN = 1.03  # spans are taken longer, as a request may take longer to arrive than the one after it
MANY = 1000  # requests
_MOMENT = 1e-6  # seconds below which a wait is over: sums of floats never quite meet


def utc_now() -> datetime:
    """The wall clock, UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Clock:
    """Time as the HTTP layer sees it; tests replace it."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Allowance:
    """One rate, kept by the moments of the last requests: no span of `seconds` ever holds more than `requests`.

    Below MANY they also go evenly but for a hundredth, as the run before may just have used them up. Where there are
    more they may go at once: spread evenly, a night on a platform of 10,000 an hour would wait for its 101st.
    """

    def __init__(self, rate: RateLimit) -> None:
        self._counts = re.compile(rate.counts)
        self._span = rate.seconds * _MARGIN
        self._went: deque[float] = deque(maxlen=rate.requests)
        burst = max(1, rate.requests // 100)
        self._each = self._span / (rate.requests + 1 - burst) if rate.requests < MANY else 0.0
        self._slack = (burst - 1) * self._each
        self._next = float("-inf")  # when the next request is due

    def wait(self, line: str, now: float) -> float:
        """Seconds until a request may go that reads "GET /path?query"."""
        if not self._counts.search(line):
            return 0.0
        is_full = len(self._went) == self._went.maxlen
        return max(self._went[0] + self._span if is_full else now, self._next - self._slack) - now

    def take(self, line: str, now: float) -> None:
        """Count a request that goes now."""
        if self._counts.search(line):
            self._went.append(now)
            self._next = max(self._next, now) + self._each


class Budget:
    """One host's turn-taking: never more than its rates, and less where the platform's answers say so."""

    def __init__(self, platform: str, rates: Sequence[RateLimit], clock: Clock, longest_wait: float) -> None:
        self._allowances = [Allowance(rate) for rate in rates if rate.day_of is None]
        self._platform, self._clock, self._longest_wait = platform, clock, longest_wait
        self._held_until = float("-inf")
        self._lock = threading.Lock()

    def hold(self, seconds: float) -> None:
        """Let no request go for this long; a shorter hold never ends a longer one."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)

    def heed(self, headers: Mapping[str, str], status: int) -> None:
        """Hold as long as an answer's headers ask for."""
        now = self._clock.now()
        wait = retry_after(headers, now) if status == 503 or status in TOO_MANY else None
        if wait is None:
            wait = quota_reset(headers, now, is_used_up=status in TOO_MANY)
        if wait:
            self.hold(wait)

    async def turn(self, line: str, own: Sequence[Allowance] = (), quotas: Quotas | None = None) -> float:
        """Wait until a request may go, and count it; returns the seconds waited.

        `own` are limits of the one who asks. Raises QuotaError where the turn is too far away.
        """
        began = self._clock.monotonic()
        while (wait := self._attempt(line, [*self._allowances, *own], quotas)) > 0:
            await self._clock.sleep(wait)
        return self._clock.monotonic() - began

    def _attempt(self, line: str, allowances: Sequence[Allowance], quotas: Quotas | None) -> float:
        """Seconds to wait before the next attempt; 0: the request is counted everywhere and goes."""
        with self._lock:
            now = self._clock.monotonic()
            held = self._held_until - now
            if held > self._longest_wait:
                raise QuotaError(
                    self._platform,
                    f"it asks us to wait {held:.0f} s, longer than the {self._longest_wait:.0f} s that a run waits; "
                    "the next run asks again from where this one stopped",
                )
            wait = max(held, *(allowance.wait(line, now) for allowance in allowances), 0.0)
            if wait > _MOMENT:
                return wait
            if quotas:
                quotas.spend(line, self._clock.now())
            for allowance in allowances:
                allowance.take(line, now)
            return 0.0


class Budgets:
    """The budgets and daily quotas of a run, for all its sources; quotas outlive it in `folder`, if there is one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._budgets: dict[tuple[object, ...], Budget] = {}
        self._quotas: dict[tuple[object, ...], Quotas] = {}
        self._lock = threading.Lock()

    def of(
        self, platform: str, host: tuple[str, int], rates: Sequence[RateLimit], clock: Clock, longest_wait: float
    ) -> Budget:
        """The budget that all sources of a platform share at a host."""
        with self._lock:
            made = Budget(platform, rates, clock, longest_wait)
            return self._budgets.setdefault((platform, host, tuple(rates)), made)

    def quotas_of(
        self, platform: str, host: tuple[str, int], rates: Sequence[RateLimit], credential: Sequence[str]
    ) -> Quotas | None:
        """The daily quotas of a credential at a host; None where the platform has none."""
        daily = tuple(rate for rate in rates if rate.day_of)
        if not daily:
            return None
        with self._lock:
            made = Quotas(platform, daily, host, credential, self._folder)
            return self._quotas.setdefault((platform, host, daily, tuple(credential)), made)

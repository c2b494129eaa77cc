"""How much of what a vendor allows is used where there is work all the time, and how much the vendor refuses.

The client's pacing against the limits of the sandbox's façades, which are written from the vendors' pages apart from
it. Time passes only when the client waits, and what it sends is under way for up to 20 ms: so the numbers are exact,
and hours take seconds. Daily quotas are left out: they are used up, not paced.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from flows.http import Clock
from flows.http.pacing import Budget
from flows.sandbox.platforms import FACADES
from flows.sandbox.platforms.facade import Facade
from flows.sandbox.platforms.limits import Limit, Limiter
from flows.sandbox.server import REQUESTS_PER_HOUR
from flows.sources import SOURCES
from flows.sources.access import RateLimit
from flows.sources.base import Source

SPANS, REQUESTS = 3, 1_000  # measured at least, after a first span, which may hold a burst
UNDER_WAY = (0.0, 0.02, 0.005, 0.012)  # seconds
A_DAY = 86_400
OTHERS = {"hackernews": lambda: [Limit(REQUESTS_PER_HOUR, 3600, "https://hn.algolia.com/api")]}
"""Limits of the sandbox's own server, which is no façade."""
LINES = (
    "GET /posts?id=1", "GET /posts?max_id=1", "GET /search.json?q=acme", "GET /api/v3/search?q=acme",
    "POST /xrpc/com.atproto.server.createSession", "GET /2/tweets/search/recent?query=acme",
    "GET /2/tweets/counts/recent?query=acme", "GET /2/users/by/username/acme", "GET /2/tweets?ids=1",
    "GET /2/users/1/tweets?max_results=5",
)  # fmt: skip
"""Requests of which each limit concerns one."""


def main() -> None:
    for source in SOURCES:
        platform, facade = source.platform, FACADES.get(source.platform)
        limits = facade.limits if facade else OTHERS.get(platform, list)
        short = [limit for limit in limits() if limit.seconds < A_DAY]
        if not short and facade:
            print(f"rates: {platform}: the vendor tells no limit but of a day")
        for line in _lines(short):
            used, refused, allowed = asyncio.run(_worked(platform, line, limits, _rates(source, facade)))
            print(f"rates: {platform} {line.split('?')[0]}: {used:.1%} of {allowed:g} a minute used, {refused} refused")


def _lines(limits: Sequence[Limit]) -> Iterator[str]:
    """A request for each limit, the same once."""
    found = [next((line for line in LINES if limit.concerns(line)), None) for limit in limits]
    if None in found:
        raise SystemExit("a limit concerns none of LINES: add a request that it counts")
    yield from dict.fromkeys(line for line in found if line)


async def _worked(
    platform: str, line: str, told: Callable[[], Sequence[Limit]], rates: Sequence[RateLimit]
) -> tuple[float, int, float]:
    """The share used of what the tightest limit allows, how many were refused, and what it allows in a minute."""
    now, ways = 0.0, itertools.cycle(UNDER_WAY)

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    limits = [limit for limit in told() if limit.seconds < A_DAY and limit.concerns(line)]
    arrived = 0.0
    for limit in limits:
        limit.clock = lambda: arrived
    limiter = Limiter(limits)
    began = datetime(2026, 6, 1, 2)
    clock = Clock(now=lambda: began + timedelta(seconds=now), monotonic=lambda: now, sleep=sleep)
    budget = Budget(platform, rates, clock, longest_wait=900)
    allowed = min(limit.requests / limit.seconds for limit in limits)
    span, sent = max(limit.seconds for limit in limits), 0
    until = span + max(SPANS * span, REQUESTS / allowed)
    while now < until:
        await budget.turn(line)
        sent += now >= span
        arrived = max(arrived, now + next(ways))
        limiter.admit(line)
    return sent / (now - span) / allowed, limiter.refused, 60 * allowed


def _rates(source: Source, facade: Facade | None) -> Sequence[RateLimit]:
    """What the client holds to with the credentials of the sandbox."""
    if source.credentials is None or facade is None:
        return source.rates
    told = {"name": facade.platform, "type": facade.platform, **dict(facade.options)}
    asked = {
        key: value.replace("{url}", "http://localhost") if isinstance(value, str) else value
        for key, value in told.items()
    }
    return source.credentials(source.options.model_validate(asked), facade.secrets).rates or source.rates


if __name__ == "__main__":
    main()

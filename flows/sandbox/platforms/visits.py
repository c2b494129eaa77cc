"""What the analytics of two sites know: visits by day, referrer and landing page, and how they grow.

A small truth of its own, as no post of a stage tells of visits: a row for each of the world's days, each way to a site
and each page. A day fills up evenly until it ends; a day later the last of its visits are told, as vendors say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from flows.sandbox.world import World

SITES = {"acme.example": 7, "shop.acme.example": 8}
"""Numbers, as Matomo has them, by name."""
DIRECT, SEARCH, WEBSITE, SOCIAL = 1, 2, 3, 7
"""Matomo's numbers of the ways to a site."""
WAYS = (
    (DIRECT, ""), (SEARCH, "Google"), (SEARCH, "Bing"), (WEBSITE, "news.ycombinator.com"),
    (WEBSITE, "travel.example"), (SOCIAL, "Twitter"), (SOCIAL, "Reddit"), (SOCIAL, "Mastodon"),
)  # fmt: skip
PAGES = ("/", "/booking")
LATE = 0.1  # share of a day's visits that is told a day late
FEWEST, MOST = 10, 100  # visits of a row: a whole percentage of fewer than a hundred tells the number exactly


@dataclass(frozen=True)
class Visits:
    """One row as of a moment; `way` is one of WAYS."""

    site: str
    day: date
    way: tuple[int, str]
    page: str
    visits: int
    bounces: int
    conversions: int


def told(world: World, now: datetime) -> list[Visits]:
    """All rows with visits, oldest day first."""
    rows = (each for day in _days(world, now) for site in SITES for each in _of_day(site, day, now))
    return [each for each in rows if each.visits]


def _days(world: World, now: datetime) -> list[date]:
    first = (world.end - timedelta(days=world.days)).date()
    return [first + timedelta(days=n) for n in range((now.date() - first).days + 1)]


def _of_day(site: str, day: date, now: datetime) -> list[Visits]:
    begun = (now - datetime(day.year, day.month, day.day)) / timedelta(days=1)  # noqa: DTZ001 - UTC without zone
    share = min(begun, 1.0) * (1.0 if begun >= 2 else 1 - LATE)
    rng = np.random.default_rng([SITES[site], day.toordinal()])
    final = rng.integers(FEWEST, MOST, (len(WAYS), len(PAGES)))
    rates = rng.random((2, len(WAYS), len(PAGES)))
    return [
        Visits(site, day, way, page, visits, int(visits * rates[0, at, on]), int(visits * rates[1, at, on] / 10))
        for at, way in enumerate(WAYS)
        for on, page in enumerate(PAGES)
        for visits in [int(final[at, on] * share)]
    ]

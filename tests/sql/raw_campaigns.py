"""What campaigns add to the nights: three of them, with the messages they spread and a month that was asked before."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

CAMPAIGNS = (
    ("acme-spring", "Acme Spring", "campaign", True, "acme", "airlines"),
    ("bolt-bold", "Bolt Bold", "campaign", False, "bolt", "airlines"),
    ("rail-sale", "Rail Sale", "campaign", False, None, "rail"),  # nobody's but its own
)
RUNS = (
    ("acme-spring", date(2026, 3, 12), date(2026, 4, 10), 900.0, "EUR"),
    ("bolt-bold", date(2026, 3, 20), date(2026, 3, 31), None, None),
    ("rail-sale", date(2026, 2, 25), date(2026, 3, 27), 77.0, "GBP"),
)
MESSAGES = (
    ("m1", "acme-spring", "lighter", None),
    ("m2", "acme-spring", None, "spring"),
    ("m3", "acme", "SAID", None),
    ("m4", "bolt-bold", None, "spring"),
)
SPEAKERS = ("x:desk0", "x:desk1", "hackernews:desk2", "x:a0", "x:a1", "hackernews:a0")
"""Those who answer for a brand, and customers."""  # fmt: skip


class CampaignNights:
    """The part of `Nights` in which campaigns run."""

    con: duckdb.DuckDBPyConnection
    dice: random.Random
    as_of: datetime
    mentions: dict[str, dict[str, Any]]
    _attempt: Callable[..., Sequence[Any]]
    _store: Callable[[dict[str, Any]], None]
    _recount: Callable[[str], None]
    _score: Callable[[Sequence[str]], None]

    def _launch(self) -> None:
        """Set up before the first night; most of the days before it were asked of all topics, a few without success."""
        self.con.executemany("insert into raw.campaign values (?, ?, ?, ?, ?)", RUNS)
        self.con.executemany("insert into raw.message values (?, ?, ?, ?)", MESSAGES)
        midnight = self.as_of.replace(hour=23, minute=0) - timedelta(days=50)  # Berlin's, in winter
        days = [midnight + timedelta(days=number) for number in range(48)]
        rows = [
            self._attempt("s", "x", "discover", None, day, day + timedelta(days=1), is_covered=self.dice.random() < 0.8)
            for day in days
        ]
        self.con.executemany(f"insert into raw.collection values ({', '.join('?' * 18)})", rows)
        for _ in range(30):
            self._spread()

    def _spread(self) -> None:
        """A post of a campaign or its brand, in the weeks before and while it runs."""
        author = self.dice.choice(SPEAKERS)
        platform = author.split(":")[0]
        campaign, _, _, _, brand, _ = self.dice.choice(CAMPAIGNS)
        at = self.as_of - timedelta(days=self.dice.uniform(0, 40))
        key = f"{platform}:{len(self.mentions)}"
        self._store({
            "mention_id": key, "platform": platform, "kind": self.dice.choice(("post", "quote", "reply")),
            "author_id": author, "published_at": at, "deleted_at": None, "parent_id": None, "root_id": None,
            "handles": [], "found_by": self.dice.choice(("query", "query", "account")),
            "entities": self.dice.choice(([campaign, brand or "cora"], [campaign], [brand or campaign])),
            "hashtags": self.dice.choice((None, ["spring"], ["other"])),
        })  # fmt: skip
        if self.dice.random() < 0.7:
            self._recount(key)
        if self.dice.random() < 0.7:
            self._score([key])

"""What visits add to the nights: days of own sites, told and told anew, and mentions that link to them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import duckdb

SITES = (("acme.example", "acme", ["/contact"]), ("shop", "bolt", ["/help", "/contact"]))
TOLD = ("acme.example", "www.bolt.example", "shop")  # one of which belongs to no entity, one whose name is no host
WAYS = (("t.co", "x"), ("twitter.com", "x"), ("news.ycombinator.com", "hackernews"), ("search", None))
PAGES = ("", "/", "/contact", "/contact/", "/help", "/book?step=1")
LINKS = (
    "https://acme.example/contact", "HTTPS://WWW.Acme.example/contact/?by=x#form", "https://acme.example",
    "http://bolt.example:8080/help", "https://acme.example@evil.example/contact", "no link", "https://t.example/a",
    "https://web.example/https://acme.example/contact", "https://acme.example/book?step=2",
)  # fmt: skip


class VisitNights:
    """The part of `Nights` in which sites are visited."""

    con: duckdb.DuckDBPyConnection
    dice: random.Random
    load_seq: int
    night: int
    as_of: datetime
    mentions: dict[str, dict[str, Any]]

    def _visit(self) -> None:
        """The last days, some of them anew; the first night tells weeks, and what asked for them."""
        is_first = self.load_seq == 1
        today = self.as_of.date()
        told: dict[tuple[object, ...], list[object]] = {}
        for back in range(70) if is_first else (0, 1, 3):
            if self.dice.random() < 0.85:
                key = ("acme.example", today - timedelta(days=back), WAYS[0][0], "/contact")
                told[key] = self._counts(WAYS[0][1], self.dice.randint(0, 9))
        for _ in range(60 if is_first else 8):
            day = today - timedelta(days=self.dice.randint(0, 60 if is_first else 4))
            way = self.dice.choice(WAYS)
            key = (self.dice.choice(TOLD), day, way[0], self.dice.choice(PAGES))
            told[key] = self._counts(way[1], self.dice.randint(0, 9) * self.dice.choice((1, 1, 20)))
        same = "(site, visit_date, referrer, landing_page) = (?, ?, ?, ?)"
        self.con.executemany(f"delete from raw.referral_daily where {same}", [list(key) for key in told])
        rows = [[*key, *counts, self.as_of, self.load_seq] for key, counts in told.items()]
        self.con.executemany(
            "insert into raw.referral_daily (site, visit_date, referrer, landing_page, platform, sessions, "
            "engaged_sessions, conversions, captured_at, load_seq, source) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'stats')",
            rows,
        )
        start = self.as_of - timedelta(days=40 if is_first else 2)
        asked = [f"run-{self.night}", "stats", "plausible", "read", None, f"read-stats-{self.night}", start, self.as_of,
                 self.as_of, self.dice.random() < 0.8, 1, 9, 0, 0, 0, 0, None, self.load_seq]  # fmt: skip
        self.con.execute(f"insert into raw.collection values ({', '.join('?' * len(asked))})", asked)

    def _counts(self, platform: str | None, visits: int) -> list[object]:
        counts = (visits, self.dice.randint(0, visits), self.dice.randint(0, 3))
        return [platform, *(None if self.dice.random() < 0.1 else count for count in counts)]

    def _link(self) -> None:
        """Some mentions turn out to link somewhere, or not any more."""
        for key in self.dice.sample(list(self.mentions), min(15, len(self.mentions))):
            links = self.dice.sample(LINKS, self.dice.choice((0, 1, 2, 3)))
            self.con.execute("update raw.mention set links = ? where mention_id = ?", [links, key])
            self._touch(self.mentions[key], "new")

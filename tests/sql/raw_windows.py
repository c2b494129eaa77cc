"""What was asked of the platforms in the nights: days of topics, some of which fail, and files that serve all."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

ZONE = "Europe/Berlin"  # its clocks change on 2026-03-29, within the nights


class WindowNights:
    """The part of `Nights` in which sources are asked."""

    con: duckdb.DuckDBPyConnection
    dice: random.Random
    seed: int
    load_seq: int
    night: int
    as_of: datetime

    def _collect(self) -> None:
        """Attempts at day windows of the last nights, some of which fail; sometimes a file that serves all topics."""
        rows: list[Sequence[object]] = []
        for source, platform in (("x", "x"), ("hn", "hackernews")):
            for topic in ("acme", "bolt", "acme-lounge"):
                for start, end in _days(self.as_of - timedelta(days=2), self.as_of):
                    covered = self.dice.random() < 0.6
                    if self.dice.random() < 0.5:
                        rows.append(self._attempt(source, platform, "discover", topic, start, end, is_covered=covered))
        if self.dice.random() < 0.4:
            start = self.as_of - timedelta(hours=self.dice.uniform(30, 100))
            end = start + timedelta(hours=self.dice.choice((0, 5, 29)))
            rows.append(self._attempt("export", "weibo", "read", None, start, end, is_covered=True))
        rows.append(self._attempt("x", "x", "refresh", None, None, None, is_covered=True))
        self._keep(rows)

    def _browse(self) -> None:
        """Two feeds of a source, a day at a time, and two sites' visits; the dice are its own: no other thing moves."""
        dice = random.Random(f"{self.seed} browses {self.load_seq}")
        asked: list[tuple[str, str, str, datetime, datetime]] = [
            ("feeds", "weibo", feed, start, end)
            for feed in ("f0ad", "f1ad")
            for start, end in _days(self.as_of - timedelta(days=2), self.as_of)
            if dice.random() < 0.6
        ]
        start = self.as_of - timedelta(days=40 if self.load_seq == 1 else 2)
        asked += [("stats", "plausible", site, start, self.as_of) for site in ("51te", "0ther")]
        rows = []
        for source, platform, channel, start, end in asked:
            window = f"{dice.choice(('browse', 'back'))}-{channel}-{start}-{end}"
            told = [dice.random() < 0.8, 1, dice.choice((0, 9)), 0, dice.choice((0, 2)), dice.choice((0, 0, 3)), 0]
            about = [f"run-{self.night}", source, platform, "browse", None, window, start, end, self.as_of]
            rows.append([*about, *told, None, self.load_seq])
        self._keep(rows)

    def _keep(self, rows: Sequence[Sequence[Any]]) -> None:
        """The attempts, and what loads made of their items: a window may span two, and of the first night's nothing is
        known. The dice are its own."""
        self.con.executemany(f"insert into raw.collection values ({', '.join('?' * 18)})", rows)
        dice = random.Random(f"{self.seed} books {self.load_seq} {len(rows)}")
        booked = []
        for run, source, _, _, _, window, *_, items, rejected, quarantined, _, _, _, load_seq in rows:
            parts = dice.choice(([items], [items // 3, items - items // 3])) if items and load_seq > 1 else []
            for part, fetched in enumerate(parts):
                duplicate = dice.randint(0, fetched)
                of_last = [rejected, quarantined] if part == len(parts) - 1 else [0, 0]
                counts = [fetched, fetched - duplicate, duplicate, *of_last]
                booked.append([f"batch-{load_seq}-{part}", load_seq, run, source, window, *counts])
        if booked:
            self.con.executemany(f"insert into raw.load_window values ({', '.join('?' * 10)})", booked)

    def _attempt(
        self, source: str, platform: str, verb: str, topic: str | None, start: datetime | None, end: datetime | None,
        *, is_covered: bool,
    ) -> Sequence[object]:  # fmt: skip
        items = self.dice.choice((0, 40, 100))
        lost = self.dice.choice((0, 0, 7))
        asked_at = self.as_of + timedelta(minutes=self.dice.randint(1, 50))
        window = f"{verb}-{source}-{topic}-{start}-{end}"
        return [f"run-{self.night}", source, platform, verb, topic, window, start, end, asked_at, is_covered, 1, items,
                items // 4, self.dice.choice((0, 2)), lost, self.dice.choice((0, 3)), None, self.load_seq]  # fmt: skip


def _days(first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """Berlin's days from the one that holds `first`, each up to `last` at most."""
    zone, utc = ZoneInfo(ZONE), ZoneInfo("UTC")
    day: date = first.replace(tzinfo=utc).astimezone(zone).date()
    spans = []
    while (start := _midnight(day, zone)) < last:
        day += timedelta(days=1)
        spans.append((start, min(_midnight(day, zone), last)))
    return spans


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

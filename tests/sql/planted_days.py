"""A seeded warehouse of planted days: bursts, one loud author, a loud platform, a slow rise, days that nobody asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

MIGRATIONS = sorted((Path(__file__).parents[2] / "warehouse/migrations").glob("*.sql"))
FIRST = date(2026, 1, 1)
DAYS = 90
ENTITIES = {"acme": None, "bolt": None, "cora": None, "acme-lounge": "acme"}
PLATFORMS = ("x", "weibo")
UNCOVERED = {("x", 20), ("x", 61), ("weibo", 70)}  # days of incomplete collection


class Planted:
    """Posts by entity, platform and day, with what is out of the ordinary about some of them."""

    def __init__(self, path: Path) -> None:
        self.path, self.dice, self.number, self.load_seq = path, np.random.default_rng(5), 0, 0
        with duckdb.connect(str(path)) as con:
            for migration in MIGRATIONS:
                con.execute(migration.read_text("utf-8"))
            rows = [(entity, entity, "product" if up else "brand", True, up, "s") for entity, up in ENTITIES.items()]
            con.executemany("insert into raw.entity values (?, ?, ?, ?, ?, ?)", rows)
            days = [FIRST + timedelta(days=number) for number in (62, 80)]
            con.execute("insert into raw.campaign values ('acme-lounge', ?, ?, 95, 'EUR')", days)

    def night(self, first: int, last: int, extra: list[tuple[int, str, str]] | None = None) -> None:
        """Load the days [first, last), as seen the morning after; `extra` are posts of older days that come late."""
        self.load_seq += 1
        as_of = datetime.combine(FIRST + timedelta(days=last), datetime.min.time()) + timedelta(hours=2)
        posts = [post for day in range(first, last) for post in self._day(day)]
        posts += [self._post(day, entity, platform, "negative") for day, entity, platform in extra or []]
        with duckdb.connect(str(self.path)) as con:
            run = f"run-{self.load_seq}"
            con.execute("insert into raw.run values (?, ?, ?)", [run, as_of, as_of])
            con.execute(
                "insert into raw.load values (?, ?, ?, 's', 0, 0, 0, 0, 0, 0, 0, ?)",
                [f"b-{self.load_seq}", self.load_seq, run, as_of],
            )
            self._insert(con, posts, as_of)
            for day in range(first, last):
                self._collect(con, run, day, as_of)

    def _day(self, day: int) -> list[tuple[Any, ...]]:
        posts: list[tuple[Any, ...]] = []
        weekday = (1.2, 1.0, 1.1, 1.0, 0.9, 0.6, 0.5)[day % 7]
        for entity, base in (("acme", 18), ("bolt", 20), ("cora", 17), ("acme-lounge", 3)):
            for platform in PLATFORMS:
                mean = base * weekday * (2.6 if day == 50 and platform == "x" else 1)  # the platform is loud as a whole
                mean *= 1 + max(0, day - 78) * 0.14 if entity == "cora" else 1  # rises slowly
                moods = self.dice.choice(
                    ["negative", "positive", "neutral"], self.dice.poisson(mean), p=[0.2, 0.3, 0.5]
                )
                posts += [self._post(day, entity, platform, str(mood)) for mood in moods]
        if day in (66, 67):
            posts += [self._post(day, "acme", "x", "negative") for _ in range(40)]
        if day == 72:  # one author shouts
            posts += [self._post(day, "bolt", "x", "negative", "x:loud") for _ in range(60)]
        return posts

    def _post(self, day: int, entity: str, platform: str, mood: str, author: str | None = None) -> tuple[Any, ...]:
        self.number += 1
        at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time()) + timedelta(
            seconds=self.number % 80_000
        )
        return (
            f"{platform}:{self.number}",
            platform,
            author or f"{platform}:a{self.dice.integers(400)}",
            at,
            entity,
            mood,
        )

    def _insert(self, con: duckdb.DuckDBPyConnection, posts: list[tuple[Any, ...]], as_of: datetime) -> None:
        said = self.path.with_name("said.parquet")
        names = ["id", "platform", "author", "said_at", "entity", "mood"]
        pl.DataFrame(posts, schema=names, orient="row").write_parquet(said)
        con.execute("create temp table post as from read_parquet(?)", [str(said)])
        con.execute(
            "insert into raw.mention by name select id as mention_id, platform, id as native_id, 'post' as kind, "
            "author as author_id, 'said' as text, said_at as published_at, 'query' as found_by, 's' as source, "
            "$as_of as first_seen_at, $as_of as seen_at, 0 as content_hash, $seq as load_seq from post",
            {"as_of": as_of, "seq": self.load_seq},
        )
        con.execute("insert into raw.mention_entity select id, entity, ['said'], ? from post", [self.load_seq])
        con.execute(
            "insert into raw.text_signal by name select id as mention_id, 'm1' as model_version, $as_of as scored_at, "
            "mood as sentiment, 0.9 as sentiment_confidence, ['said', mood] as terms, $seq as load_seq from post "
            "where said_at::date <> '2026-02-05'",  # a day whose texts nobody scored
            {"as_of": as_of, "seq": self.load_seq},
        )
        con.execute(
            "insert into raw.engagement_snapshot by name select id as mention_id, $as_of as captured_at, "
            "1 as age_hours, split_part(id, ':', 2)::bigint * 37 % 11 as likes, $seq as load_seq from post "
            "where split_part(id, ':', 2)::bigint % 5 > 0",  # of some posts no count is told
            {"as_of": as_of, "seq": self.load_seq},
        )
        con.execute(
            "insert into raw.touched select ?, id, entity, platform, author, null, said_at, 'new' from post",
            [self.load_seq],
        )

    def _collect(self, con: duckdb.DuckDBPyConnection, run: str, day: int, as_of: datetime) -> None:
        start = datetime.combine(FIRST + timedelta(days=day), datetime.min.time())
        for platform in PLATFORMS:
            row = [run, platform, platform, f"{platform}-{day}", start, start + timedelta(days=1), as_of]
            con.execute(
                "insert into raw.collection values "
                "(?, ?, ?, 'discover', null, ?, ?, ?, ?, ?, 1, 1, 0, 0, 0, 0, null, ?)",
                [*row, (platform, day) not in UNCOVERED, self.load_seq],
            )

    def delete(self, day: int, entity: str, count: int) -> None:
        """What was said is taken back."""
        self.load_seq += 1
        with duckdb.connect(str(self.path)) as con:
            con.execute(
                "insert into raw.load values (?, ?, 'run-1', 's', 0, 0, 0, 0, 0, 0, 0, now()::timestamp)",
                [f"b-{self.load_seq}", self.load_seq],
            )
            gone = con.execute(
                "select mention_id, platform, author_id, published_at from raw.mention join raw.mention_entity using "
                "(mention_id) where entity_id = ? and published_at::date = ? order by 1 limit ?",
                [entity, FIRST + timedelta(days=day), count],
            ).fetchall()
            for key, platform, author, at in gone:
                con.execute("update raw.mention set deleted_at = published_at where mention_id = ?", [key])
                for state in ("old", "new"):
                    con.execute(
                        "insert into raw.touched values (?, ?, ?, ?, ?, null, ?, ?)",
                        [self.load_seq, key, entity, platform, author, at, state],
                    )

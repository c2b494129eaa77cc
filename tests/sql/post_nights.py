"""A seeded warehouse of posts that are read at the ages of the ladder: brands' own, and a crowd whose followers tell
what to expect. Nights bring what is due and all that may come late."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

MIGRATIONS = sorted((Path(__file__).parents[2] / "warehouse/migrations").glob("*.sql"))
FIRST_NIGHT = datetime(2026, 3, 27, 3)  # two nights before Berlin's clocks change
LADDER = (1, 3, 6, 24, 72, 168, 720)
TRACKED = (("x", "acme", "acme", "owned"), ("x", "bolt", "bolt", "owned"), ("hackernews", "bolt", "bolt", "owned"),
           ("x", "dana", "acme", "employee"), ("x", "gazette", None, "media"))  # fmt: skip
ACCOUNTS = {"x:acme": "acme", "x:bolt": "bolt", "hackernews:bolt": "bolt", "x:c0": "dana", "x:c1": "gazette"}
OFFSPRING = (("lighter", "Lighter", "campaign"), ("lounge", "Lounge", "product"), ("cargo", "Cargo", "product"))
MESSAGES = (("a", "acme", "we listen", None), ("b", "lighter", "FLY lighter", None), ("c", "lighter", None, "light"),
            ("d", "lounge", None, "lounge"))  # fmt: skip
TEXTS = ("said", "Fly Lighter with us", "said lighter", "We listen.", "said")
TAGS: tuple[list[str], ...] = ([], ["light"], [], [], ["lounge", "lights"], [], [])
CROWD = [f"x:c{number}" for number in range(64)]
COUNTS = ("likes", "replies", "reposts", "quotes", "views", "upvotes")
COLUMNS = {
    "mention": "(mention_id, platform, native_id, kind, author_id, text, published_at, deleted_at, links, hashtags, "
    "handles, media_formats, found_by, source, first_seen_at, seen_at, content_hash, load_seq)",
    "engagement_snapshot": f"(mention_id, captured_at, age_hours, {', '.join(COUNTS)}, load_seq)",
}
HISTORY = timedelta(days=100)


@dataclass
class PostNights:
    """State of the platforms and of the warehouse that reads them; every choice is the seed's."""

    path: Path
    seed: int
    load_seq: int = 0
    as_of: datetime = FIRST_NIGHT - timedelta(days=1)
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    read: set[tuple[str, datetime]] = field(default_factory=set)
    reach: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        with duckdb.connect(str(self.path)) as con:
            for migration in MIGRATIONS:
                con.execute(migration.read_text("utf-8"))
            for entity in ("acme", "bolt"):
                con.execute("insert into raw.entity values ($1, $1, 'brand', $1 = 'acme', null, 'air')", [entity])
            con.executemany("insert into raw.entity values (?, ?, ?, true, 'acme', 'air')", OFFSPRING)
            con.executemany("insert into raw.tracked_account values (?, ?, ?, ?, null)", TRACKED)
            con.execute("update raw.tracked_account set department = 'press' where handle = 'dana'")
            con.execute("insert into raw.campaign values ('lighter', date '2026-02-04', date '2026-03-12', null, null)")
            con.executemany("insert into raw.message values (?, ?, ?, ?)", MESSAGES)
            settings = {"weight_replies": "0.7", "weight_shares": "2.3", "overperformance_minimum": "6"}
            con.executemany("insert into raw.setting values (?, ?)", list(settings.items()))

    def live(self) -> None:
        """One night; the first brings a hundred days of history, read at their time."""
        is_first = self.load_seq == 0
        before = self.as_of
        self.as_of += timedelta(days=1 if is_first else self.dice.choice((1, 1, 2)))  # a skipped night now and then
        self.load_seq += 1
        self.rows: dict[str, list[list[Any]]] = {}
        self.touched: list[list[Any]] = []
        self._add("run", [f"run-{self.load_seq}", self.as_of, self.as_of])
        self._add("load", [f"b{self.load_seq}", self.load_seq, f"run-{self.load_seq}", "s", *[0] * 7, self.as_of])
        with duckdb.connect(str(self.path)) as self.con:
            self.con.execute("begin")
            self._collect(self.as_of - HISTORY if is_first else before)
            if is_first:
                self._begin()
            else:
                for _ in range(6):
                    self._publish(self.as_of - timedelta(hours=self.dice.uniform(0, 50)))
                self._read_what_is_due()
                late = [self._read_late, self._read_late, self._edit, self._delete, self._rematch, self._follow_late,
                        self._rename]  # fmt: skip
                for change in self.dice.sample(late, self.dice.choice((0, 1, len(late)))):  # few: many hide each other
                    change()
            self._follow(CROWD + list(ACCOUNTS) if is_first else [*self.dice.sample(CROWD, 9), "x:acme"])
            self._write()
            self.con.execute("commit")

    def _add(self, table: str, row: list[Any]) -> None:
        self.rows.setdefault(table, []).append(row)

    def _write(self) -> None:
        """A few hundred rows a statement: one row a statement takes twenty times as long."""
        for table, rows in {**self.rows, "touched": self.touched}.items():
            for start in range(0, len(rows), 250):
                part = rows[start : start + 250]
                marks = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(part))
                values = [value for row in part for value in row]
                self.con.execute(f"insert into raw.{table} {COLUMNS.get(table, '')} values {marks}", values)

    def _begin(self) -> None:
        for account in dict.fromkeys((*ACCOUNTS, *CROWD)):
            self.reach[account] = int(10 ** self.dice.uniform(0, 5))
            self._meet(account, ACCOUNTS.get(account, account[2:]))
        for author, count in {"x:acme": 300, "x:bolt": 24, "hackernews:bolt": 30}.items():
            for _ in range(count):
                self._publish(self._past(), author)
        for _ in range(700):
            self._publish(self._past())
        for key, post in self.posts.items():
            for hours in LADDER:
                at = post["published_at"] + timedelta(seconds=int(hours * 3600 * self.dice.uniform(1, 1.6)))
                if at <= self.as_of and self.dice.random() < 0.85:
                    self._snapshot(key, at)

    def _past(self) -> datetime:
        return self.as_of - timedelta(seconds=self.dice.randrange(int(HISTORY.total_seconds())))

    def _meet(self, account: str, handle: str) -> None:
        self.con.execute("delete from raw.account where account_id = ?", [account])
        row = [account, account.split(":")[0], account, handle, None, None, None, None, self.as_of, self.as_of]
        self._add("account", [*row, self.load_seq])

    def _publish(self, at: datetime, author: str | None = None) -> None:
        author = author or self.dice.choice((*CROWD, "x:acme", "x:acme", "x:bolt", "hackernews:bolt"))
        if self.dice.random() < 0.1:
            at = at.replace(hour=22, minute=0, second=0, microsecond=0)  # Berlin's midnight, in summer
        if len(self.posts) % 4 == 0:  # a desk posts on Monday evenings: an hour of the week with enough to score
            at = (at - timedelta(days=at.weekday())).replace(hour=17, minute=0, second=0, microsecond=0)
        key = f"{author.split(':')[0]}:{len(self.posts)}"
        post = {
            "author_id": author, "published_at": at, "deleted_at": None,
            "kind": self.dice.choice([*["post"] * 8, "quote", "reply"]),
            "media_formats": self.dice.choice([*[[]] * 6, ["image"], ["link", "video"]]),
        }  # fmt: skip
        self._store(key, post)

    def _store(self, key: str, post: dict[str, Any]) -> None:
        """Replace a post by key and write down both states, as the loader does."""
        if key in self.posts:
            self._touch(key, "old")
            self.con.execute("delete from raw.mention where mention_id = ?", [key])
            self.rows["mention"] = [row for row in self.rows.get("mention", []) if row[0] != key]
        self.posts[key] = post
        self._touch(key, "new")
        at = post["published_at"]
        platform, number = key.split(":")
        text, tags = TEXTS[int(number) % len(TEXTS)], TAGS[int(number) % len(TAGS)]
        row = [key, platform, key, post["kind"], post["author_id"], text, at, post["deleted_at"], [], tags, []]
        self._add("mention", [*row, post["media_formats"], "account", "s", at, at, 0, self.load_seq])

    def _touch(self, key: str, state: str) -> None:
        post = self.posts[key]
        row = [self.load_seq, key, None, key.split(":")[0], post["author_id"], None, post["published_at"], state]
        self.touched.append(row)

    def _snapshot(self, key: str, at: datetime) -> None:
        if (key, at) in self.read:
            return
        self.read.add((key, at))
        post = self.posts[key]
        age = (at - post["published_at"]).total_seconds() / 3600
        size = 3 * self.reach.get(post["author_id"], 1) ** 0.5 * (1 - 0.5 ** (age / 8))
        told = [None if self.dice.random() < 0.08 else int(size * self.dice.lognormvariate(0, 1)) for _ in range(6)]
        if key.startswith("hackernews"):
            told = [None, told[1], None, None, None, self.dice.randint(-5, 40)]
        if self.dice.random() < 0.03:
            told = [None] * 6
        self._add("engagement_snapshot", [key, at, age, *told, self.load_seq])
        self._touch(key, "new")

    def _read_what_is_due(self) -> None:
        for key, post in self.posts.items():
            hours = (self.as_of - post["published_at"]) / timedelta(hours=1)
            if any(age <= hours < (48 if age == 24 else 1.5 * age) for age in LADDER) and self.dice.random() < 0.6:
                self._snapshot(key, self.as_of)

    def _read_late(self) -> None:
        """Readings of more than 30 days ago that a file brings, at ages that a stored reading may serve already."""
        old = [key for key, post in self.posts.items() if self.as_of - post["published_at"] > timedelta(days=32)]
        for key in self.dice.sample(old, 5):
            hours = self.dice.choice((24, 24, 26, 72, 169))
            at = self.posts[key]["published_at"] + timedelta(hours=hours)
            if self.as_of - at > timedelta(days=30):
                self._snapshot(key, at)

    def _edit(self) -> None:
        for key in self.dice.sample(list(self.posts), 4):
            post = dict(self.posts[key])
            post["published_at"] += timedelta(hours=self.dice.choice((-40, -3, 3, 40)))
            post["kind"] = self.dice.choice(("post", "reply", "article"))
            if post["author_id"]:
                post["author_id"] = self.dice.choice((post["author_id"], self.dice.choice(CROWD)))
            self._store(key, post)

    def _delete(self) -> None:
        """What is gone keeps its counts and loses its author."""
        for key in self.dice.sample(list(self.posts), 4):
            self._store(key, {**self.posts[key], "deleted_at": self.as_of, "author_id": None, "media_formats": []})

    def _rematch(self) -> None:
        for key in self.dice.sample(list(self.posts), 4):
            self._store(key, dict(self.posts[key]))

    def _follow(self, accounts: list[str], back: timedelta = timedelta()) -> None:
        for account in dict.fromkeys(accounts):
            at = self.as_of - (timedelta(days=self.dice.uniform(60, 130)) if self.load_seq == 1 else back)
            told = self.dice.choice((None, *[int(self.reach[account] * self.dice.uniform(0.8, 1.3))] * 6))
            self._add("account_snapshot", [account, at, told, None, None, self.load_seq])

    def _follow_late(self) -> None:
        self._follow([*self.dice.sample(CROWD, 3), "x:acme"], timedelta(days=self.dice.uniform(31, 70)))

    def _rename(self) -> None:
        """A handle moves: someone of the crowd becomes tracked or owned, and all of their posts with them."""
        account = self.dice.choice(CROWD)
        self._meet(account, self.dice.choice(("acme", "dana", account[2:])))

    def _collect(self, since: datetime) -> None:
        """Attempts at timelines and searches of the days since the night before; some fail."""
        for verb, window in (("timeline", "timeline-aa"), ("timeline", "timeline-bb"), ("discover", "discover-q")):
            start = since - timedelta(hours=self.dice.choice((0, 30)))
            name = f"{window}-{start:%Y%m%d}-{self.load_seq}"
            topic = "acme" if verb == "discover" else None
            covered = self.dice.random() < 0.7
            self._add("collection", [f"run-{self.load_seq}", "x", "x", verb, topic, name, start, self.as_of, self.as_of,
                                     covered, 1, 0, 0, 0, 0, 0, None, self.load_seq])  # fmt: skip

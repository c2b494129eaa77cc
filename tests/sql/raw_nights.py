"""A seeded warehouse that lives through nights: writes schema raw as the loader does, with all that may come late."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from raw_accounts import AUTHORS, FIRST_NIGHT, HANDLES, PLATFORMS, AccountNights
from raw_campaigns import CAMPAIGNS, CampaignNights
from raw_service import DEPARTMENTS, RULES, ServiceNights
from raw_targets import TARGETS
from raw_topics import TopicNights
from raw_visits import SITES, VisitNights
from raw_voices import VoiceNights
from raw_windows import WindowNights

MIGRATIONS = Path(__file__).parents[2] / "warehouse/migrations"
ENTITIES = (
    ("acme", "Acme", "brand", True, None, "airlines"),
    ("bolt", "Bolt", "brand", False, None, "airlines"),
    ("cora", "Cora", "brand", False, None, "rail"),
    ("acme-lounge", "Acme Lounge", "product", True, "acme", "airlines"),
    *CAMPAIGNS,
)
TOPICS = (("acme", "acme OR acmé"), ("acme-lounge", '"acme lounge"'), ("gone", "gone"))  # one that is no entity's
TRACKED = (("x", "acme", "acme", "owned"), ("x", "dana", "acme", "employee"), ("weibo", "gazette", None, "media"),
           ("hackernews", "bolt", "bolt", "owned"), ("weibo", "acme", "acme-lounge", "owned"))  # fmt: skip
SURELY = ("late snapshot", "edit", "deletion", "re-match", "skipped night")
"""What a night can be told to hold: a reading of counts more than 30 days late, a changed mention, ..."""
COUNTS = ("likes", "replies", "reposts", "quotes", "views", "upvotes")
MENTION = (
    "mention_id, platform, native_id, kind, author_id, text, published_at, deleted_at, parent_id, root_id, handles, "
    "hashtags, found_by, source, first_seen_at, seen_at, content_hash, load_seq, url, language_reported, edited_at, "
    "media_formats"
)


@dataclass
class Nights(ServiceNights, VoiceNights, TopicNights, VisitNights, CampaignNights, WindowNights, AccountNights):
    """State of the platforms and of the warehouse that reads them; every choice is the seed's."""

    con_path: Path
    seed: int
    load_seq: int = 0
    night: int = 0
    mentions: dict[str, dict[str, Any]] = field(default_factory=dict)
    captured: set[tuple[str, datetime]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        with duckdb.connect(str(self.con_path)) as con:
            for migration in sorted(MIGRATIONS.glob("*.sql")):
                con.execute(migration.read_text("utf-8"))
            con.executemany("insert into raw.entity values (?, ?, ?, ?, ?, ?)", ENTITIES)
            con.executemany("insert into raw.topic values ($1, $1, $2, 'h')", TOPICS)
            desk = "case when $4 = 'employee' then 'desk' end"
            con.executemany(f"insert into raw.tracked_account values ($1, $2, $3, $4, {desk})", TRACKED)
            con.executemany("insert into raw.department values (?, ?, ?, ?, ?, ?, ?, ?)", DEPARTMENTS)
            con.executemany("insert into raw.routing_rule values (?, ?, ?, ?, ?, ?, ?, ?)", RULES)
            con.executemany("insert into raw.target values (?, ?, ?, ?, ?)", TARGETS)
            con.executemany("insert into raw.site values (?, ?, ?)", SITES)
            weights = {"weight_likes": "1", "weight_replies": "0.7", "weight_shares": "2.3", "weight_upvotes": "1"}
            con.executemany("insert into raw.setting values (?, ?)", list(weights.items()))

    @property
    def as_of(self) -> datetime:
        return FIRST_NIGHT + timedelta(days=self.night)

    def live(self, *surely: str) -> None:
        """One night: what is new, changed, counted again, gone, late or asked. The first brings months of history.

        `surely` names what (of SURELY) happens this night whatever the dice say.
        """
        self.night += 2 if "skipped night" in surely else self.dice.choice((1, 1, 2))  # a skipped night now and then
        with duckdb.connect(str(self.con_path)) as self.con:
            self.con.execute("begin")
            self.con.execute("insert into raw.run values (?, ?, ?)", [f"run-{self.night}", self.as_of, self.as_of])
            self.load_seq += 1
            self._enter_in_the_ledger()
            for _ in range(40 if self.load_seq == 1 else self.dice.randint(0, 3)):
                self._publish(self.as_of - timedelta(days=self.dice.uniform(0, 90 if self.load_seq == 1 else 2)))
            if self.load_seq == 1:
                self._open_desks()
                self._launch()
            for _ in range(12 if self.load_seq == 1 else self.dice.randint(0, 2)):
                self._talk(self.as_of - timedelta(days=self.dice.uniform(0, 60 if self.load_seq == 1 else 3)))
            if self.dice.random() < 0.8:  # an older mention that comes late, often before its author's first
                self._publish(self.as_of - timedelta(days=self.dice.uniform(5, 120)))
            for change in self.dice.sample(self._changes(), 7):
                change()
            for name, change in self._named_changes().items():
                if name in surely:
                    change()
            for days_ago in (2, 12, 28, 80) if self.load_seq == 1 else (None,):
                self._chatter(days_ago)
            self._tell_late()
            self._rank()
            self._visit()
            self._browse()
            self._link()
            self.con.execute("commit")

    def _enter_in_the_ledger(self) -> None:
        row = [f"batch-{self.load_seq}", self.load_seq, f"run-{self.night}", "s", self.as_of]
        self.con.execute("insert into raw.load values (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, ?)", row)

    def _changes(self) -> list[Callable[[], None]]:
        return [self._recount, self._edit, self._delete, self._rematch, self._follow, self._rename, self._collect,
                self._score, self._score, self._correct, self._match_rules, self._read_threads,
                self._spread]  # fmt: skip

    def _named_changes(self) -> dict[str, Callable[[], None]]:
        return dict(zip(SURELY, (self._recount_late, self._edit, self._delete_one, self._rematch_anew), strict=False))

    def _publish(self, at: datetime) -> None:
        number = len(self.mentions)
        platform = self.dice.choice(PLATFORMS)
        midnight = at.replace(hour=22, minute=0, second=0, microsecond=0)  # Berlin's, in summer
        at = self.dice.choice((at, midnight))
        parents = [m for m, row in self.mentions.items() if row["platform"] == platform]
        row = {
            "mention_id": f"{platform}:{number}",
            "platform": platform,
            "author_id": self.dice.choice([None, *(f"{platform}:a{n}" for n in range(AUTHORS))]),
            "published_at": at,
            "deleted_at": None,
            "kind": self.dice.choice(("post", "reply", "reply", "repost")),
            "parent_id": self.dice.choice([None, None, *parents[-4:], f"{platform}:{number + 2}"]),
            "handles": self.dice.sample(HANDLES, self.dice.choice((0, 0, 1))),
            "found_by": self.dice.choice(("query", "query", "query", "account", "thread")),
            "entities": self._pick_entities(),
        }
        row["root_id"] = self.dice.choice((None, None, self._top(row)))
        self._store(row)
        if row["author_id"] and self.dice.random() < 0.8:
            self._rename(str(row["author_id"]), platform)
        if self.dice.random() < 0.7:
            self._recount(str(row["mention_id"]))

    def _top(self, row: dict[str, Any]) -> str | None:
        """What a platform might call the thread of a message."""
        above = self.mentions.get(str(row["parent_id"]))
        return (above["root_id"] or row["parent_id"]) if above else row["parent_id"]

    def _pick_entities(self) -> list[str]:
        return self.dice.sample([e[0] for e in ENTITIES], self.dice.choice((0, 1, 1, 1, 2)))

    def _store(self, row: dict[str, Any]) -> None:
        """Replace a mention and its matches by key, and write down both states, as the loader does."""
        key = row["mention_id"]
        if key in self.mentions:
            self._touch(self.mentions[key], "old")
        self.mentions[key] = row
        self._touch(row, "new")
        self.con.execute("delete from raw.mention where mention_id = ?", [key])
        self.con.execute("delete from raw.mention_entity where mention_id = ?", [key])
        self.con.execute(
            f"insert into raw.mention ({MENTION}) values (?, ?, ?, ?, ?, 'said', ?, ?, ?, ?, ?, ?, ?, 's', ?, ?, 0, ?, "
            "?, ?, ?, ?)",
            [key, row["platform"], key, row["kind"], row["author_id"], row["published_at"], row["deleted_at"],
             row["parent_id"], row["root_id"], row["handles"], row.get("hashtags"), row["found_by"],
             row["published_at"], row["published_at"], self.load_seq, *_page(key, row["published_at"])],
        )  # fmt: skip
        for entity in row["entities"]:
            self.con.execute("insert into raw.mention_entity values (?, ?, ['said'], ?)", [key, entity, self.load_seq])
        self._act(row)

    def _touch(self, row: dict[str, Any], state: str) -> None:
        for entity in row["entities"] or [None]:
            touched = [self.load_seq, row["mention_id"], entity, row["platform"], row["author_id"], row["published_at"]]
            self.con.execute("insert into raw.touched values (?, ?, ?, ?, ?, null, ?, ?)", [*touched, state])

    def _recount(self, key: str | None = None, at: datetime | None = None) -> None:
        key, at = key or self.dice.choice(list(self.mentions)), at or self.as_of
        row = self.mentions[key]
        if (key, at) in self.captured:
            return
        self.captured.add((key, at))
        told = [self.dice.choice((None, 0, self.dice.randint(0, 900))) for _ in COUNTS]
        age = (at - row["published_at"]).total_seconds() / 3600
        self.con.execute(
            f"insert into raw.engagement_snapshot (mention_id, captured_at, age_hours, {', '.join(COUNTS)}, bookmarks, "
            "downvotes, clicks, load_seq) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [key, at, age, *told, told[0], told[-1], told[2], self.load_seq],
        )
        self._touch(row, "new")

    def _recount_late(self) -> None:
        """A reading that arrives more than a month after it was made: a file brings it."""
        at = self.as_of - timedelta(days=self.dice.uniform(31, 45), seconds=self.load_seq)
        old = [key for key, row in self.mentions.items() if row["published_at"] < at]
        self._recount(self.dice.choice(old), at.replace(microsecond=0))

    def _edit(self) -> None:
        row = dict(self.mentions[self.dice.choice(list(self.mentions))])
        row["published_at"] += timedelta(hours=self.dice.choice((-40, -3, 3, 40)))
        row["author_id"] = self.dice.choice((row["author_id"], f"{row['platform']}:a{self.dice.randrange(AUTHORS)}"))
        row["found_by"] = self.dice.choice((row["found_by"], "query"))
        row["root_id"] = row["root_id"] or self.dice.choice((None, self._top(row)))
        self._store(row)

    def _delete(self) -> None:
        row = dict(self.mentions[self.dice.choice(list(self.mentions))])
        self._store({**row, "deleted_at": self.as_of})

    def _delete_one(self) -> None:
        """One that was still there; `_delete` may tell again of one that was gone."""
        row = self.mentions[self.dice.choice([key for key, row in self.mentions.items() if not row["deleted_at"]])]
        self._store({**row, "deleted_at": self.as_of})

    def _rematch_anew(self) -> None:
        """With another result than before, which `_rematch` may come to again."""
        row = self.mentions[self.dice.choice(list(self.mentions))]
        before = row["entities"]
        while sorted(entities := self._pick_entities()) == sorted(before):
            continue
        self._store({**row, "entities": entities})

    def _rematch(self) -> None:
        row = dict(self.mentions[self.dice.choice(list(self.mentions))])
        self._store({**row, "entities": self._pick_entities()})


def _page(key: str, at: datetime) -> tuple[object, ...]:
    """What only some platforms tell of a message: its page, language, last change and what it carries."""
    number = int(key.split(":")[1])
    return (
        f"https://{key.replace(':', '.example/')}" if number % 3 else None,
        (None, "en", "de-AT")[number % 3],
        None if number % 4 else at + timedelta(hours=1),
        (None, [], ["image", "link"], ["video"])[number % 4],
    )

"""What service adds to the nights: departments and rules, conversations, scores, corrections and read threads."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

ENTITY_IDS = ("acme", "bolt", "cora", "acme-lounge")
DEPARTMENTS = (
    ("desk", "Desk", 4.0, "Europe/Berlin", [1, 2, 3, 4, 5], 540, 1020, [date(2026, 3, 30), date(2026, 1, 1)]),
    ("watch", "Watch", 1.5, "America/New_York", [1, 2, 3, 4, 5, 6, 7], 0, 1440, []),
    ("ghosts", "Ghosts", 24.0, "UTC", [], 540, 1020, []),
)
RULES = (  # number, department, entity, platform, intent, query, hours, hash
    (1, "desk", "acme", None, "complaint", None, 4.0, None),
    (2, "watch", None, "x", None, "said", 1.5, "h1"),
    (3, "ghosts", None, None, "question", None, 24.0, None),
    (4, "desk", "acme", None, None, None, 4.0, None),
)
DESKS = (("x", "acme", None), ("x", "acme", True), ("hackernews", "bolt", False), ("weibo", "acme", None))
"""Accounts that answer: platform, handle, whether a bot."""
INTENTS = ("complaint", "question", "praise", "thanks", "deflection", "selling", "job", "employer",
           "leak", "purchase_intent", "discovery", "farewell", "spam", "rumour")  # fmt: skip


class ServiceNights:
    """The part of `Nights` that talks, answers and is scored."""

    con: duckdb.DuckDBPyConnection
    dice: random.Random
    load_seq: int
    as_of: datetime
    mentions: dict[str, dict[str, Any]]

    def _open_desks(self) -> None:
        for number, (platform, handle, is_bot) in enumerate(DESKS):
            account = f"{platform}:desk{number}"
            row = [account, platform, account, handle, is_bot, self.as_of, self.as_of, self.load_seq]
            self.con.execute("insert into raw.account values (?, ?, ?, ?, null, null, ?, null, ?, ?, ?)", row)

    def _talk(self, at: datetime) -> None:
        """A thread: customers and desks take turns, minutes or days apart, sometimes in one second."""
        number, platform = self.dice.choice(list(enumerate(d[0] for d in DESKS)))
        desks = [f"{p}:desk{n}" for n, (p, *_) in enumerate(DESKS) if p == platform]
        parent: str | None = None
        first = len(self.mentions)
        for _ in range(self.dice.randint(2, 6)):
            key = f"{platform}:{len(self.mentions)}"
            is_desk = self.dice.random() < 0.35
            row = {
                "mention_id": key, "platform": platform, "kind": "reply",
                "author_id": self.dice.choice(desks if is_desk else [None, f"{platform}:a0", f"{platform}:a1"]),
                "published_at": at, "deleted_at": None, "parent_id": parent,
                "handles": [] if is_desk else self.dice.choice(([], [DESKS[number][1]], ["acme", "bolt"])),
                "found_by": self.dice.choice(("query", "thread")), "entities": self._pick_entities(),
            }  # fmt: skip
            row["root_id"] = self.dice.choice((None, self._top(row)))
            self._store(row)
            parent = self.dice.choice((key, parent or key))
            at += timedelta(seconds=self.dice.choice((0, 60, 900, 3600, 9000, 90000, 800000)))
            at = min(at, self.as_of)
        if self.dice.random() < 0.8:
            self._score(list(self.mentions)[first:])

    def _score(self, keys: Sequence[str] = ()) -> None:
        """What models make of some texts, with a newer version or at a later moment than before."""
        for key in keys or self.dice.sample(list(self.mentions), min(12, len(self.mentions))):
            intents = self.dice.sample(INTENTS, self.dice.choice((0, 1, 1, 2)))
            at = self.as_of - timedelta(days=self.dice.choice((0, 0, 1)))
            row = [key, self.dice.choice(("v1", "v2")), at, self.dice.choice((None, "en", "de")),
                   self.dice.choice((None, "positive", "neutral", "negative", "negative")),
                   self.dice.choice((intents, intents, intents, None)), self.load_seq]  # fmt: skip
            self.con.execute("delete from raw.text_signal where mention_id = ? and model_version = ?", row[:2])
            self.con.execute(
                "insert into raw.text_signal (mention_id, model_version, scored_at, language, sentiment, "
                "sentiment_confidence, intents, load_seq) values ($1, $2, $3, $4, $5, 0.75, $6, $7)",
                row,
            )
            self._touch(self.mentions[key], "new")

    def _correct(self) -> None:
        """An analyst's word, of all entities or of one."""
        for _ in range(3):
            key = self.dice.choice(list(self.mentions))
            field, value = self.dice.choice((
                ("irrelevant", "true"), ("irrelevant", "false"), ("sentiment", "negative"), ("language", "en"),
                ("intents", "complaint, thanks"), ("intents", ""),
            ))  # fmt: skip
            entity = self.dice.choice((None, *ENTITY_IDS)) if field == "irrelevant" else None
            row = [key, entity, field, value, self.as_of, self.load_seq]
            self.con.execute("insert into raw.correction values (?, ?, ?, ?, ?, ?)", row)
            self._touch(self.mentions[key], "new")

    def _match_rules(self) -> None:
        """Texts are matched with the routing queries anew."""
        for key in self.dice.sample(list(self.mentions), min(9, len(self.mentions))):
            self.con.execute("delete from raw.mention_rule where mention_id = ?", [key])
            if self.dice.random() < 0.7:
                self.con.execute("insert into raw.mention_rule values (?, 'h1', ?)", [key, self.load_seq])
            self._touch(self.mentions[key], "new")

    def _read_threads(self) -> None:
        """Threads are read, some of them not to the end; one that nobody knows is among them."""
        roots = {row["root_id"] or row["parent_id"] or key for key, row in self.mentions.items()}
        for root in self.dice.sample(sorted(roots), min(20, len(roots))):
            row = [root, self.as_of, 1, self.dice.random() < 0.8, self.load_seq]
            self.con.execute("insert into raw.thread_read values (?, ?, ?, ?, ?)", row)

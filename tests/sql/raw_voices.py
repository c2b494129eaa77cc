"""What voices add to the nights: who acted on whom, as platforms tell it, and accounts' PageRanks."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import duckdb

ENTITY_IDS = ("acme", "bolt", "gone")  # one that the configuration does not name any more


class VoiceNights:
    """The part of `Nights` in which accounts act and are ranked."""

    con: duckdb.DuckDBPyConnection
    dice: random.Random
    load_seq: int
    as_of: datetime
    mentions: dict[str, dict[str, Any]]

    def _act(self, row: dict[str, Any]) -> None:
        """A message's act on what it answers is told once, with it or on a later night."""
        key, target = row["mention_id"], row["parent_id"]
        if row["deleted_at"]:
            self.con.execute("delete from raw.interaction where mention_id = ?", [key])
        elif target and not self.con.execute("select 1 from raw.interaction where mention_id = ?", [key]).fetchone():
            kind = row["kind"] if row["kind"] in ("reply", "repost") else "quote"
            author = self.mentions.get(target, {}).get("author_id")
            act = [key, kind, row["author_id"], target, author, row["published_at"], self.load_seq]
            self.con.execute("insert into raw.interaction values (?, ?, ?, ?, ?, ?, ?)", act)

    def _tell_late(self) -> None:
        """Acts that the platform tells of only now, of mentions that are long known."""
        for row in self.dice.sample(list(self.mentions.values()), min(5, len(self.mentions))):
            target = self.dice.choice(list(self.mentions))
            self._act({**row, "parent_id": row["parent_id"] or target})

    def _rank(self) -> None:
        """The graph's ranking of the night, in place of the one before; some have the same rank."""
        authors = sorted({str(row["author_id"]) for row in self.mentions.values() if row["author_id"]})
        self.con.execute("delete from raw.account_rank")
        for entity in ENTITY_IDS:
            for account in (*self.dice.sample(authors, len(authors) // 2), "x:unseen"):
                rank = [account, entity, self.as_of, self.dice.choice((0.25, 0.125, self.dice.random()))]
                self.con.execute("insert into raw.account_rank values (?, ?, ?, ?, 'run', ?)", [*rank, self.load_seq])

"""What topics add to the nights: days on which several authors use the same words, told soon or months later."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import duckdb

TERMS = ("delay", "delay", "delay", "long delay", "long delay", "seat", "störung")
NAMED = (["acme"], ["acme", "bolt"], ["acme", "acme-lounge"], ["cora", "acme"])


class TopicNights:
    """The part of `Nights` in which texts have terms."""

    con: duckdb.DuckDBPyConnection
    dice: random.Random
    load_seq: int
    as_of: datetime
    mentions: dict[str, dict[str, Any]]
    _store: Callable[[dict[str, Any]], None]

    def _chatter(self, days_ago: int | None = None) -> None:
        """A morning's mentions of the same entities, some of them found otherwise, scored at once."""
        back = self.dice.choice((1, 1, 2, 9, 31, 92)) if days_ago is None else days_ago
        at = (self.as_of - timedelta(days=back)).replace(hour=9, minute=0)
        named, language = self.dice.choice(NAMED), self.dice.choice(("en", "en", "en", None))
        for number in range(7):
            key = f"x:{len(self.mentions)}"
            row = {
                "mention_id": key, "platform": "x", "kind": "post",
                "author_id": self.dice.choice((None, "x:a0", "x:a1")),
                "published_at": at + timedelta(minutes=number), "deleted_at": None, "parent_id": None, "root_id": None,
                "handles": [], "found_by": self.dice.choice(("query", "query", "query", "thread")), "entities": named,
            }  # fmt: skip
            if number < 3:  # so that three authors speak for sure
                row |= {"author_id": f"x:a{number}", "found_by": "query"}
            self._store(row)
            tags = self.dice.choice(([], ["seat"], ["seat", "delay"]))
            self.con.execute("update raw.mention set hashtags = ? where mention_id = ?", [tags, key])
            self._list_terms(key, language)

    def _list_terms(self, key: str, language: str | None) -> None:
        terms = self.dice.choices(TERMS, k=self.dice.randint(3, 8))
        mood = self.dice.choice((None, "positive", "neutral", "negative"))
        self.con.execute(
            "insert into raw.text_signal (mention_id, model_version, scored_at, language, sentiment, terms, load_seq) "
            "values (?, 'v0', ?, ?, ?, ?, ?)",
            [key, self.as_of, language, mood, terms, self.load_seq],
        )

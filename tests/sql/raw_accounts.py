"""Accounts of the nights: first seen, renamed, their followers read, also late."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import duckdb

FIRST_NIGHT = datetime(2026, 3, 27, 3)
PLATFORMS = ("x", "hackernews", "weibo")
AUTHORS = 3  # a platform: few, so that most have a history that a late mention can change
HANDLES = ("acme", "dana", "gazette", "bolt", "ann", "ben", "cem", "dia")


class AccountNights:
    """The part of `raw_nights.Nights` that knows accounts."""

    con: duckdb.DuckDBPyConnection
    dice: random.Random
    load_seq: int
    as_of: datetime

    def _rename(self, account: str | None = None, platform: str | None = None) -> None:
        """A first sight of an account, or a changed handle: its old mentions become owned, or cease to be."""
        platform = platform or self.dice.choice(PLATFORMS)
        account = account or f"{platform}:a{self.dice.randrange(AUTHORS)}"
        known = self.con.execute("select 1 from raw.account where account_id = ?", [account]).fetchone()
        if known and self.dice.random() < 0.8:
            return
        self.con.execute("delete from raw.account where account_id = ?", [account])
        bot = self.dice.choice((None, True, False))
        handle = self.dice.choice((*HANDLES, "acme", "bolt", "acme", "bolt"))  # owned ones more often: they answer
        told = [
            None if bot else part for part in (handle.title(), f"https://{platform}.example/@{handle}", FIRST_NIGHT)
        ]
        row = [account, platform, account, handle, *told[:2], bot, told[2], self.as_of, self.as_of, self.load_seq]
        self.con.execute("insert into raw.account values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _follow(self) -> None:
        """Follower readings, some of them older than what is known: a file may carry any moment."""
        for number in range(4):
            account = f"{self.dice.choice(PLATFORMS)}:a{self.dice.randrange(AUTHORS)}"
            captured = self.as_of - timedelta(days=self.dice.choice((0, 9, 40, 70)), seconds=self.load_seq * 9 + number)
            followers = self.dice.choice((None, 0, self.dice.randint(1, 10**6), self.dice.randint(1, 10**6)))
            row = [account, captured, followers, followers and followers // 3, number or None, self.load_seq]
            self.con.execute("insert into raw.account_snapshot values (?, ?, ?, ?, ?, ?)", row)

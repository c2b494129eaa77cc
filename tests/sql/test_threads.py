"""Threads followed from answer to answer: a night finds the same ones as a full rebuild, however long they are."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from raw_nights import Nights
from raw_windows import ZONE

from warehouse.connection import StorageSettings
from warehouse.models import build

CHAIN = 48  # more than twice the 20 levels that are climbed
BEGAN = datetime(2026, 1, 5)
THREADS = "select mention_id, thread_id from intermediate.int_threads order by all"
MENTION = """
    insert into raw.mention by name
    select
        $mention_id as mention_id, 'mastodon' as platform, $mention_id as native_id, 'reply' as kind,
        'mastodon:ann' as author_id, 'On and on' as text, $published_at as published_at, $parent_id as parent_id,
        cast([] as varchar[]) as links, cast([] as varchar[]) as hashtags, cast([] as varchar[]) as handles,
        cast([] as varchar[]) as media_formats, 'thread' as found_by, 'mastodon' as source,
        $published_at as first_seen_at, $published_at as seen_at, hash($mention_id) as content_hash,
        $load_seq as load_seq
"""
TOUCHED = """
    insert into raw.touched by name
    select
        $load_seq as load_seq, $mention_id as mention_id, 'mastodon' as platform, 'mastodon:ann' as author_id,
        $published_at as published_at, $state as state
"""


class Chain:
    """Messages numbered from the top, each the answer to the one before."""

    def __init__(self, nights: Nights, folder: Path) -> None:
        self.warehouse, self.folder, self.load_seq = nights.con_path, folder, nights.load_seq

    def load(self, arriving: list[int], adrift: list[int]) -> None:
        """Some arrive; of some that are there the platform now tells another answered message: none that is known."""
        self.load_seq += 1
        with duckdb.connect(str(self.warehouse)) as con:
            for number in adrift:
                con.execute(
                    "update raw.mention set parent_id = 'mastodon:gone', load_seq = ? where mention_id = ?",
                    [self.load_seq, name(number)],
                )
                self._touch(con, number, "old", "new")
            for number in arriving:
                parent_id = name(number - 1) if number else None
                row = {"mention_id": name(number), "published_at": at(number), "parent_id": parent_id}
                con.execute(MENTION, {**row, "load_seq": self.load_seq})
                self._touch(con, number, "new")
            con.execute(
                "insert into raw.load by name select * replace (? as load_seq, ? as batch_id) from raw.load limit 1",
                [self.load_seq, f"chain-{self.load_seq}"],
            )

    def _touch(self, con: duckdb.DuckDBPyConnection, number: int, *states: str) -> None:
        for state in states:
            row = {"mention_id": name(number), "published_at": at(number), "state": state}
            con.execute(TOUCHED, {**row, "load_seq": self.load_seq})

    def threads(self, *, is_full: bool) -> list[tuple[str, str]]:
        settings = StorageSettings()
        found = build(self.warehouse, self.folder, settings, reporting_timezone=ZONE, full_refresh=is_full)
        assert found.is_full == is_full
        with duckdb.connect(str(self.warehouse)) as con:
            return con.execute(THREADS).fetchall()


def name(number: int) -> str:
    return f"mastodon:{number:02}"


def at(number: int) -> datetime:
    return BEGAN + timedelta(minutes=number)


@pytest.mark.parametrize("seed", [1, 2])
def test_long_chains_that_come_in_any_order_are_the_threads_of_a_full_rebuild(
    nights: Nights, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    order = draw.sample(range(CHAIN), CHAIN)
    chain = Chain(nights, tmp_path)
    for arriving, adrift in ((order[:30], []), (order[30:44], []), (order[44:], []), ([], [draw.choice(order[:44])])):
        chain.load(arriving, adrift)
        found = chain.threads(is_full=False)
    assert found == chain.threads(is_full=True)
    assert {thread for mention, thread in found if mention < name(20)} >= {name(0)}

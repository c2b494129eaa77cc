"""Whose counts are due, and that a run taken up after a kill finds the same due as before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.coverage import due_for_refresh
from warehouse.migrate import migrate

AS_OF = datetime(2026, 6, 1, 2)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path / "w.duckdb") as con:
        migrate(con)
        yield con


def mention(con: duckdb.DuckDBPyConnection, native_id: str, age_hours: float, *snapshot_ages: float) -> None:
    """A mention that is `age_hours` old at AS_OF, with counts taken at these ages."""
    published = AS_OF - timedelta(hours=age_hours)
    con.execute(
        "insert into raw.mention by name select ? as mention_id, 'hackernews' as platform, ? as native_id, "
        "'post' as kind, '' as text, ? as published_at, 'query' as found_by, 'hn' as source, ? as first_seen_at, "
        "? as seen_at, "
        "1 as content_hash, 1 as load_seq",
        [f"hackernews:{native_id}", native_id, published, published, published],
    )
    for age in snapshot_ages:
        con.execute(
            "insert into raw.engagement_snapshot (mention_id, captured_at, age_hours, upvotes, load_seq) "
            "values (?, ?, ?, 1, 1)",
            [f"hackernews:{native_id}", published + timedelta(hours=age), age],
        )


def test_a_mention_is_due_from_an_age_until_the_age_ends_unless_a_snapshot_serves(
    con: duckdb.DuckDBPyConnection,
) -> None:
    mention(con, "due", 25, 1)
    mention(con, "served", 30, 26)
    mention(con, "between", 110, 1)  # 3 d serves until 108 h
    mention(con, "on-the-edge", 24, 1)
    mention(con, "past-the-edge", 108, 1)
    mention(con, "without-counts", 25)
    assert sorted(due_for_refresh(con, "hn", AS_OF)) == ["due", "on-the-edge"]


def test_nightly_runs_meet_every_age_of_a_day_or_more_once(con: duckdb.DuckDBPyConnection) -> None:
    mention(con, "at-2am", 47.9, 23.9)  # published a little after the run of the night before last
    mention(con, "at-10am", 40, 16)
    mention(con, "read-last-night", 49, 25, 1)
    mention(con, "too-late", 48, 1)
    assert sorted(due_for_refresh(con, "hn", AS_OF)) == ["at-10am", "at-2am"]


def absent(con: duckdb.DuckDBPyConnection, native_id: str, at: datetime, answered_at: datetime | None = None) -> None:
    con.execute(
        "insert into raw.absence values (?, 'hackernews', 'hn', 'r0', ?, ?, 1)",
        [f"hackernews:{native_id}", at, answered_at],
    )


def test_what_was_not_answered_the_last_time_is_asked_again_whatever_its_age(con: duckdb.DuckDBPyConnection) -> None:
    before = AS_OF - timedelta(hours=3)
    for native_id in ("absent", "answered", "answered-by-this-run", "absent-in-this-run", "gone", "elsewhere"):
        mention(con, native_id, 60, 1)
    absent(con, "absent", before)
    absent(con, "answered", before, AS_OF - timedelta(hours=1))
    absent(con, "answered-by-this-run", before, AS_OF)
    absent(con, "absent-in-this-run", AS_OF)
    absent(con, "gone", before)
    absent(con, "elsewhere", before)
    con.execute("update raw.mention set deleted_at = ? where native_id = 'gone'", [before])
    con.execute("update raw.mention set source = 'other' where native_id = 'elsewhere'")
    assert due_for_refresh(con, "hn", AS_OF) == ["absent", "answered-by-this-run"]


def test_what_this_run_itself_has_found_does_not_change_what_is_due(con: duckdb.DuckDBPyConnection) -> None:
    for native_id in ("counted", "deleted", "new"):
        mention(con, native_id, 25, 1)
    con.execute("update raw.mention set first_seen_at = ? where native_id = 'new'", [AS_OF])
    planned = due_for_refresh(con, "hn", AS_OF)
    assert planned == ["counted", "deleted"]
    con.execute(
        "insert into raw.engagement_snapshot (mention_id, captured_at, age_hours, upvotes, load_seq) "
        "values ('hackernews:counted', ?, 25, 2, 2)",
        [AS_OF],
    )
    con.execute("update raw.mention set deleted_at = ? where native_id = 'deleted'", [AS_OF])
    assert due_for_refresh(con, "hn", AS_OF) == planned
    assert due_for_refresh(con, "hn", AS_OF + timedelta(minutes=1)) == ["new"]


def refreshed(con: duckdb.DuckDBPyConnection, hours_ago: float, *, is_covered: bool = True) -> None:
    """A run that refreshed what was due to it, this long before AS_OF."""
    asked_at = AS_OF - timedelta(hours=hours_ago)
    con.execute(
        "insert into raw.collection by name select ? as run_id, 'hn' as source, 'hackernews' as platform, "
        "'refresh' as verb, ? as window_id, ? as asked_at, ? as is_covered, 1 as pages, 1 as items, 0 as rejected, "
        "0 as quarantined, 0 as lost_items, 0 as rate_limited, 1 as load_seq",
        [f"r{hours_ago}", f"refresh-{hours_ago}-{is_covered}", asked_at, is_covered],
    )


def test_what_has_no_counts_is_due_at_an_age_at_which_no_run_has_read_it(con: duckdb.DuckDBPyConnection) -> None:
    mention(con, "without-counts", 25)
    mention(con, "between", 60)
    mention(con, "counted", 25, 24.5)
    assert due_for_refresh(con, "hn", AS_OF) == []
    assert due_for_refresh(con, "hn", AS_OF, with_uncounted=True) == ["without-counts"]
    refreshed(con, 10)  # at the age of 15 hours, which is none of the ladder's
    refreshed(con, 0.5, is_covered=False)
    assert due_for_refresh(con, "hn", AS_OF, with_uncounted=True) == ["without-counts"]
    refreshed(con, 0)  # this run itself, taken up again
    assert due_for_refresh(con, "hn", AS_OF, with_uncounted=True) == ["without-counts"]
    refreshed(con, 0.75)
    con.execute("update raw.mention set first_seen_at = ? where native_id = 'without-counts'", [AS_OF])
    assert due_for_refresh(con, "hn", AS_OF, with_uncounted=True) == []
    assert due_for_refresh(con, "hn", AS_OF + timedelta(minutes=1), with_uncounted=True) == ["without-counts"]
    con.execute("update raw.mention set first_seen_at = published_at")
    assert due_for_refresh(con, "hn", AS_OF, with_uncounted=True) == []

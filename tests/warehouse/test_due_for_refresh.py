"""Whose counts are due, and that a run taken up after a kill finds the same due as before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.coverage import due_for_refresh
from warehouse.migrate import migrate
from warehouse.rechecks import Rechecks, due_for_recheck

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


def asked(
    con: duckdb.DuckDBPyConnection, native_id: str, hours_ago: float, before_hours_ago: float | None = None
) -> None:
    """An answered refresh asked for it this long before AS_OF, and before that another."""
    moments = [AS_OF - timedelta(hours=ago) if ago is not None else None for ago in (hours_ago, before_hours_ago)]
    con.execute("delete from raw.asked where mention_id = ?", [f"hackernews:{native_id}"])
    con.execute("insert into raw.asked values (?, 'hn', ?, ?, 1)", [f"hackernews:{native_id}", *moments])


def test_what_has_no_counts_is_due_at_an_age_at_which_no_run_has_asked_for_it(con: duckdb.DuckDBPyConnection) -> None:
    mention(con, "without-counts", 25)
    mention(con, "between", 60)
    mention(con, "counted", 25, 24.5)
    assert due_for_refresh(con, "hn", AS_OF) == []
    due = partial(due_for_refresh, con, "hn", with_uncounted=True)
    assert due(AS_OF) == ["without-counts"]
    asked(con, "without-counts", 10)  # at the age of 15 hours, which is none of the ladder's
    assert due(AS_OF) == ["without-counts"]
    asked(con, "without-counts", 0, 10)  # this run itself, taken up again
    assert due(AS_OF) == ["without-counts"]
    asked(con, "without-counts", 0, 0.75)
    assert due(AS_OF) == []
    asked(con, "without-counts", 0.75)
    assert due(AS_OF) == due(AS_OF + timedelta(hours=1)) == []
    assert due(AS_OF + timedelta(hours=50)) == ["counted", "without-counts"]  # both are three days old


def recheck(con: duckdb.DuckDBPyConnection, *, most: int = 9, **more: Any) -> Rechecks:
    return due_for_recheck(con, "hn", AS_OF, **{"days": 30, "most": most, **more})


def test_what_nobody_has_asked_for_in_so_many_days_is_asked_for_again_however_old_it_is(
    con: duckdb.DuckDBPyConnection,
) -> None:
    day = 24
    for native_id in ("never", "long-ago", "lately", "on-the-day", "gone", "elsewhere", "in-this-run"):
        mention(con, native_id, 400 * day, 720)
    mention(con, "young", 29 * day)
    asked(con, "long-ago", 90 * day, 120 * day)
    asked(con, "lately", 29 * day, 90 * day)
    asked(con, "on-the-day", 30 * day)
    asked(con, "in-this-run", 0, 31 * day)
    con.execute("update raw.mention set deleted_at = ? where native_id = 'gone'", [AS_OF - timedelta(days=1)])
    con.execute("update raw.mention set source = 'other' where native_id = 'elsewhere'")
    assert recheck(con) == (["never", "long-ago", "in-this-run", "on-the-day"], 0)
    assert recheck(con, most=2) == (["never", "long-ago"], 2)
    assert recheck(con, most=0) == ([], 4)
    assert recheck(con, besides=["never"]) == (["long-ago", "in-this-run", "on-the-day"], 0)
    assert recheck(con, days=29).ids[-2:] == ["lately", "young"]

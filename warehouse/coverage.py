"""What the warehouse tells a run that plans: which windows are covered, and whose counts are due."""

from __future__ import annotations

from datetime import datetime

import duckdb

LADDER_HOURS = (1, 3, 6, 24, 72, 168, 720)
"""Ages at which counts are read again; a snapshot serves age b from b to under 1.5·b."""

MOST_DUE = 20_000


def asked_windows(
    con: duckdb.DuckDBPyConnection, source: str, run_id: str
) -> list[tuple[str, datetime, datetime, bool]]:
    """(window_id, start, end, is_covered) of every window of a source that an earlier run asked for.

    What this run has covered itself does not count: taken up again after a kill, it must plan as it did before.
    """
    rows = con.execute(
        "select window_id, window_start, window_end, bool_or(is_covered) from raw.collection "
        "where source = ? and run_id <> ? and window_start is not null group by all order by all",
        [source, run_id],
    )
    return [(name, start, end, is_covered) for name, start, end, is_covered in rows.fetchall()]


def covered_files(con: duckdb.DuckDBPyConnection, source: str, run_id: str) -> set[str]:
    """Window ids of the files that earlier runs read to their end, empty ones too."""
    rows = con.execute(
        "select distinct window_id from raw.collection "
        "where source = ? and run_id <> ? and verb = 'read' and is_covered",
        [source, run_id],
    )
    return {row[0] for row in rows.fetchall()}


def windows_of_run(con: duckdb.DuckDBPyConnection, run_id: str) -> set[tuple[str, str]]:
    """(source, window_id) that this run has brought to their end already, before it was cut off."""
    rows = con.execute("select distinct source, window_id from raw.collection where run_id = ?", [run_id])
    return {(row[0], row[1]) for row in rows.fetchall()}


def due_for_refresh(con: duckdb.DuckDBPyConnection, source: str, as_of: datetime) -> list[str]:
    """Native ids of mentions at a ladder age that no snapshot serves yet; at most MOST_DUE, oldest first.

    Only what stood before this run counts, so that a run taken up after a kill plans the same.
    Mentions of which no count was ever told (comments on Hacker News) are left out: there is nothing to read again.
    """
    ages = ", ".join(f"({hours})" for hours in LADDER_HOURS)
    rows = con.execute(
        f"""
        with at_age as (
            select mention_id, native_id, published_at, age.hours
            from raw.mention
            join (values {ages}) as age (hours)
                on published_at <= $as_of - to_hours(age.hours)
                and published_at > $as_of - to_minutes(90 * age.hours)
            where source = $source and (deleted_at is null or deleted_at >= $as_of) and first_seen_at < $as_of
        )
        select native_id
        from at_age
        join raw.engagement_snapshot as snapshot using (mention_id)
        where snapshot.captured_at < $as_of
        group by native_id, published_at, at_age.hours
        having not bool_or(snapshot.age_hours >= at_age.hours and snapshot.age_hours < 1.5 * at_age.hours)
        order by published_at, native_id
        limit {MOST_DUE}
        """,  # noqa: S608 - only our own constants
        {"source": source, "as_of": as_of},
    )
    return list(dict.fromkeys(row[0] for row in rows.fetchall()))


def counts_of_run(con: duckdb.DuckDBPyConnection, run_id: str, source: str) -> dict[str, int]:
    """The sums of a run's ledger for one source: fetched, loaded, duplicate, rejected, quarantined, pages."""
    names = ("fetched", "loaded", "duplicate", "rejected", "quarantined", "pages")
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in names)
    query = f"select {sums} from raw.load where run_id = ? and source = ?"  # noqa: S608 - only our own names
    row = con.execute(query, [run_id, source]).fetchone() or (0,) * len(names)
    return dict(zip(names, row, strict=True))


def errors_of_run(con: duckdb.DuckDBPyConnection, run_id: str, source: str) -> list[str]:
    """What went wrong with a run's windows of one source, the most frequent first, what followed from it last."""
    rows = con.execute(
        "select error from raw.collection where run_id = ? and source = ? and error is not null "
        "group by error order by starts_with(error, 'not asked'), count(*) desc, error",
        [run_id, source],
    )
    return [row[0] for row in rows.fetchall()]

"""What the warehouse tells a run that plans: which windows are covered, whose counts and threads are due."""

from __future__ import annotations

from datetime import datetime

import duckdb

LADDER_HOURS = (1, 3, 6, 24, 72, 168, 720)
"""Ages at which counts are read again; a snapshot serves age b from b to under `served_until(b)`."""

MOST_DUE = 20_000
MOST_THREADS = 2_000
LAST_RUNG_HOURS = 24  # how long after the last age a thread may still be read for it: a nightly run meets it once


def served_until(age_hours: int) -> float:
    """Hours of age at which a snapshot serves a ladder age no more: half of it later, from a day on at least a day
    later, so that nightly runs meet every post once."""
    return max(1.5 * age_hours, age_hours + 24 if age_hours >= 24 else 0)


_LADDER = ", ".join(f"({hours}, {round(60 * served_until(hours))})" for hours in LADDER_HOURS)


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


def windows_since(con: duckdb.DuckDBPyConnection, moment: datetime, run_id: str) -> list[tuple[str, str]]:
    """(source, window_id) that were asked for by runs after a moment, and all of this run."""
    rows = con.execute(
        "select distinct source, window_id from raw.collection where asked_at > ? or run_id = ? order by all",
        [moment, run_id],
    )
    return [(row[0], row[1]) for row in rows.fetchall()]


def due_for_refresh(
    con: duckdb.DuckDBPyConnection, source: str, as_of: datetime, *, with_uncounted: bool = False
) -> list[str]:
    """Native ids of mentions at a ladder age that no snapshot serves yet, and of those that were not answered the last
    time; at most MOST_DUE, oldest first.

    Only what stood before this run counts, so that a run taken up after a kill plans the same.
    Mentions of which no count was ever told (comments on Hacker News) are left out: there is nothing to read again.
    `with_uncounted` lets them in for what else a refresh tells, deletions and edits: at the ages at which no earlier
    run has asked for them.
    """
    rows = con.execute(
        f"""
        with standing as (
            select mention_id, native_id, published_at, first_seen_at
            from raw.mention
            where source = $source and (deleted_at is null or deleted_at >= $as_of) and first_seen_at < $as_of
        ),

        at_age as (
            select mention_id, native_id, published_at, first_seen_at, age.hours, age.until
            from standing
            join (values {_LADDER}) as age (hours, until)
                on published_at <= $as_of - to_hours(age.hours)
                and published_at > $as_of - to_minutes(age.until)
        ),

        unserved as (
            select native_id, published_at
            from at_age
            join raw.engagement_snapshot as snapshot using (mention_id)
            where snapshot.captured_at < $as_of
            group by native_id, published_at, at_age.hours, at_age.until
            having not bool_or(snapshot.age_hours >= at_age.hours and 60 * snapshot.age_hours < at_age.until)
        ),

        uncounted as (
            select native_id, published_at
            from at_age
            anti join (from raw.engagement_snapshot where captured_at < $as_of) using (mention_id)
            left join raw.asked using (mention_id)
            where
                $with_uncounted
                and coalesce(
                    if(asked_at < $as_of, asked_at, asked_before) < published_at + to_hours(at_age.hours), true
                )
        ),

        absent as (
            select mention_id
            from raw.absence
            where absent_at < $as_of and (answered_at is null or answered_at >= $as_of)
        )

        from unserved
        union
        from uncounted
        union
        select native_id, published_at from standing semi join absent using (mention_id)
        order by published_at, native_id
        limit {MOST_DUE}
        """,  # noqa: S608 - only our own constants
        {"source": source, "as_of": as_of, "with_uncounted": with_uncounted},
    )
    return [row[0] for row in rows.fetchall()]


def threads_due(con: duckdb.DuckDBPyConnection, source: str, as_of: datetime) -> list[str]:
    """Native ids of the first messages of threads whose answers are due to be read; at most MOST_THREADS, those never
    read first, then the newest.

    A thread is due by its inbound mentions: each not deleted one that names an owned account, answers its post, or was
    found by a query in a thread that it began, and is not by one itself. It is due at each age of the ladder of each of
    them, until it was read at or after that. Only what stood before this run counts.
    """
    ages = ", ".join(f"({hours})" for hours in LADDER_HOURS)
    rows = con.execute(
        f"""
        with owned as (
            select account.account_id, tracked.handle
            from raw.tracked_account as tracked
            join (select distinct platform from raw.mention where source = $source) using (platform)
            left join raw.account as account using (platform, handle)
            where tracked.role = 'owned'
        ),

        young as (
            select mention_id, author_id, parent_id, root_id, handles, found_by, published_at
            from raw.mention
            where
                source = $source
                and published_at > $as_of - to_hours({LADDER_HOURS[-1] + LAST_RUNG_HOURS})
                and published_at <= $as_of - to_hours({LADDER_HOURS[0]})
                and (deleted_at is null or deleted_at >= $as_of)
                and first_seen_at < $as_of
        ),

        named as (
            select distinct mention_id
            from (select mention_id, unnest(handles) as handle from young)
            semi join owned using (handle)
        ),

        ours as (
            select mention_id from raw.mention where author_id in (select account_id from owned)
        ),

        inbound as (
            select coalesce(root_id, mention_id) as root_id, published_at
            from young
            where
                (author_id is null or author_id not in (select account_id from owned where account_id is not null))
                and (
                    mention_id in (from named)
                    or parent_id in (from ours)
                    or (found_by = 'query' and root_id in (from ours))
                )
        ),

        due as (
            select root_id, max(published_at + to_hours(age.hours)) as due_at, max(published_at) as newest_at
            from inbound
            join (values {ages}) as age (hours) on published_at <= $as_of - to_hours(age.hours)
            group by root_id
        ),

        last_read as (
            select root_id, max(read_at) as read_at
            from raw.thread_read
            semi join due using (root_id)
            where read_at < $as_of
            group by root_id
        )

        select split_part(root_id, ':', 1) as platform, root_id
        from due
        left join last_read using (root_id)
        anti join (from raw.tombstone where deleted_at < $as_of) as gone on gone.mention_id = due.root_id
        where read_at is null or read_at < due_at
        order by read_at is not null, newest_at desc, root_id
        limit {MOST_THREADS}
        """,  # noqa: S608 - only our own constants
        {"source": source, "as_of": as_of},
    )
    return [root_id.removeprefix(f"{platform}:") for platform, root_id in rows.fetchall()]


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

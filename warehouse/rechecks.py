"""Which mentions are to be asked for again long after their counts are done: whether they still stand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import duckdb


class Rechecks(NamedTuple):
    """Native ids to ask for, those asked longest ago first, and how many more are due that the bound leaves out."""

    ids: list[str]
    left: int


def due_for_recheck(
    con: duckdb.DuckDBPyConnection, source: str, as_of: datetime, *, days: int, most: int, besides: Collection[str] = ()
) -> Rechecks:
    """Standing mentions of a source that nobody has asked for in so many days, at most so many of them.

    `besides` are asked for anyway. Only what stood before this run counts, so that a run taken up after a kill plans
    the same.
    """
    due = """
        with last_known as (
            select
                m.native_id,
                greatest(m.first_seen_at, if(a.asked_at < $as_of, a.asked_at, a.asked_before)) as known_at
            from raw.mention as m
            left join raw.asked as a using (mention_id)
            where m.source = $source and (m.deleted_at is null or m.deleted_at >= $as_of)
        )

        from last_known
        where known_at <= $as_of - to_days($days) and native_id not in (select unnest($besides::varchar[]))
    """
    given = {"source": source, "as_of": as_of, "days": days, "besides": list(besides)}
    [(count,)] = con.execute(f"select count(*) from ({due})", given).fetchall()  # noqa: S608 - our own text
    rows = con.execute(f"select native_id from ({due}) order by known_at, native_id limit {int(most)}", given)  # noqa: S608
    ids = [native_id for (native_id,) in rows.fetchall()]
    return Rechecks(ids, count - len(ids))


def overdue_of_run(con: duckdb.DuckDBPyConnection, run_id: str, source: str) -> int:
    """Mentions that were due to be asked for again and that a run has left out for its bound."""
    row = con.execute(
        "select sum(lost_items) from raw.collection where run_id = ? and source = ? and verb = 'refresh' "
        "and starts_with(window_id, 'refresh-left-')",
        [run_id, source],
    ).fetchone()
    return int(row[0] or 0) if row else 0

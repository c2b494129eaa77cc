"""What validation must know of the warehouse: written beside a batch, bounded by it; and a source's usual volume."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from warehouse.coverage import LADDER_HOURS, served_until
from warehouse.statements import PROJECT

CAPABILITIES = PROJECT / "seeds" / "platform_metrics.csv"
RECENT = timedelta(hours=served_until(LADDER_HOURS[-1]))  # counts that were read longer ago are not compared
USUAL_DAYS = 28

_COUNTERS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks", "upvotes", "downvotes", "clicks")
_LAST_COUNTS = ", ".join(f"arg_max(s.{counter}, s.captured_at) as {counter}" for counter in _COUNTERS)

_QUERIES: dict[str, tuple[tuple[str, ...], str]] = {
    "known_counter": (
        ("engagement_snapshot",),
        f"""
        select s.mention_id, max(s.captured_at) as captured_at, {_LAST_COUNTS}
        from raw.engagement_snapshot as s
        semi join engagement_snapshot as b using (mention_id)
        where s.captured_at between $as_of::timestamp - $recent::interval and $as_of::timestamp - interval 1 second
        group by s.mention_id
        """,  # noqa: S608 - our own names
    ),
    "known_follower": (
        ("account_snapshot",),
        """
        select s.account_id, max(s.captured_at) as captured_at, arg_max(s.followers, s.captured_at) as followers
        from raw.account_snapshot as s
        semi join account_snapshot as b using (account_id)
        where s.captured_at between $as_of::timestamp - $recent::interval and $as_of::timestamp - interval 1 second
        group by s.account_id
        """,
    ),
    "known_mention": (
        ("mention",),
        """
        with asked as (
            select unnest([mention_id, parent_id]) as mention_id
            from mention
            where found_by = 'thread' and parent_id is not null
        )
        select distinct mention_id
        from (select mention_id from raw.mention union all select mention_id from raw.tombstone)
        semi join asked using (mention_id)
        """,
    ),
    "known_account": (
        ("mention", "account"),
        """
        with asked as (
            select distinct m.author_id as account_id
            from mention as m
            anti join account as a on m.author_id = a.account_id
            where m.author_id is not null
        )
        select distinct account_id from raw.account semi join asked using (account_id)
        """,
    ),
}
"""File to write → files of the batch that it is about, and the rows of the warehouse. arg_max leaves out what was not
told: the last count that was."""

_NOTHING = {"account": "select null::varchar as account_id where false"}

_VOLUME = """
with days as (
    select published_at::date as day, count(*) as volume
    from raw.mention
    where
        source = $source and published_at <= $as_of::timestamp
        and published_at >= date_trunc('day', $as_of::timestamp) - to_days($usual_days + 1)
    group by day
),
spine as (
    select unnest(generate_series(
        (select min(day) from days), $as_of::date - 2, interval 1 day
    ))::date as day
),
usual as (
    select median(coalesce(d.volume, 0)) as usual_volume, count(*) as usual_days
    from spine left join days as d using (day)
)
select
    coalesce((select volume from days where day = $as_of::date - 1), 0)::double as volume,
    usual_volume::double as usual_volume, usual_days::double as usual_days,
    (
        select epoch($as_of::timestamp - max(published_at)) / 3600.0
        from raw.mention
        where source = $source and published_at <= $as_of::timestamp
    )::double as silence_hours
from usual
"""


def write_known(con: duckdb.DuckDBPyConnection, batch_dir: Path, *, as_of: datetime) -> None:
    """Write `known_*.parquet` beside the batch: earlier counts of its posts and authors, which parents and authors are
    stored, what each platform can tell. Of the warehouse, only rows that the batch asks for.
    """
    with con.cursor() as work:
        for name, (files, query) in _QUERIES.items():
            if (batch_dir / f"{files[0]}.parquet").exists():
                for file in files:
                    _open(work, batch_dir, file)
                asked = {"as_of": as_of, "recent": RECENT} if "$as_of" in query else {}
                _write(work, query, asked, batch_dir / f"{name}.parquet")
        capabilities = "select platform, metric, reporting from read_csv($path, all_varchar = true, header = true)"
        _write(work, capabilities, {"path": str(CAPABILITIES)}, batch_dir / "known_capability.parquet")


def usual_volume(con: duckdb.DuckDBPyConnection, source: str, *, as_of: datetime) -> dict[str, float | None]:
    """The last whole day's mentions of a source (UTC), the median of the up to 28 days before since its first, and the
    hours since its newest mention.
    """
    with con.cursor() as work:
        found = work.execute(_VOLUME, {"source": source, "as_of": as_of, "usual_days": USUAL_DAYS})
        names = [str(column[0]) for column in found.description or ()]
        [row] = found.fetchall()
    return dict(zip(names, row, strict=True))


def _open(work: duckdb.DuckDBPyConnection, batch_dir: Path, file: str) -> None:
    """A temporary view of the file's name over the batch's file."""
    work.execute("set variable known_of = ?", [str(batch_dir)])
    is_there = (batch_dir / f"{file}.parquet").exists()
    rows = f"from read_parquet(getvariable('known_of') || '/{file}.parquet')" if is_there else _NOTHING[file]
    work.execute(f"create or replace temp view {file} as {rows}")


def _write(work: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, object], path: Path) -> None:
    draft = path.with_suffix(".draft")
    work.sql(query, params=parameters).write_parquet(str(draft))
    draft.replace(path)

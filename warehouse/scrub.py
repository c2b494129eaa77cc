"""What is deleted at its platform, on its way out of the quarantine, the kept releases and the warehouse's own file.

The load that hears of a deletion blanks its rows, in the same transaction (`load_steps/2_deletions.sql`); the models
follow with the next build. What is left is done here, once for each tombstone, and made again after a kill.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Set
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.connection import attach, connect
from warehouse.errors import WarehouseError
from warehouse.releases import current_release, list_releases, remove

RESTRICTED = "restricted/bi.duckdb"


def unscrubbed(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Mentions that are gone, and not yet from every layer."""
    rows = con.execute("select mention_id from raw.tombstone where scrubbed_at is null").fetchall()
    return {mention_id for (mention_id,) in rows}


def scrubbed(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Mentions that have left every layer, as it was when they did."""
    rows = con.execute("select mention_id from raw.tombstone where scrubbed_at is not null").fetchall()
    return {mention_id for (mention_id,) in rows}


def forsaken(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Accounts that are forgotten and may stand in landing: authors of nothing else than what is gone."""
    rows = con.execute("select account_id from raw.forsaken anti join raw.account using (account_id)").fetchall()
    return {account_id for (account_id,) in rows}


def forget_forsaken(con: duckdb.DuckDBPyConnection) -> None:
    """No landed page tells of them any more: nothing is kept of who they were."""
    con.execute("delete from raw.forsaken")


def mark_scrubbed(con: duckdb.DuckDBPyConnection, mention_ids: Set[str], at: datetime) -> None:
    """Note that nothing but the warehouse file's dead rows tells of them any more."""
    con.execute(
        "update raw.tombstone set scrubbed_at = ? where mention_id in (select unnest(?::varchar[]))",
        [at, sorted(mention_ids)],
    )


def scrub_payloads(con: duckdb.DuckDBPyConnection, words: Collection[str]) -> int:
    """Drop quarantined payloads that quote one of the words, also where nobody could read whose they are; how many."""
    quoted = [json.dumps(word, ensure_ascii=is_ascii)[1:-1] for word in words for is_ascii in (True, False)]
    [(count,)] = con.execute(
        "update raw.quarantine set payload = null"
        " where len(list_filter(?::varchar[], lambda form: contains(payload, form))) > 0",
        [sorted({*words, *quoted})],
    ).fetchall()
    return int(count)


def scrub_scope(con: duckdb.DuckDBPyConnection) -> None:
    """Take the authors that are forgotten out of what the last build looked at; it made them go from the models."""
    with suppress(duckdb.CatalogException):  # never built
        con.execute(
            "delete from intermediate.int_touched_accounts where account_id not in (select account_id from raw.account)"
        )


def drop_releases(data_dir: Path, mention_ids: Set[str]) -> list[str]:
    """Remove the kept releases that show a mention as it was before it was deleted; their names.

    One that cannot be read is removed as well: nobody could tell that it is clean. Raises WarehouseError where the
    current one shows such a mention: there is nothing to go on with, so it stays, and the next run tries again.
    """
    current = current_release(data_dir)
    shown = [path for path in list_releases(data_dir) if _shows(path, mention_ids)]
    for path in shown:
        if path.resolve() != current:
            remove(path)
    if any(path.resolve() == current for path in shown):
        raise WarehouseError(f"the current release {current} shows mentions that were deleted: publish again")
    return [path.name for path in shown]


def _shows(release: Path, mention_ids: Set[str]) -> bool:
    """Whether a release was made before it was known that one of the mentions is deleted."""
    try:
        with connect(None) as con:
            attach(con, release / RESTRICTED, "bi", read_only=True)
            row = con.execute(
                "select count(*) from bi.marts.fct_mentions"
                " where deleted_at is null and mention_id in (select unnest(?::varchar[]))",
                [sorted(mention_ids)],
            ).fetchone()
    except (duckdb.Error, WarehouseError):
        return True
    return row is None or row[0] > 0

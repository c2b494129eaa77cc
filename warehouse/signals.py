"""Puts what is known besides the platforms' word into schema raw: signals of texts, matches of routing queries,
PageRanks, analysts' corrections. One transaction a batch, and only once; the rules are SQL, in `signals.sql`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.connection import transaction
from warehouse.errors import WarehouseError
from warehouse.ledger import LoadCounts, find_load, last_load_seq

STEPS = Path(__file__).with_name("signals.sql")

FILES = {
    "text_signal": "load_seq",
    "mention_rule": "load_seq",
    "correction": "load_seq",
    "account_rank": "run_id, load_seq",
}
"""Raw tables that a folder's files of the same name fill, and their columns that are the loader's own."""


@dataclass(frozen=True)
class SignalBatch:
    """Whose rows a folder holds. A file may come in parts (`text_signal-1.parquet`, …); one that is absent is empty."""

    batch_id: str
    run_id: str
    source: str


def load_signals(
    con: duckdb.DuckDBPyConnection, folder: Path, batch: SignalBatch, *, loaded_at: datetime
) -> LoadCounts:
    """Load a folder of signals, or find that it is loaded already and change nothing; its counts either way.

    In `mention_rule` a row whose query_hash is NULL says that the mention was matched with every routing query: its
    matches in the batch take the place of those known. An item is such a mention, or a row of another file; `loaded`
    are those that changed something. Raises WarehouseError where matches are of mentions that were not matched with
    every query, and DuckDB's own errors; nothing is kept then.
    """
    with transaction(con) as work:
        return find_load(work, batch.batch_id) or _load(work, folder, batch, loaded_at)


def last_load_of(con: duckdb.DuckDBPyConnection, source: str) -> LoadCounts | None:
    """The newest batch of a source, or None."""
    row = con.execute(
        "select batch_id from raw.load where source = ? order by load_seq desc limit 1", [source]
    ).fetchone()
    return find_load(con, row[0]) if row else None


def _load(work: duckdb.DuckDBPyConnection, folder: Path, batch: SignalBatch, loaded_at: datetime) -> LoadCounts:
    variables = {
        "batch_id": batch.batch_id,
        "run_id": batch.run_id,
        "source": batch.source,
        "loaded_at": loaded_at,
        "load_seq": last_load_seq(work) + 1,
        "folder": str(folder),
    }
    for name, value in variables.items():
        work.execute(f"set variable {name} = ?", [value])
    for name, own in FILES.items():
        if any(folder.glob(f"{name}*.parquet")):
            rows = f"read_parquet(getvariable('folder') || '/{name}*.parquet')"
        else:
            rows = f"(select * exclude ({own}) from raw.{name} where false)"  # noqa: S608 - our own names
        numbered = f"select *, row_number() over () as row_no from {rows}"  # noqa: S608 - our own names
        work.execute(f"create temp table in_{name} as {numbered}")
    _refuse_contradictions(work, batch)
    work.execute(STEPS.read_text("utf-8"))
    counts = find_load(work, batch.batch_id)
    if counts is None or not counts.is_balanced:
        raise WarehouseError(f"batch {batch.batch_id} of {batch.source} does not balance, nothing was loaded")
    return counts


def _refuse_contradictions(work: duckdb.DuckDBPyConnection, batch: SignalBatch) -> None:
    """Matches of a mention of which nothing says that it was matched anew would be lost without a word."""
    strays = "from in_mention_rule as r where r.query_hash is not null and not exists "
    strays += "(from in_mention_rule as m where m.mention_id = r.mention_id and m.query_hash is null)"
    row = work.execute(f"select count(*) {strays}").fetchone()
    if row and row[0]:
        raise WarehouseError(
            f"batch {batch.batch_id} of {batch.source}: {row[0]} rows of mention_rule.parquet are of mentions that "
            "have no row without a query"
        )

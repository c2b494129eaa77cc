"""The books of the loads: what is in the warehouse, and up to where the models know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

NOTHING_BUILT = -1
"""`raw.build.built_load_seq` where the configuration changed since the models were built: build all anew."""


@dataclass(frozen=True)
class LoadCounts:
    """One batch in the ledger. fetched = loaded + duplicate + rejected + quarantined, in items; `snapshots` in rows."""

    batch_id: str
    load_seq: int
    pages: int
    fetched: int
    loaded: int
    duplicate: int
    rejected: int
    quarantined: int
    snapshots: int

    @property
    def is_balanced(self) -> bool:
        """Whether each item has exactly one outcome."""
        return self.fetched == self.loaded + self.duplicate + self.rejected + self.quarantined


def find_load(con: duckdb.DuckDBPyConnection, batch_id: str) -> LoadCounts | None:
    """The counts of a batch that is in the warehouse, or None."""
    row = con.execute(
        "select batch_id, load_seq, pages, fetched, loaded, duplicate, rejected, quarantined, snapshots "
        "from raw.load where batch_id = ?",
        [batch_id],
    ).fetchone()
    return LoadCounts(*row) if row else None


def last_load_seq(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the newest load; 0 before the first."""
    return int(_value(con, "select coalesce(max(load_seq), 0) from raw.load"))


def built_load_seq(con: duckdb.DuckDBPyConnection) -> int:
    """Up to which load the models are built; NOTHING_BUILT after a change of configuration."""
    return int(_value(con, "select built_load_seq from raw.build"))


def record_run(con: duckdb.DuckDBPyConnection, run_id: str, as_of: datetime, started_at: datetime) -> None:
    """Note a run and its clock; a resumed run is noted once, as it first started."""
    con.execute(
        "insert into raw.run (run_id, as_of, started_at) select $run_id, $as_of, $started_at "
        "where not exists (from raw.run where run_id = $run_id)",
        {"run_id": run_id, "as_of": as_of, "started_at": started_at},
    )


def prune_touched(con: duckdb.DuckDBPyConnection) -> int:
    """Forget what the models have taken in (raw.touched up to the watermark); how many rows that were."""
    return int(_value(con, "delete from raw.touched where load_seq <= (select built_load_seq from raw.build)"))


def _value(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    assert row is not None  # noqa: S101 (an aggregate, a one-row table and a DELETE's count always give a row)
    return int(row[0])

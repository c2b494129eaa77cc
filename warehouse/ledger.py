"""The books of the loads: what is in the warehouse, and up to where the models know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import msgspec

from expectations.verdict import Verdict

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


def has_loads(con: duckdb.DuckDBPyConnection, run_id: str, source: str) -> bool:
    """Whether a run has loaded anything of a source, also before it was cut off and taken up again."""
    return bool(_value(con, "select count(*) from raw.load where run_id = ? and source = ?", run_id, source))


def record_verdict(con: duckdb.DuckDBPyConnection, run_id: str, verdict: Verdict) -> None:
    """Keep a verdict that belongs to no load, as of the newest load it is about; the same again replaces it."""
    key = {"run_id": run_id, "batch_id": verdict.batch_id, "source": verdict.source}
    con.execute("delete from raw.verdict where run_id = $run_id and batch_id = $batch_id and source = $source", key)
    con.execute(
        "insert into raw.verdict select $run_id, $batch_id, $source, $verdict, "
        "coalesce(max(load_seq) filter (run_id = $run_id and source = $source), max(load_seq), 0) from raw.load",
        {**key, "verdict": msgspec.json.encode(verdict).decode()},
    )


def verdicts_of_run(con: duckdb.DuckDBPyConnection, run_id: str) -> list[Verdict]:
    """What validation said in a run, also before it was cut off and taken up again; in the order of the loads."""
    rows = con.execute("select source, verdict from raw.verdict where run_id = ? order by load_seq, batch_id", [run_id])
    named = [(source, msgspec.json.decode(document, type=Verdict)) for source, document in rows.fetchall()]
    return [msgspec.structs.replace(verdict, source=source) for source, verdict in named]


def prune_verdicts(con: duckdb.DuckDBPyConnection, keep_runs: int) -> None:
    """Forget the verdicts of all but the newest runs."""
    con.execute(
        "delete from raw.verdict where run_id not in ("
        "select run_id from raw.verdict group by run_id order by max(load_seq) desc, run_id desc limit ?)",
        [keep_runs],
    )


def _value(con: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> int:
    row = con.execute(query, list(parameters)).fetchone()
    assert row is not None  # noqa: S101 (an aggregate, a one-row table and a DELETE's count always give a row)
    return int(row[0])

"""The configuration of the run, as rows of schema raw, so that SQL can use and explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from warehouse.connection import identifier, transaction
from warehouse.errors import WarehouseError
from warehouse.ledger import NOTHING_BUILT, built_load_seq, record_run

TABLES = (
    "entity", "topic", "tracked_account", "routing_rule", "department", "campaign", "message", "target", "site",
    "setting",
)  # fmt: skip

Row = Mapping[str, Any]


def configure(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    as_of: datetime,
    started_at: datetime,
    tables: Mapping[str, Sequence[Row]],
) -> bool:
    """Write the run and its configuration; whether the models must be built anew.

    That stays true, over crashes too, from a change of any row until the models are built. A table that is not
    named has no rows. Raises WarehouseError on a table or column that schema raw does not have.
    """
    strangers = set(tables) - set(TABLES)
    if strangers:
        raise WarehouseError(f"no tables of the configuration: {', '.join(sorted(strangers))}; there are {TABLES}")
    with transaction(con) as work:
        changed = [name for name in TABLES if _replace(work, name, tables.get(name, ()))]
        if changed:
            work.execute("update raw.build set built_load_seq = ?", [NOTHING_BUILT])
        record_run(work, run_id, as_of, started_at)
        return built_load_seq(work) == NOTHING_BUILT


def _replace(work: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> bool:
    """Whether the rows differ from the stored ones; then they take their place."""
    fresh = f"fresh_{table}"
    work.execute(f"create temp table {fresh} as from raw.{table} limit 0")
    columns = [column[0] for column in work.execute(f"from {fresh}").description or ()]
    for row in rows:
        if set(row) - set(columns):
            raise WarehouseError(f"raw.{table} has no column {', '.join(sorted(set(row) - set(columns)))}")
    if rows:
        names, marks = ", ".join(map(identifier, columns)), ", ".join("?" * len(columns))
        values = [[row.get(column) for column in columns] for row in rows]
        work.executemany(f"insert into {fresh} ({names}) values ({marks})", values)  # noqa: S608 - our own names
    only_here = f"(from {fresh} except all from raw.{table})"
    only_there = f"(from raw.{table} except all from {fresh})"
    differs = work.execute(f"select exists ({only_here} union all {only_there})").fetchone()
    if not (differs and differs[0]):
        return False
    work.execute(f"delete from raw.{table}")  # noqa: S608 - a constant of ours
    work.execute(f"insert into raw.{table} from {fresh}")
    return True

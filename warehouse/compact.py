"""Writes the warehouse file anew, of what lives: dead rows and free blocks keep the bytes of what was deleted."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from warehouse.connection import StorageSettings, connect, identifier, literal
from warehouse.errors import WarehouseError

SMALL = 256 * 1024**2
"""Bytes of a file that is rewritten by each run that scrubbed something: about 10 seconds of a CPU."""
LONGEST_WAIT = timedelta(days=7)
"""How long dead rows may lie in a larger file, by the runs' clock."""


def is_due(con: duckdb.DuckDBPyConnection, warehouse: Path, as_of: datetime) -> bool:
    """Whether something scrubbed is still in dead rows, and the file is small or that has lasted long enough."""
    row = con.execute(
        "select min(scrubbed_at) from raw.tombstone where scrubbed_at is not null and erased_at is null"
    ).fetchone()
    oldest: datetime | None = row[0] if row else None
    return oldest is not None and (warehouse.stat().st_size <= SMALL or as_of - oldest >= LONGEST_WAIT)


def compact(warehouse: Path, as_of: datetime, settings: StorageSettings | None = None) -> None:
    """Rewrite the file; call it with no connection to it open. A kill leaves the old file or the new one.

    Raises WarehouseError where it cannot be read, or the copy has not the same tables and rows.
    """
    making = warehouse.with_name(f"{warehouse.name}.compact")
    clear_leftovers(warehouse)
    with connect(None, settings=settings) as con:
        try:
            con.execute(f"attach {literal(str(warehouse))} as old (read_only)")
            con.execute(f"attach {literal(str(making))} as new")
            con.execute("copy from database old to new")
            is_same = _rows(con, "old") == _rows(con, "new")
            con.execute(
                "update new.raw.tombstone set erased_at = ? where erased_at is null and scrubbed_at is not null",
                [as_of],
            )
        except duckdb.Error as error:
            raise WarehouseError(f"{warehouse} cannot be rewritten: {str(error).splitlines()[0]}") from error
    if not is_same:
        raise WarehouseError(f"{warehouse} cannot be rewritten: the copy differs from it, and was not taken")
    _sync(making)
    making.replace(warehouse)
    _sync(warehouse.parent)


def clear_leftovers(warehouse: Path) -> None:
    """Remove what a killed process left beside the file: a copy half made, and what DuckDB had spilled."""
    for path in warehouse.parent.glob(f"{warehouse.name}.compact*"):
        path.unlink()
    shutil.rmtree(warehouse.with_name(f"{warehouse.name}.spill"), ignore_errors=True)


def _rows(con: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str, int]]:
    """Every table and how many rows it has."""
    named = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? order by all", [database]
    ).fetchall()
    counts = (
        con.execute(f"select count(*) from {database}.{identifier(s)}.{identifier(t)}").fetchone()  # noqa: S608 - the catalog's own names
        for s, t in named
    )
    return [(s, t, count[0] if count else 0) for (s, t), count in zip(named, counts, strict=True)]


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""A warehouse as one can compare it: every table of raw and marts, without run ids and wall-clock columns."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.connection import connect, identifier

OF_THE_RUN = {"run_id", "loaded_at", "quarantined_at", "started_at", "applied_at", "built_at"}
OF_THE_BUILD = {"changed_at_seq", "previous_thread_id"}
"""What a build notes for the next one: another number of builds leaves other notes, and the same threads."""
SCHEMAS = ("raw", "intermediate", "marts")
INTERMEDIATE = Path(__file__).parents[1] / "sql/intermediate"


def state(warehouse: Path, schemas: tuple[str, ...] = SCHEMAS) -> dict[str, list[tuple[object, ...]]]:
    """Rows by table, sorted; what differs between two of these is what a run changed."""
    con = connect(warehouse, read_only=True)
    try:
        tables = con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where list_contains(?, table_schema) and table_type = 'BASE TABLE' order by all",
            [list(schemas)],
        ).fetchall()
        return {f"{schema}.{table}": _rows(con, schema, table) for schema, table in tables if _lives_on(schema, table)}
    finally:
        con.close()


def _lives_on(schema: str, table: str) -> bool:
    """Whether the next build goes on from the table: others of the layer hold what the last build happened to touch."""
    models = INTERMEDIATE.rglob(f"{table}.sql")
    return schema != "intermediate" or any("materialized='incremental'" in path.read_text("utf-8") for path in models)


def differences(
    one: dict[str, list[tuple[object, ...]]], other: dict[str, list[tuple[object, ...]]]
) -> dict[str, tuple[list[object], list[object]]]:
    """By table, the rows that only one or only the other has (three of each, to read)."""
    found = {}
    for table in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(table, []), other.get(table, [])
        if mine != theirs:
            found[table] = ([r for r in mine if r not in theirs][:3], [r for r in theirs if r not in mine][:3])
    return found


def _rows(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[tuple[object, ...]]:
    name = f"{identifier(schema)}.{identifier(table)}"
    columns = [column[0] for column in con.execute(f"select * from {name} limit 0").description]
    kept = ", ".join(identifier(column) for column in columns if column not in OF_THE_RUN | OF_THE_BUILD)
    return con.execute(f"select {kept} from {name} order by all").fetchall()

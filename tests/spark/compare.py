"""Two warehouses of the same raw rows, mart by mart: the same columns, types, keys, and values to 1e-9."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.connection import identifier, literal
from warehouse.mart_facts import KEYS

SHOWN = 3


@dataclass(frozen=True)
class Verdict:
    """One mart of both engines: `differences` says where they part; `untold` are the columns that are NULL in all rows,
    of which a comparison says little."""

    mart: str
    rows: int
    columns: int
    untold: tuple[str, ...]
    differences: tuple[str, ...]


def marts(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Columns and types of each mart of the open warehouse."""
    rows = con.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts' order by all"
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for mart, column, kind in rows:
        found.setdefault(mart, {})[column] = kind
    return found


def compare(con: duckdb.DuckDBPyConnection, mart: str, columns: dict[str, str], parquet: Path) -> Verdict:
    """`con` has our mart, `parquet` the other engine's; the session's time zone must be UTC."""
    other = f"read_parquet({literal(str(parquet / '*.parquet'))})"
    told = {name: _kind(kind) for name, kind, *_ in con.execute(f"describe from {other}").fetchall()}
    rows = _count(con, f"from marts.{mart}")
    if told != columns:
        apart = sorted(set(told.items()) ^ set(columns.items()))
        return Verdict(mart, rows, 0, (), (f"columns or types: {apart}",))
    if mart not in KEYS:
        return Verdict(mart, rows, 0, (), ("has no key in warehouse/mart_facts.py",))
    keys = [key.rstrip("?") for key in KEYS[mart]]
    on = " and ".join(f"ours.{identifier(key)} is not distinct from theirs.{identifier(key)}" for key in keys)
    con.execute(
        "create or replace temp table pair as "
        f"select ours, theirs from (select *, true as is_there from marts.{mart}) as ours "
        f"full join (select *, true as is_there from {other}) as theirs on {on}"
    )
    differences = _rows_apart(con, rows, keys) + _values_apart(con, columns, keys)
    return Verdict(mart, rows, len(columns), _untold(con, mart, columns), tuple(differences))


def _kind(parquet_type: str) -> str:
    return parquet_type.replace(" WITH TIME ZONE", "")


def _count(con: duckdb.DuckDBPyConnection, source: str) -> int:
    row = con.execute(f"select count(*) {source}").fetchone()
    assert row is not None
    return int(row[0])


def _untold(con: duckdb.DuckDBPyConnection, mart: str, columns: dict[str, str]) -> tuple[str, ...]:
    counts = con.execute(f"select {', '.join(f'count({identifier(name)})' for name in columns)} from marts.{mart}")
    row = counts.fetchone()
    assert row is not None
    return tuple(name for name, count in zip(columns, row, strict=True) if not count)


def _rows_apart(con: duckdb.DuckDBPyConnection, rows: int, keys: list[str]) -> list[str]:
    found = []
    for side, other in (("ours", "theirs"), ("theirs", "ours")):
        alone = f"from pair where {other}.is_there is null"
        if count := _count(con, alone):
            found.append(f"{count} rows only in {side}: {_examples(con, [f'{side}.{key}' for key in keys], alone)}")
    if not found and (pairs := _count(con, "from pair")) != rows:
        found.append(f"a key stands more than once: {pairs} pairs of {rows} rows")
    return found


def _values_apart(con: duckdb.DuckDBPyConnection, columns: dict[str, str], keys: list[str]) -> list[str]:
    found = []
    for name, kind in columns.items():
        ours, theirs = f"ours.{identifier(name)}", f"theirs.{identifier(name)}"
        apart = f"{ours} is distinct from {theirs}"
        if kind == "DOUBLE":  # a logarithm of equals is near 0
            apart += f" and not coalesce(abs({ours} - {theirs}) <= 1e-9 * greatest(abs({ours}), 1e-3), false)"
        both = f"from pair where ours.is_there and theirs.is_there and ({apart})"
        if count := _count(con, both):
            shown = [*(f"ours.{identifier(key)}" for key in keys), ours, theirs]
            found.append(f"{name}: {count} rows differ: {_examples(con, shown, both)}")
    return found


def _examples(con: duckdb.DuckDBPyConnection, columns: list[str], source: str) -> str:
    rows = con.execute(f"select {', '.join(columns)} {source} limit {SHOWN}").fetchall()
    return "; ".join(" | ".join(str(value) for value in row) for row in rows)

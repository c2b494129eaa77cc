"""What must be true of a release before anybody reads it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.audiences import FILES, Audience
from warehouse.connection import connect, identifier, literal
from warehouse.errors import WarehouseError
from warehouse.releases import MANIFEST, Manifest, read_manifest


def check_release(release: Path) -> None:
    """Raise WarehouseError with everything that is wrong with a release that was just made."""
    manifest = read_manifest(release)
    if manifest is None:
        raise WarehouseError(f"{release / MANIFEST} cannot be read: publish again")
    wrong = _check_files(release, manifest)
    for audience, file in FILES.items():
        with connect(release / file, read_only=True) as con:
            wrong += [f"{file}: {fault}" for fault in _check_database(con, release, manifest, audience)]
    if wrong:
        raise WarehouseError(f"release {manifest.run_id} failed its check, current stays: {'; '.join(wrong)}")


def _check_files(release: Path, manifest: Manifest) -> list[str]:
    sizes = {name: (release / name).stat().st_size if (release / name).is_file() else None for name in manifest.files}
    wrong = [
        f"{name} has not the size of the manifest" for name, file in manifest.files.items() if sizes[name] != file.size
    ]
    needed = {*FILES.values(), *(part.file for table in manifest.tables.values() for part in table.parts.values())}
    return wrong + [f"{name} is missing" for name in sorted(needed - manifest.files.keys())]


def _check_database(con: duckdb.DuckDBPyConnection, release: Path, manifest: Manifest, audience: Audience) -> list[str]:
    wrong = []
    for name, table in manifest.tables.items():
        counts = {"rows": _count(con, f"marts.{identifier(name)}")}
        if audience == "public" and table.parts:
            files = ", ".join(literal(str(release / part.file)) for part in table.parts.values())
            counts["rows of Parquet"] = _count(con, f"read_parquet([{files}], hive_partitioning = false)")
        wrong += [f"marts.{name} has {n} {what}, not {table.rows}" for what, n in counts.items() if n != table.rows]
        there = con.execute(
            "select column_name, comment from duckdb_columns() where schema_name = 'marts' and table_name = ? "
            "order by column_index",
            [name],
        ).fetchall()
        if [column for column, _ in there] != table.columns[audience]:
            wrong.append(f"marts.{name} has other columns than the allow-list")
        wrong += [f"marts.{name}.{column} has no description" for column, comment in there if not comment]
    return wrong


def _count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    found = con.execute(f"select count(*) from {rows}").fetchone()  # noqa: S608 - names and paths of our own
    return int(found[0]) if found else 0

"""Carries a warehouse file forward: `migrations/NNNN_*.sql` in order, each once, each in a transaction."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.connection import transaction
from warehouse.errors import WarehouseError

MIGRATIONS = Path(__file__).parent / "migrations"
_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_LEDGER = """
create table if not exists raw.schema_version (
    version bigint not null, name varchar not null, checksum varchar not null, applied_at timestamp not null
)
"""


@dataclass(frozen=True)
class Migration:
    """One file; an applied one may never change, or two warehouses of one version would differ."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrate(con: duckdb.DuckDBPyConnection, directory: Path = MIGRATIONS) -> int:
    """Apply what the file has not seen yet; the version it is then at.

    Raises WarehouseError where the file is newer than this code, or a migration it went through has changed.
    """
    migrations = read_migrations(directory)
    applied = _applied(con)
    _refuse_strangers(migrations, applied)
    for migration in migrations[len(applied) :]:
        _apply(con, migration)
    return len(migrations)


def read_migrations(directory: Path = MIGRATIONS) -> list[Migration]:
    """The migrations in order; raises WarehouseError on a wrong name or a gap in the numbers."""
    found = []
    for number, path in enumerate(sorted(directory.glob("*.sql")), start=1):
        matched = _NAME.match(path.name)
        if matched is None or int(matched[1]) != number:
            raise WarehouseError(f"{path}: expected {number:04d}_<name>.sql here; migrations are numbered without gaps")
        found.append(Migration(number, path.stem, path.read_text("utf-8")))
    return found


def _applied(con: duckdb.DuckDBPyConnection) -> list[tuple[int, str, str]]:
    ledger = "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'schema_version'"
    if con.execute(ledger).fetchone() is None:
        return []
    rows = con.execute("select version, name, checksum from raw.schema_version order by version").fetchall()
    return [(version, name, checksum) for version, name, checksum in rows]


def _refuse_strangers(migrations: list[Migration], applied: list[tuple[int, str, str]]) -> None:
    if len(applied) > len(migrations):
        raise WarehouseError(
            f"the warehouse is at version {applied[-1][0]} ({applied[-1][1]}), this code knows {len(migrations)}: "
            "update Soundings, or restore a backup made by this version"
        )
    for migration, (_, name, checksum) in zip(migrations, applied, strict=False):
        if migration.checksum != checksum:
            raise WarehouseError(
                f"migration {name} was changed after it was applied to this warehouse: "
                "put the old text back and write the change as the next migration"
            )


def _apply(con: duckdb.DuckDBPyConnection, migration: Migration) -> None:
    try:
        with transaction(con) as work:
            work.execute(migration.sql)
            work.execute(_LEDGER)
            work.execute(
                "insert into raw.schema_version values (?, ?, ?, ?)",
                [migration.version, migration.name, migration.checksum, datetime.now(UTC).replace(tzinfo=None)],
            )
    except duckdb.Error as error:
        raise WarehouseError(f"migration {migration.name} failed and was undone: {error}") from error

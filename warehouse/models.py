"""From schema raw to the marts: builds what changed since the last build, or all where that is not enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from expectations.errors import SoundingsError
from warehouse.connection import StorageSettings, connect, transaction
from warehouse.dbt_project import write_statements
from warehouse.errors import WarehouseError
from warehouse.ledger import NOTHING_BUILT, built_load_seq, last_load_seq
from warehouse.statements import Statement, statements, text_digest

Check = Callable[[duckdb.DuckDBPyConnection, bool], None]
"""Told whether all was built anew, or only what the `int_touched_*` tables name."""

FAILED = "failed.sql"
_SCHEMAS = ("staging", "intermediate", "marts")


@dataclass(frozen=True)
class BuiltModel:
    """One model or seed of a build, and how long it took."""

    name: str
    seconds: float


@dataclass(frozen=True)
class BuildReport:
    """A build that succeeded: every load up to `built_load_seq` is in the models."""

    is_full: bool
    built_load_seq: int
    models: tuple[BuiltModel, ...]

    @property
    def seconds(self) -> float:
        """Time within the models."""
        return sum(model.seconds for model in self.models)


def build(
    warehouse: Path,
    data_dir: Path,
    settings: StorageSettings,
    *,
    reporting_timezone: str,
    full_refresh: bool,
    check: Check | None = None,
) -> BuildReport:
    """Bring the models up to the newest load. Call it with no connection of ours open to the file.

    All is built anew where `full_refresh` says so, the configuration or the project changed, or a full build was
    killed; a build that was killed is simply run again. Raises WarehouseError with the first model that failed, whose
    SQL is then in `data_dir`, and what `check` raises: a build that it refuses is not built, and the next one is a full
    one. It is not asked where nothing was loaded since the last build.
    """
    zone = _checked(reporting_timezone)
    version = f"{text_digest()} {zone}"
    sql = statements((warehouse.stem, zone), lambda: write_statements(warehouse.stem, reporting_timezone=zone))
    with connect(warehouse, settings=settings) as con:
        newest, before = last_load_seq(con), built_load_seq(con)
        is_full = full_refresh or before == NOTHING_BUILT or _built_version(con) != version
        if is_full:
            _owe_full_build(con)
            _clear(con)
        models = tuple(_sent(con, sql.full if is_full else sql.small, data_dir / FAILED))
        if check is not None and (is_full or newest > before):
            try:
                check(con, is_full)
            except SoundingsError:
                _owe_full_build(con)
                raise
        _move_watermark(con, newest, version)
    return BuildReport(is_full, newest, models)


def _owe_full_build(con: duckdb.DuckDBPyConnection) -> None:
    """From here on: a full build that is killed or refused is not carried on as a small one."""
    con.execute("update raw.build set built_load_seq = ?", [NOTHING_BUILT])


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    """What is built anew leaves nothing of models that the project has no more, and its blocks to those it has."""
    for schema in _SCHEMAS:
        con.execute(f"drop schema if exists {schema} cascade")
        con.execute(f"create schema {schema}")


def _sent(con: duckdb.DuckDBPyConnection, models: Iterable[Statement], failed: Path) -> Iterator[BuiltModel]:
    for model in models:
        began = time.perf_counter()
        try:
            with transaction(con) as work:
                work.execute(model.sql)
        except duckdb.Error as error:
            failed.write_text(model.sql, "utf-8")
            reason = str(error).splitlines()[0]
            raise WarehouseError(f"model {model.name} failed: {reason}; its SQL is in {failed}") from error
        yield BuiltModel(model.name, time.perf_counter() - began)


def _checked(reporting_timezone: str) -> str:
    try:
        return ZoneInfo(reporting_timezone).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WarehouseError(f"reporting time zone {reporting_timezone!r} is not in the IANA list") from error


def _built_version(con: duckdb.DuckDBPyConnection) -> str | None:
    """Tables built by another text or for other days cannot be carried on."""
    try:
        row = con.execute("select version from intermediate.built_with").fetchone()
    except duckdb.CatalogException:  # never built
        return None
    return row[0] if row else None


def _move_watermark(con: duckdb.DuckDBPyConnection, load_seq: int, version: str) -> None:
    with transaction(con) as work:
        work.execute("update raw.build set built_load_seq = ?", [load_seq])
        work.execute("create or replace table intermediate.built_with (version varchar not null)")
        work.execute("insert into intermediate.built_with values (?)", [version])

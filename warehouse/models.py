"""From schema raw to the marts: builds what changed since the last build, or all where that is not enough."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from expectations.errors import SoundingsError
from warehouse.connection import StorageSettings, connect, transaction
from warehouse.dbt_project import ModelResult, build_project
from warehouse.errors import WarehouseError
from warehouse.ledger import NOTHING_BUILT, built_load_seq, last_load_seq
from warehouse.parsed_project import PROJECT, project_files

Check = Callable[[duckdb.DuckDBPyConnection, bool], None]
"""Told whether all was built anew, or only what the `int_touched_*` tables name."""


@dataclass(frozen=True)
class BuildReport:
    """A build that succeeded: every load up to `built_load_seq` is in the models."""

    is_full: bool
    built_load_seq: int
    models: tuple[ModelResult, ...]

    @property
    def seconds(self) -> float:
        """Time within the models; dbt's own start and parsing come on top."""
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
    killed; a build that was killed is simply run again. Raises WarehouseError with the first model that failed, and
    what `check` raises: a build that it refuses is not built, and the next one is a full one. It is not asked where
    nothing was loaded since the last build.
    """
    version = _version(_checked(reporting_timezone))
    with connect(warehouse, settings=settings) as con:
        newest, before = last_load_seq(con), built_load_seq(con)
        is_full = full_refresh or before == NOTHING_BUILT or _built_version(con) != version
        if is_full:  # owed from here on: a full build that is killed is not carried on as a small one
            _owe_full_build(con)
    models = build_project(warehouse, data_dir, settings, reporting_timezone=reporting_timezone, is_full=is_full)
    with connect(warehouse, settings=settings) as con:
        if check is not None and (is_full or newest > before):
            try:
                check(con, is_full)
            except SoundingsError:
                _owe_full_build(con)
                raise
        _move_watermark(con, newest, version)
    return BuildReport(is_full, newest, models)


def _owe_full_build(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update raw.build set built_load_seq = ?", [NOTHING_BUILT])


def _checked(reporting_timezone: str) -> str:
    try:
        return ZoneInfo(reporting_timezone).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WarehouseError(f"reporting time zone {reporting_timezone!r} is not in the IANA list") from error


def _version(reporting_timezone: str) -> str:
    """What the models' text is: tables built by another text or for other days cannot be carried on."""
    digest = hashlib.sha256(reporting_timezone.encode())
    for path in project_files():
        if path.relative_to(PROJECT).parts[0] != "unit_tests":
            digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _built_version(con: duckdb.DuckDBPyConnection) -> str | None:
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

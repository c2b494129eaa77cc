"""Runs the dbt project `sql/` in this process: from schema raw to the marts, recomputing what changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from warehouse.connection import StorageSettings, connect, profile
from warehouse.errors import WarehouseError
from warehouse.ledger import NOTHING_BUILT, built_load_seq, last_load_seq

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

PROJECT = Path(__file__).parent.parent / "sql"
_PROJECT_FILES = (".sql", ".yml", ".csv")


@dataclass(frozen=True)
class ModelResult:
    """One model or seed of a build; `rows` where the engine tells how many the statement wrote."""

    name: str
    status: str  # success | error | skipped
    seconds: float
    rows: int | None
    error: str | None


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
    warehouse: Path, data_dir: Path, settings: StorageSettings, *, reporting_timezone: str, full_refresh: bool
) -> BuildReport:
    """Bring the models up to the newest load. Call it with no connection of ours open to the file.

    All is built anew where `full_refresh` says so, the configuration or the project changed, or a full build was
    killed; a build that was killed is simply run again. Raises WarehouseError with the first model that failed.
    """
    version = _version(_checked(reporting_timezone))
    with connect(warehouse, settings=settings) as con:
        newest = last_load_seq(con)
        is_full = full_refresh or built_load_seq(con) == NOTHING_BUILT or _built_version(con) != version
        if is_full:
            con.execute("update raw.build set built_load_seq = ?", [NOTHING_BUILT])
    models = _run_dbt(warehouse, data_dir, settings, _arguments(reporting_timezone, is_full=is_full))
    with connect(warehouse, settings=settings) as con:
        _move_watermark(con, newest, version)
    return BuildReport(is_full, newest, models)


def _checked(reporting_timezone: str) -> str:
    try:
        return ZoneInfo(reporting_timezone).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise WarehouseError(f"reporting time zone {reporting_timezone!r} is not in the IANA list") from error


def _version(reporting_timezone: str) -> str:
    """What the models' text is: tables built by another text or for other days cannot be carried on."""
    digest = hashlib.sha256(reporting_timezone.encode())
    for path in sorted(p for p in PROJECT.rglob("*") if p.suffix in _PROJECT_FILES and "unit_tests" not in p.parts):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _built_version(con: duckdb.DuckDBPyConnection) -> str | None:
    try:
        row = con.execute("select version from intermediate.built_with").fetchone()
    except duckdb.CatalogException:  # never built
        return None
    return row[0] if row else None


def _move_watermark(con: duckdb.DuckDBPyConnection, load_seq: int, version: str) -> None:
    con.execute("begin")
    try:
        con.execute("update raw.build set built_load_seq = ?", [load_seq])
        con.execute("create or replace table intermediate.built_with (version varchar not null)")
        con.execute("insert into intermediate.built_with values (?)", [version])
        con.execute("commit")
    except duckdb.Error:
        con.execute("rollback")
        raise


def _arguments(reporting_timezone: str, *, is_full: bool) -> list[str]:
    # Views and the seed are the project's text: between two full builds nothing of them changes.
    scope = ["--full-refresh"] if is_full else ["--exclude", "config.materialized:view", "resource_type:seed"]
    variables = json.dumps({"reporting_timezone": reporting_timezone})
    return ["build", "--vars", variables, "--resource-type", "model", "--resource-type", "seed", *scope]


def _run_dbt(
    warehouse: Path, data_dir: Path, settings: StorageSettings, arguments: Sequence[str]
) -> tuple[ModelResult, ...]:
    from dbt.cli.main import dbtRunner  # seconds of imports that a run with nothing to build never pays

    home = data_dir / "dbt"
    home.mkdir(parents=True, exist_ok=True)
    output = profile(settings, warehouse)
    # JSON is YAML; dbt reads no profile from anywhere else.
    (home / "profiles.yml").write_text(
        json.dumps({"soundings": {"target": "warehouse", "outputs": {"warehouse": output}}})
    )
    folders = {"project": PROJECT, "profiles": home}
    paths = [text for name, path in folders.items() for text in (f"--{name}-dir", str(path))]
    paths += ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    quiet = [
        "--quiet",
        "--log-level",
        "none",
        "--log-level-file",
        "info",
        "--no-use-colors",
        "--no-version-check",
        "--no-write-json",
    ]
    try:
        result = dbtRunner().invoke([*arguments, *paths, *quiet, "--no-send-anonymous-usage-stats", "--fail-fast"])
    finally:
        _close_dbt()
    return _results(result, home / "logs" / "dbt.log")


def _close_dbt() -> None:
    """dbt keeps the file open for its next call, and an open file refuses our own connection."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()


def _results(result: dbtRunnerResult, log: Path) -> tuple[ModelResult, ...]:
    found = tuple(_model_result(one) for one in getattr(result.result, "results", ()))
    failed = next((model for model in found if model.status == "error"), None)
    if failed is not None:
        raise WarehouseError(f"model {failed.name} failed: {failed.error}; the whole error is in {log}")
    if not result.success:
        raise WarehouseError(
            f"the models cannot be built: {_reason(str(result.exception))}; the whole error is in {log}"
        )
    return found


def _model_result(result: Any) -> ModelResult:
    status = str(result.status.value)
    rows = cast("dict[str, Any]", result.adapter_response).get("rows_affected")
    error = _reason(result.message or "") if status == "error" else None
    return ModelResult(result.node.name, status, result.execution_time, rows, error)


def _reason(message: str) -> str:
    """The line that tells what is wrong: dbt's first line only repeats which model it was."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return next((line for line in lines if not re.match(r"(\w+ )+Error in model ", line)), "no reason given")[:300]

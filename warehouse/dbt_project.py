"""Runs the dbt project `sql/` in this process: no shell, no network, nothing on the terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from warehouse.connection import StorageSettings, profile
from warehouse.errors import WarehouseError
from warehouse.parsed_project import PROJECT, parsed_project

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

_SILENT = (
    "--quiet", "--log-level", "none", "--log-level-file", "info", "--no-use-colors",
    "--no-send-anonymous-usage-stats", "--no-version-check",
)  # fmt: skip


@dataclass(frozen=True)
class ModelResult:
    """One model or seed of a build; `rows` where the engine tells how many the statement wrote."""

    name: str
    status: str  # success | error | skipped
    seconds: float
    rows: int | None
    error: str | None


def build_project(
    warehouse: Path, data_dir: Path, settings: StorageSettings, *, reporting_timezone: str, is_full: bool
) -> tuple[ModelResult, ...]:
    """Build all models anew, or what changed; profile and log lie in `data_dir`/dbt.

    Raises WarehouseError with the first model that failed and why. The file is closed again either way.
    """
    manifest = parse_project(warehouse, data_dir, settings, reporting_timezone=reporting_timezone)
    home = _home(warehouse, data_dir, settings)
    command = ["build", "--fail-fast", *_selection(is_full=is_full), *_variables(reporting_timezone), "--no-write-json"]
    return _results(_invoke(command, home, manifest), home / "logs" / "dbt.log")


def parse_project(warehouse: Path, data_dir: Path, settings: StorageSettings, *, reporting_timezone: str) -> Manifest:
    """The project as dbt understands it, for a warehouse of this file name: as kept, or parsed now."""
    home, variables = _home(warehouse, data_dir, settings), _variables(reporting_timezone)

    def parse() -> Manifest:
        result = _invoke(["parse", *variables, "--no-partial-parse", "--no-write-json"], home)
        _results(result, home / "logs" / "dbt.log")
        return cast("Manifest", result.result)

    return parsed_project((warehouse.stem, *variables), parse)


def describe_project(warehouse: Path, data_dir: Path, settings: StorageSettings) -> Path:
    """dbt's documentation of a built warehouse as one page that needs no network: where it is."""
    home = _home(warehouse, data_dir, settings)
    _results(_invoke(["docs", "generate", "--static"], home), home / "logs" / "dbt.log")
    return home / "target" / "static_index.html"


def _home(warehouse: Path, data_dir: Path, settings: StorageSettings) -> Path:
    """dbt's own folder, with the profile that opens the warehouse as we do."""
    home = data_dir / "dbt"
    home.mkdir(parents=True, exist_ok=True)
    profiles = {"soundings": {"target": "warehouse", "outputs": {"warehouse": profile(settings, warehouse)}}}
    (home / "profiles.yml").write_text(json.dumps(profiles))  # JSON is YAML
    return home


def _variables(reporting_timezone: str) -> list[str]:
    return ["--vars", json.dumps({"reporting_timezone": reporting_timezone})]


def _selection(*, is_full: bool) -> list[str]:
    # Views and the seed are the project's text: between two full builds nothing of them changes.
    scope = ["--full-refresh"] if is_full else ["--exclude", "config.materialized:view", "resource_type:seed"]
    return ["--resource-type", "model", "--resource-type", "seed", *scope]


def _invoke(arguments: Sequence[str], home: Path, manifest: Manifest | None = None) -> dbtRunnerResult:
    from dbt.cli.main import dbtRunner  # seconds of imports that a run with nothing to build never pays

    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(home)]
    folders += ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    try:
        return dbtRunner(manifest=manifest).invoke([*arguments, *folders, *_SILENT])
    finally:
        _close()


def _close() -> None:
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
        reason = _reason(str(result.exception))
        raise WarehouseError(f"the models cannot be built: {reason}; the whole error is in {log}")
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

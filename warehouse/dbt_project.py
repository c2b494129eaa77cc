"""Lets dbt make SQL of the project `sql/`, in this process: no shell, no network, nothing on the terminal.

dbt knows the order of the models, holds their contracts, writes the descriptions and says how a model becomes a table.
All of that is said by the project's text: so dbt builds an empty warehouse, and what it sent there is what builds send.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.connection import StorageSettings, connect, profile
from warehouse.errors import WarehouseError
from warehouse.migrate import migrate
from warehouse.statements import PROJECT, Statement, Statements

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

_SILENT = (
    "--quiet", "--log-level", "none", "--log-level-file", "none", "--no-use-colors",
    "--no-send-anonymous-usage-stats", "--no-version-check",
)  # fmt: skip
_MODELS = ("--resource-type", "model", "--resource-type", "seed")
# Views and the seed are the project's text: between two full builds nothing of them changes.
_LIVING = ("--exclude", "config.materialized:view", "resource_type:seed")


def write_statements(database: str, *, reporting_timezone: str) -> Statements:
    """What dbt sends where there is nothing, and for the build after that, to a warehouse file of this name.

    Raises WarehouseError with the first model that does not hold what it promises, and why.
    """
    settings = StorageSettings()
    with tempfile.TemporaryDirectory(prefix="soundings-") as folder:
        warehouse = Path(folder) / f"{database}.duckdb"
        with connect(warehouse, settings=settings) as con:
            migrate(con)
        home = _home(warehouse, Path(folder), settings)
        command = ["build", "--fail-fast", *_variables(reporting_timezone), "--no-write-json", *_MODELS]
        return Statements(
            full=_statements(_invoke([*command, "--full-refresh"], home)),
            small=_statements(_invoke([*command, *_LIVING], home)),
        )


def describe_project(warehouse: Path, data_dir: Path, settings: StorageSettings) -> Path:
    """dbt's documentation of a built warehouse as one page that needs no network: where it is."""
    home = _home(warehouse, data_dir, settings)
    _invoke(["docs", "generate", "--static"], home)
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


def _invoke(arguments: Sequence[str], home: Path) -> dbtRunnerResult:
    from dbt.cli.main import dbtRunner  # seconds of imports that a run of known text never pays

    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(home)]
    folders += ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    try:
        return _succeeded(dbtRunner().invoke([*arguments, *folders, *_SILENT]))
    finally:
        _close()


def _close() -> None:
    """dbt keeps the file open for its next call, and an open file refuses our own connection."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()


def _succeeded(result: dbtRunnerResult) -> dbtRunnerResult:
    for one in getattr(result.result, "results", ()):
        if one.status.value == "error":
            raise WarehouseError(f"model {one.node.name} cannot be built: {one.message}")
    if not result.success:
        raise WarehouseError(f"the models cannot be built: {result.exception}")
    return result


def _statements(built: dbtRunnerResult) -> tuple[Statement, ...]:
    """What dbt wrote down of what it ran, in that order."""
    nodes = [one.node for one in built.result.results]
    return tuple(Statement(node.name, Path(node.build_path).read_text("utf-8").strip()) for node in nodes)

"""How a file is opened, by us and by dbt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment

from warehouse.connection import StorageSettings, attach, connect, profile
from warehouse.errors import WarehouseError

SETTINGS = ["max_vacuum_tasks", "memory_limit", "threads", "TimeZone", "temp_directory", "autoload_known_extensions"]


def _settings(con: duckdb.DuckDBPyConnection) -> list[object]:
    return [con.execute(f"select current_setting('{name}')::varchar").fetchone() for name in SETTINGS]


def test_dbt_opens_the_file_beside_us_with_the_same_settings(tmp_path: Path) -> None:
    path, settings = tmp_path / "w.duckdb", StorageSettings(memory_limit="300MB", threads=1)
    ours = connect(path, settings=settings)
    output = profile(settings, path)
    environment = LocalEnvironment(DuckDBCredentials.from_dict({**output, "database": "w"}))
    theirs = environment.handle().cursor()
    theirs.execute(f"select {', '.join(f'''current_setting('{name}')::varchar''' for name in SETTINGS)}")
    assert [(value,) for value in theirs.fetchone()] == _settings(ours)
    environment.close()


def test_a_second_configuration_of_one_file_is_refused_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    held = connect(path)
    with pytest.raises(WarehouseError, match=r"w\.duckdb cannot be opened: .*different configuration"):
        connect(path, settings=StorageSettings(memory_limit="2GB"))
    held.close()


def test_the_settings_hold(tmp_path: Path) -> None:
    con = connect(tmp_path / "w.duckdb", settings=StorageSettings(memory_limit="300MB", threads=1))
    spill = str(tmp_path / "w.duckdb.spill")
    assert [value for (value,) in _settings(con)] == ["0", "286.1 MiB", "1", "UTC", spill, "false"]


def test_a_file_that_another_process_writes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    held = connect(path)
    code = f"from pathlib import Path; from warehouse.connection import connect; connect(Path({str(path)!r}))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "WarehouseError" in other.stderr
    assert "cannot be opened" in other.stderr
    held.close()


@pytest.mark.parametrize("content", [None, b"no database" * 999])
def test_a_missing_or_foreign_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "it's.duckdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WarehouseError, match="cannot be opened"):
        connect(path, read_only=True)
    with pytest.raises(WarehouseError, match="cannot be opened"):
        attach(connect(None), path, "x", read_only=True)


def test_a_locked_down_connection_reaches_no_other_file(tmp_path: Path) -> None:
    connect(tmp_path / "w.duckdb").close()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    con = connect(tmp_path / "w.duckdb", read_only=True, locked_down=True)
    for statement in (
        f"from '{tmp_path}/secret.csv'",
        f"copy (select 1) to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/other.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
        "load httpfs",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(statement)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv", "w.duckdb"]

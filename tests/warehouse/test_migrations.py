"""An older warehouse is carried forward, a newer or altered one is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.migrate import MIGRATIONS, migrate


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def _next(migrations: Path, sql: str, name: str = "more") -> Path:
    path = migrations / f"{len(list(migrations.glob('*.sql'))) + 1:04d}_{name}.sql"
    path.write_text(sql)
    return path


def test_an_older_file_is_carried_forward_with_its_rows(tmp_path: Path, migrations: Path) -> None:
    con = connect(tmp_path / "w.duckdb")
    before = migrate(con, migrations)
    con.execute("insert into raw.setting values ('a', 'b')")
    _next(migrations, "alter table raw.setting add column note varchar default 'none'; create table raw.more (x int);")
    assert migrate(con, migrations) == before + 1
    assert con.execute("from raw.setting").fetchall() == [("a", "b", "none")]
    assert migrate(con, migrations) == before + 1
    assert con.execute("select version from raw.schema_version order by 1").fetchall()[-1] == (before + 1,)


def test_a_newer_file_is_refused_with_both_versions(tmp_path: Path, migrations: Path) -> None:
    con = connect(tmp_path / "w.duckdb")
    _next(migrations, "create table raw.more (x int)", "from_the_future")
    newest = migrate(con, migrations)
    with pytest.raises(WarehouseError, match=rf"version {newest} \(.*from_the_future\), this code knows {newest - 1}"):
        migrate(con, MIGRATIONS)


def test_a_changed_migration_is_refused_by_name(tmp_path: Path, migrations: Path) -> None:
    con = connect(tmp_path / "w.duckdb")
    migrate(con, migrations)
    first = migrations / "0001_raw.sql"
    first.write_text(first.read_text() + "\n-- a word more")
    with pytest.raises(WarehouseError, match="0001_raw was changed after it was applied"):
        migrate(con, migrations)


def test_a_failed_migration_leaves_nothing(tmp_path: Path, migrations: Path) -> None:
    con = connect(tmp_path / "w.duckdb")
    version = migrate(con, migrations)
    wrong = _next(migrations, "create table raw.half (x int); insert into raw.nowhere values (1);", "half")
    with pytest.raises(WarehouseError, match="_half failed and was undone"):
        migrate(con, migrations)
    assert con.execute("from duckdb_tables() where table_name = 'half'").fetchall() == []
    wrong.unlink()
    assert migrate(con, migrations) == version


@pytest.mark.parametrize("name", ["9999_gap.sql", "two.sql"])
def test_a_gap_or_a_wrong_name_is_refused(tmp_path: Path, migrations: Path, name: str) -> None:
    (migrations / name).write_text("select 1")
    with pytest.raises(WarehouseError, match="numbered without gaps"):
        migrate(connect(tmp_path / "w.duckdb"), migrations)

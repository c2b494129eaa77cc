"""What a build promises around the models: it ends whole, can be run again, says what failed, and keeps quiet."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from raw_nights import Nights
from raw_windows import ZONE

from warehouse.connection import StorageSettings
from warehouse.errors import WarehouseError
from warehouse.models import BuildReport, build
from warehouse.statements import PROJECT

SEED = PROJECT / "seeds" / "platform_metrics.csv"
PUBLIC = "select table_name, column_name, data_type, comment from duckdb_columns() where schema_name = 'marts'"
KPIS = "from marts.kpi_entity_daily order by all"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dbt")


def built(nights: Nights, data_dir: Path, *, full_refresh: bool = False, zone: str = ZONE) -> BuildReport:
    warehouse = nights.con_path
    return build(warehouse, data_dir, StorageSettings(), reporting_timezone=zone, full_refresh=full_refresh)


def asked(nights: Nights, query: str) -> list[tuple[object, ...]]:
    """Opened with other settings than a build's: DuckDB refuses that while one still holds the file."""
    with duckdb.connect(str(nights.con_path), config={"threads": "1"}) as con:
        return con.execute(query).fetchall()


def test_a_build_is_silent_closes_the_file_and_moves_the_watermark(
    nights: Nights, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    nights.live()
    report = built(nights, data_dir, full_refresh=True)
    assert tuple(capfd.readouterr()) == ("", "")
    assert asked(nights, "from raw.build") == [(report.built_load_seq,)] == [(nights.load_seq,)]
    layers = [path for layer in ("staging", "intermediate", "marts") for path in (PROJECT / layer).rglob("*.sql")]
    assert {model.name for model in report.models} == {path.stem for path in [*layers, SEED]}
    columns = asked(nights, PUBLIC)
    assert [row for row in columns if not row[3]] == []  # the analyst reads each column's meaning in the database
    assert {row[0] for row in columns} == {path.stem for path in (PROJECT / "marts").glob("*.sql")}


def test_a_build_that_failed_halfway_names_the_model_and_is_simply_run_again(nights: Nights, data_dir: Path) -> None:
    nights.live()
    asked(nights, "alter table marts.kpi_entity_daily rename column views to vews")
    with pytest.raises(WarehouseError, match=r"model kpi_entity_daily failed: .+views.+; its SQL is in .+failed.sql"):
        built(nights, data_dir)
    assert asked(nights, "from raw.build") != [(nights.load_seq,)]
    asked(nights, "alter table marts.kpi_entity_daily rename column vews to views")
    assert not built(nights, data_dir).is_full
    continued = asked(nights, KPIS)
    asked(nights, "update raw.build set built_load_seq = built_load_seq - 1")  # killed before the watermark moved
    built(nights, data_dir)
    assert asked(nights, KPIS) == continued
    built(nights, data_dir, full_refresh=True)
    assert asked(nights, KPIS) == continued


def test_a_text_that_dbt_knows_is_built_without_it_and_models_that_are_no_more_leave_nothing(
    nights: Nights, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("dbt was asked")

    monkeypatch.setattr("warehouse.models.write_statements", refuse)
    asked(nights, "create table marts.kpi_of_yesterday as select 1 as n")
    nights.live()
    assert not built(nights, data_dir).is_full
    assert asked(nights, "from marts.kpi_of_yesterday") == [(1,)]
    assert built(nights, data_dir, full_refresh=True).is_full
    assert asked(nights, f"from ({PUBLIC}) where table_name = 'kpi_of_yesterday'") == []


def test_a_full_build_that_failed_stays_owed_and_another_time_zone_is_a_full_build(
    nights: Nights, data_dir: Path
) -> None:
    assert not built(nights, data_dir).is_full
    asked(nights, "update raw.setting set value = 'heavy' where name = 'weight_likes'")
    with pytest.raises(WarehouseError, match="heavy"):
        built(nights, data_dir, full_refresh=True)
    asked(nights, "update raw.setting set value = '1' where name = 'weight_likes'")
    assert built(nights, data_dir).is_full
    assert built(nights, data_dir, zone="UTC").is_full


def test_a_time_zone_that_does_not_exist_is_refused_before_anything_is_touched(nights: Nights, data_dir: Path) -> None:
    for zone in ("Mars/Olympus", "UTC'; drop schema marts cascade; --", "../../etc/passwd"):
        with pytest.raises(WarehouseError, match="time zone"):
            built(nights, data_dir, zone=zone, full_refresh=True)
    assert asked(nights, "from raw.build") == [(nights.load_seq,)]


def test_a_rerun_that_has_more_to_take_in_than_the_build_that_was_killed_gives_what_a_full_build_gives(
    nights: Nights, data_dir: Path
) -> None:
    """First mentions and spans of followers stand as the killed build left them: it must not matter what that was."""
    kept = (
        "select pair_id, first_date from intermediate.int_author_firsts order by all",
        "from intermediate.int_follower_readings order by all",
        "from intermediate.int_entity_author_days order by all",
    )
    built(nights, data_dir)
    for _ in range(3):
        before = asked(nights, "from raw.build")[0][0]
        nights.live("edit", "deletion", "re-match")
        built(nights, data_dir)
        asked(nights, f"update raw.build set built_load_seq = {before}")  # killed before the watermark moved
        nights.live("edit", "deletion", "re-match")
        built(nights, data_dir)
    found = [asked(nights, query) for query in kept]
    built(nights, data_dir, full_refresh=True)
    assert [asked(nights, query) for query in kept] == found

"""Questions to the current release."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from small_marts import KEY, change, make_marts

from warehouse.errors import WarehouseError
from warehouse.publish import publish
from warehouse.query import WIDTH, open_release, run

AS_OF = datetime.fromisoformat("2026-03-01T02:00")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    path, allow = make_marts(folder)
    publish(path, folder, "run-1", AS_OF, key=KEY, allow_list=allow)
    return folder


@pytest.fixture
def con(data_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(data_dir) as opened:
        yield opened


def test_the_three_formats_tell_the_same(con: duckdb.DuckDBPyConnection) -> None:
    query = "select entity_id, report_date, mentions, null as nothing from marts.kpi_entity_daily order by 2 limit 2;"
    assert list(csv.reader(io.StringIO("".join(run(con, query, "csv"))))) == [
        ["entity_id", "report_date", "mentions", "nothing"],
        ["acme", "2026-01-15", "0", ""],
        ["acme", "2026-01-16", "1", ""],
    ]
    assert json.loads("".join(run(con, query, "json"))) == [
        {"entity_id": "acme", "report_date": "2026-01-15", "mentions": 0, "nothing": None},
        {"entity_id": "acme", "report_date": "2026-01-16", "mentions": 1, "nothing": None},
    ]
    lines = [line.split() for line in "".join(run(con, query, "table")).splitlines()]
    assert lines[0] == ["entity_id", "report_date", "mentions", "nothing"]
    assert lines[2] == ["acme", "2026-01-16", "1", "–"]


def test_an_answer_without_rows_is_well_formed(con: duckdb.DuckDBPyConnection) -> None:
    query = "select mentions from marts.kpi_entity_daily where false"
    assert json.loads("".join(run(con, query, "json"))) == []
    assert "".join(run(con, query, "csv")) == "mentions\n"
    assert "".join(run(con, query, "table")).split() == ["mentions"]


def test_numbers_stand_right_decimals_too(con: duckdb.DuckDBPyConnection) -> None:
    query = "select 'acme' as brand, 8.5::decimal(9, 1) as share, 9 as n union select 'globex', 100.0, 10 order by n"
    assert "".join(run(con, query, "table")).splitlines() == [
        "brand   share   n",
        "acme      8.5   9",
        "globex  100.0  10",
    ]


def test_a_long_answer_comes_in_pieces(con: duckdb.DuckDBPyConnection) -> None:
    pieces = list(run(con, "select i, 'é' || i as t from range(25000) as r (i)", "json"))
    assert len(pieces) == 4
    assert json.loads("".join(pieces))[-1] == {"i": 24999, "t": "é24999"}


def test_tables_fit_the_screen_and_say_what_they_leave_out(con: duckdb.DuckDBPyConnection) -> None:
    long = "".join(run(con, "select i, repeat('x', 300) as x from range(300) as r (i)"))
    assert max(map(len, long.splitlines())) <= WIDTH
    assert "only the first 200 rows" in long
    many = ", ".join(f"{number} as column_{number}" for number in range(40))
    wide = "".join(run(con, f"from range(11) select {many}"))
    assert "column_39" in wide
    assert "only the first 10 rows" in wide


def test_a_strangers_text_cannot_play_with_the_terminal(con: duckdb.DuckDBPyConnection) -> None:
    shown = "".join(run(con, "select chr(27) || '[31m[bold]red[/bold]' || chr(8238) || 'x' as text"))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]red[/bold]" in shown


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("select * from '/etc/list.csv'", "no files"),
        ("from read_text('/etc/hostname')", "no files"),
        ("from glob('/*')", "no files"),
        ("copy marts.kpi_entity_daily to 'out.csv'", "a release is only read"),
        ("delete from marts.kpi_entity_daily", "a release is only read"),
        ("create temp table t as select 1", "a release is only read"),
        ("attach ':memory:' as m", "a release is only read"),
        ("set memory_limit = '9GB'", "a release is only read"),
        ("load httpfs", "a release is only read"),
        ("select 1; select 2", "give one SELECT"),
        ("", "give one SELECT"),
        ("select nonsense from marts.kpi_entity_daily", "nonsense"),
        ("selec 1", "the query failed"),
    ],
)
def test_what_is_no_question_to_the_release_is_refused(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, statement: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WarehouseError, match=wrong):
        list(run(con, statement, "csv"))
    assert list(tmp_path.iterdir()) == []


def test_the_memory_is_bounded_and_spills_to_disk(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select current_setting('memory_limit')").fetchone() == ("488.2 MiB",)
    query = "select max(r) as r from (select row_number() over (order by hash(i)) as r from range(3000000) as t (i))"
    assert json.loads("".join(run(con, query, "json"))) == [{"r": 3000000}]


def test_each_audience_has_its_own_columns(data_dir: Path) -> None:
    answers = {}
    for audience in ("public", "restricted"):
        with open_release(data_dir, audience) as opened:
            answers[audience] = "".join(run(opened, "describe marts.fct_mentions", "csv"))
    assert "mention_key" in answers["public"]
    assert "mention_id" not in answers["public"]
    assert "url" in answers["restricted"]


def test_an_open_connection_keeps_its_night_and_a_new_one_sees_the_new(tmp_path: Path) -> None:
    path, allow = make_marts(tmp_path)
    publish(path, tmp_path, "run-1", AS_OF, key=KEY, allow_list=allow)
    count = "select count(*) as n from marts.fct_mentions"
    with open_release(tmp_path) as old:
        change(path, "delete from marts.fct_mentions where likes > 3")
        publish(path, tmp_path, "run-2", AS_OF, key=KEY, allow_list=allow)
        with open_release(tmp_path) as new:
            assert ["".join(run(con, count, "csv")) for con in (old, new)] == ["n\n9\n", "n\n4\n"]


def test_before_the_first_release_the_first_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="nothing was published yet; start a run with: soundings run"):
        open_release(tmp_path)

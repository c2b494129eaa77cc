"""The comparison of two engines finds what differs, and a machine that cannot run Spark says so aloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.spark import __main__ as check
from tests.spark.compare import Verdict, compare, marts

MART = "kpi_coverage"  # a part of its key may be NULL
ROWS = """
select 'x' as source, 'x' as platform, topic_id, date '2026-03-29' as report_date, items, coverage, read_at, formats
from (values
    ('acme', 4::bigint, 1 / 3, timestamp '2026-03-29 01:30:00.000001', ['image']),
    (null, null, null, null, null)
) as rows (topic_id, items, coverage, read_at, formats)
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute("create schema marts")
        con.execute(f"create table marts.{MART} as {ROWS}")
        yield con


def judged(con: duckdb.DuckDBPyConnection, folder: Path, theirs: str) -> Verdict:
    con.execute(f"copy (select * from ({theirs})) to '{folder / 'part.parquet'}'")
    return compare(con, MART, marts(con)[MART], folder)


def test_equal_rows_in_another_order_are_equal_and_doubles_to_nine_digits(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    theirs = f"select * replace (coverage * (1 + 1e-12) as coverage, read_at::timestamptz as read_at) from ({ROWS}) "
    verdict = judged(con, tmp_path, f"{theirs} order by topic_id nulls first")
    assert (verdict.rows, verdict.columns, verdict.untold, verdict.differences) == (2, 8, (), ())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("* replace (coverage * (1 + 1e-8) as coverage)", "coverage: 1 rows differ"),
        ("* replace (coalesce(items, 0) as items)", "items: 1 rows differ"),
        ("* replace (read_at + interval 1 microsecond as read_at)", "read_at: 1 rows differ"),
        ("* replace (list_reverse(formats || ['link']) as formats)", "formats: 1 rows differ"),
        ("* replace (coalesce(topic_id, 'none') as topic_id)", "1 rows only in theirs"),
        ("* replace (items::integer as items)", "columns or types"),
        ("* exclude (items)", "columns or types"),
    ],
)
def test_whatever_differs_is_told(con: duckdb.DuckDBPyConnection, tmp_path: Path, change: str, said: str) -> None:
    assert said in " ".join(judged(con, tmp_path, f"select {change} from ({ROWS})").differences)


def test_a_row_that_is_missing_or_stands_twice_is_told(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    missing = judged(con, tmp_path, f"select * from ({ROWS}) where topic_id is null")
    assert missing.differences[0].startswith("1 rows only in ours: x | x | acme")
    twice = judged(con, tmp_path, f"select * from ({ROWS}) union all select * from ({ROWS}) where topic_id is null")
    assert twice.differences == ("a key stands more than once: 3 pairs of 2 rows",)


def test_without_java_the_check_is_skipped_aloud(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.argv", ["spark-check"])
    assert check.main() == 0
    assert "spark-check SKIPPED: no Java" in capsys.readouterr().out

"""A full build of a model in slices of its days loses no row and makes none twice, wherever the days lie."""

from __future__ import annotations

import duckdb
import pytest
from raw_nights import Nights
from raw_windows import ZONE

from warehouse.dbt_project import write_statements
from warehouse.statements import statements

MOVED = {
    "as they are": "report_date",
    "all of one day": "date '2026-03-29'",
    "none in the middle": "case when day(report_date) % 2 = 0 then date '0044-03-15' else date '9999-12-31' end",
}
USES = """
    select entity_id, report_date, cast(sum(uses) as bigint) as uses
    from intermediate.int_term_days
    where entity_id <> '*'
    group by all order by all
"""
RIGHT = """
    select entity_id, report_date, count(*) as uses
    from intermediate.int_entity_mentions
    inner join (select mention_id, unnest(terms) as term from intermediate.int_mention_signals) using (mention_id)
    where term <> ''
    group by all order by all
"""


def built_anew(nights: Nights, *, before: str) -> duckdb.DuckDBPyConnection:
    """The warehouse in which int_term_days alone was made anew, after a change of what it reads."""
    made = statements(("soundings", ZONE), lambda: write_statements("soundings", reporting_timezone=ZONE))
    (sliced,) = (one.sql for one in made.full if one.name == "int_term_days")
    assert sliced.count("insert into") == 7  # and the slice that creates the table
    con = duckdb.connect(str(nights.con_path))
    con.execute(f"drop table intermediate.int_term_days; {before}")
    con.execute(sliced)
    return con


@pytest.mark.parametrize("days", MOVED)
def test_every_use_is_counted_once(days: str, nights: Nights) -> None:
    tables = ("intermediate.int_entity_mentions", "marts.fct_mentions")
    moved = "".join(f"update {table} set report_date = {MOVED[days]};" for table in tables)
    with built_anew(nights, before=moved) as con:
        found = con.execute(USES).fetchall()
        assert found == con.execute(RIGHT).fetchall()
        assert len(found) > 0
        keys = "count(*), count(distinct (entity_id, language, term, report_date))"
        ((rows, different),) = con.execute(f"select {keys} from intermediate.int_term_days").fetchall()
        assert rows == different


def test_where_there_is_nothing_every_slice_is_empty(nights: Nights) -> None:
    with built_anew(nights, before="delete from intermediate.int_entity_mentions;") as con:
        assert con.execute("from intermediate.int_term_days").fetchall() == []

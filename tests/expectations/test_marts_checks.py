"""What keeps marts from being published: each planted contradiction is named, with what to do; sound marts pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest

from expectations.verdict import Verdict
from warehouse.check_marts import check_marts
from warehouse.connection import connect
from warehouse.migrate import migrate

AS_OF = datetime(2026, 3, 2, 2)
SOUND = """
insert into raw.entity values ('acme', 'Acme', 'brand', true, null, 'set');
insert into raw.entity values ('bolt', 'Bolt', 'brand', false, null, 'set');
insert into raw.setting values ('weight_likes', '1'), ('weight_replies', '2');
insert into raw.mention
    (mention_id, platform, native_id, kind, text, published_at, deleted_at, found_by, source, first_seen_at, seen_at,
     content_hash, load_seq)
select 'x:' || n, 'x', n, 'post', '', timestamp '2026-03-01 23:30' - to_days(n::int % 3),
    if(n = 8, timestamp '2026-03-02', null), if(n = 9, 'thread', 'query'), 's', '2026-03-02', '2026-03-02', 0, 1
from range(10) as t (n);
insert into raw.mention_entity select mention_id, if(load_seq = 1, 'acme', 'bolt'), [], 1 from raw.mention;
insert into raw.engagement_snapshot (mention_id, captured_at, age_hours, likes, replies, load_seq)
select mention_id, day, 1, if(native_id = '3', null, 5), if(native_id = '3', null, 1 + extract(day from day)), 1
from raw.mention, (values (timestamp '2026-03-01'), (timestamp '2026-03-02')) as days (day);

create table marts.fct_mentions as
select mention_id, (published_at + interval 1 hour)::date as report_date from raw.mention;
create table intermediate.int_entity_mentions as
select mention_id, entity_id, report_date from marts.fct_mentions join raw.mention_entity using (mention_id)
where mention_id not in ('x:8', 'x:9');
create table marts.kpi_entity_daily as
select
    entity_id, report_date, count(*) as mentions,
    sum(if(mention_id = 'x:3', null, 5 + 2 * 3))::double as interactions,
    0.5::double as coverage, 0.25::double as share_of_voice_mentions, null::double as ugc_ratio
from intermediate.int_entity_mentions group by all;
create table marts.kpi_coverage as
select 's' as source, 'x' as platform, null::varchar as topic_id, date '2026-03-01' as report_date,
    1.0::double as coverage, timestamp '2026-01-01' as last_covered_at
union all select 's', 'x', 'acme', date '2026-03-01', 0.0, timestamp '2026-03-02';
create table intermediate.int_touched_days as select date '2026-03-02' as report_date;
create table intermediate.int_touched_mentions as select 'x:0' as mention_id;
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = connect(None)
    migrate(con)
    con.execute(SOUND)
    yield con
    con.close()


def checked(con: duckdb.DuckDBPyConnection, *, is_full: bool = True) -> Verdict:
    return check_marts(con, "run-1", AS_OF, "Europe/Berlin", is_full=is_full)


def broken(verdict: Verdict) -> list[str]:
    return [rule.rule_id for rule in verdict.rules if not rule.is_met]


@pytest.mark.parametrize("is_full", [True, False])
def test_sound_marts_pass(con: duckdb.DuckDBPyConnection, is_full: bool) -> None:
    verdict = checked(con, is_full=is_full)
    assert (broken(verdict), verdict.is_withheld) == ([], False)
    assert {rule.rule_id for rule in verdict.rules if not rule.checked} <= {"marts.key.known"}


DEFECTS = {
    "insert into marts.kpi_entity_daily from marts.kpi_entity_daily limit 1": "key.unique_and_not_null",
    "update marts.fct_mentions set mention_id = null where mention_id = 'x:9'": "key.unique_and_not_null",
    "update marts.kpi_entity_daily set coverage = 1.01": "coverage.within_0_and_1",
    "update marts.kpi_coverage set coverage = 'nan'": "coverage.within_0_and_1",
    "update marts.kpi_entity_daily set share_of_voice_mentions = -0.1": "share.within_0_and_1",
    "delete from marts.fct_mentions where mention_id = 'x:9'": "mentions.equal_raw",
    "delete from intermediate.int_entity_mentions where mention_id = 'x:2'": "counted.equal_raw",
    "insert into intermediate.int_entity_mentions values ('x:8', 'acme', '2026-02-28')": "counted.equal_raw",
    "update intermediate.int_entity_mentions set entity_id = 'bolt' where mention_id = 'x:1'": "counted.equal_raw",
    "update marts.kpi_entity_daily set mentions = mentions + 1 where report_date = '2026-03-01'": "volume.adds_up",
    "delete from marts.kpi_entity_daily where report_date = '2026-02-28'": "volume.adds_up",
    "update marts.kpi_entity_daily set interactions = interactions * 1.001": "interactions.equal_raw",
    "update marts.kpi_entity_daily set interactions = null where report_date = '2026-03-01'": "interactions.equal_raw",
}


@pytest.mark.parametrize(("defect", "rule"), list(DEFECTS.items()))
def test_a_contradiction_withholds_the_marts_and_says_what_to_do(
    con: duckdb.DuckDBPyConnection, defect: str, rule: str
) -> None:
    con.execute(defect)
    verdict = checked(con)
    assert f"marts.{rule}" in broken(verdict)
    assert verdict.is_withheld
    assert any(rule in reason and "the next run builds all marts anew" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("defect", "rule"),
    [
        ("update marts.kpi_entity_daily set ugc_ratio = 3", "ratio.within_0_and_1"),
        ("create table marts.kpi_new as select 1 as x", "key.known"),
        ("update marts.kpi_coverage set last_covered_at = '2026-02-01'", "source.fresh"),
    ],
)
def test_a_warning_is_recorded_and_stops_nothing(con: duckdb.DuckDBPyConnection, defect: str, rule: str) -> None:
    con.execute(defect)
    verdict = checked(con)
    assert (broken(verdict), verdict.is_withheld) == ([f"marts.{rule}"], False)


def test_a_small_build_looks_at_what_it_touched(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update marts.kpi_entity_daily set mentions = 99 where report_date = '2026-02-28'")
    assert broken(checked(con, is_full=False)) == []
    con.execute("insert into intermediate.int_touched_days values ('2026-02-28')")
    assert broken(checked(con, is_full=False)) == ["marts.volume.adds_up"]


def test_a_mention_that_an_analyst_takes_out_is_no_contradiction(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from intermediate.int_entity_mentions where mention_id = 'x:0'")
    con.execute(
        "update marts.kpi_entity_daily set mentions = mentions - 1, interactions = interactions - 11 "
        "where report_date = '2026-03-02'"
    )
    assert "marts.counted.equal_raw" in broken(checked(con))
    con.execute(
        "insert into raw.correction (mention_id, field, value, corrected_at, load_seq) "
        "values ('x:0', 'irrelevant', 'true', '2026-03-02', 1)"
    )
    assert broken(checked(con)) == []


def test_the_verdict_is_kept_with_the_run_once(con: duckdb.DuckDBPyConnection) -> None:
    from warehouse.ledger import prune_verdicts, verdicts_of_run

    checked(con)
    con.execute("update marts.kpi_entity_daily set coverage = 2")
    again = checked(con)
    assert verdicts_of_run(con, "run-1") == [again]
    prune_verdicts(con, 0)
    assert verdicts_of_run(con, "run-1") == []

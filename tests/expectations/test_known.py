"""What a batch's validation is told of the warehouse: earlier counts, parents and authors; a source's usual volume."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from staged_batches import AS_OF, Row, clean_tables, stage

from expectations.validate import judge_source, validate
from warehouse.connection import connect
from warehouse.known import usual_volume, write_known
from warehouse.load import load_batch
from warehouse.migrate import migrate

DAY = timedelta(days=1)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = connect(tmp_path / "warehouse.duckdb")
    migrate(opened)
    yield opened
    opened.close()


def night(
    con: duckdb.DuckDBPyConnection, folder: Path, tables: dict[str, list[Row]], as_of: datetime = AS_OF
) -> dict[str, int]:
    """Judge and load a batch as a night does; what failed."""
    stage(folder, tables)
    for path in folder.glob("known_*"):
        path.unlink()
    about = (folder / "batch.json").read_text()
    told = about.replace("batch-1", folder.name).replace('"pages": 1', f'"pages": 1, "as_of": "{as_of.isoformat()}"')
    (folder / "batch.json").write_text(told)
    write_known(con, folder, as_of=as_of)
    verdict = validate(folder, as_of=as_of)
    load_batch(con, folder, loaded_at=as_of)
    return {rule.rule_id: rule.failed for rule in verdict.rules if rule.failed}


def test_counts_are_held_against_the_last_that_were_stored(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    yesterday = clean_tables(4)
    for row in yesterday["mention"]:
        row |= {"published_at": row["published_at"] - 2 * DAY, "edited_at": None}
    for table in ("engagement_snapshot", "account_snapshot"):
        for row in yesterday[table]:
            row["captured_at"] = AS_OF - DAY
    yesterday["engagement_snapshot"][0]["upvotes"] = 5_000
    yesterday["engagement_snapshot"][1]["upvotes"] = 200
    yesterday["engagement_snapshot"][2]["upvotes"] = 99
    yesterday["account_snapshot"][0]["followers"] = 1_000
    assert night(con, tmp_path / "first", yesterday, AS_OF - DAY) == {}
    today = clean_tables(4)
    for row in today["engagement_snapshot"]:
        row["upvotes"] = 7
    assert night(con, tmp_path / "second", today) == {
        "engagement_snapshot.upvotes.not_collapsed": 1,
        "engagement_snapshot.counters.not_fallen": 2,
        "account_snapshot.followers.not_fallen": 1,
    }
    assert night(con, tmp_path / "second-again", today)["engagement_snapshot.upvotes.not_collapsed"] == 1


def test_authors_and_parents_of_earlier_nights_are_known(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    answers = clean_tables(3)
    for row in answers["mention"]:
        row |= {"found_by": "thread", "parent_id": "reddit:t1_40", "author_id": "reddit:t2_40"}
    lone = {"mention": answers["mention"]}
    unknown = {"mention.author_id.has_an_account": 3, "mention.parent_id.is_known": 3}
    assert (
        night(con, tmp_path / "alone", {"mention": [row | {"item_no": n} for n, row in enumerate(lone["mention"])]})
        == unknown
    )
    old = clean_tables(41)
    old["mention"][40]["author_id"] = "reddit:t2_40"
    assert night(con, tmp_path / "old", {table: rows[40:] for table, rows in _first_page(old).items()}) == {}
    later = [row | {"mention_id": f"reddit:t1_9{n}", "native_id": f"t1_9{n}"} for n, row in enumerate(lone["mention"])]
    assert night(con, tmp_path / "later", {"mention": later}) == {}


def _first_page(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    return {
        table: [row | {"page_id": "page", "item_no": n - 40} for n, row in enumerate(rows)]
        for table, rows in tables.items()
    }


def test_only_what_the_batch_asks_for_is_written(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    night(con, tmp_path / "first", clean_tables(20), AS_OF - DAY)
    folder = stage(tmp_path / "second", {"engagement_snapshot": clean_tables(2)["engagement_snapshot"]})
    write_known(con, folder, as_of=AS_OF + DAY)
    assert pl.read_parquet(folder / "known_counter.parquet").height <= 2
    assert pl.read_parquet(folder / "known_capability.parquet").height > 100
    assert not (folder / "known_mention.parquet").exists()


@pytest.mark.parametrize(
    ("a_day", "yesterday", "days", "newest", "warned"),
    [
        (100, 100, 20, 3, []),
        (100, 10, 20, 3, ["source.volume.near_its_median"]),
        (100, 0, 20, 60, ["source.volume.near_its_median", "source.silence.at_most_two_days"]),
        (10, 0, 20, 60, []),
        (100, 0, 5, 60, []),
    ],
)
def test_a_source_is_held_against_its_own_last_weeks(
    con: duckdb.DuckDBPyConnection, a_day: int, yesterday: int, days: int, newest: int, warned: list[str]
) -> None:
    midnight = AS_OF.replace(hour=0)
    volumes = {midnight - DAY * (n + 2): a_day for n in range(1 if newest == 60 else 0, days + 1)}
    volumes[midnight - DAY] = yesterday
    for day, volume in volumes.items():
        insert_mentions(con, "stories", day, volume)
    insert_mentions(con, "another", midnight - DAY, 9_999)
    facts = usual_volume(con, "stories", as_of=AS_OF)
    assert facts["volume"] == yesterday
    verdict = judge_source("stories", "run-1", facts, as_of=AS_OF)
    assert [rule.rule_id for rule in verdict.warnings] == warned


def test_a_source_without_a_mention_has_no_usual_volume(con: duckdb.DuckDBPyConnection) -> None:
    facts = usual_volume(con, "stories", as_of=AS_OF)
    assert facts == {"volume": 0.0, "usual_volume": None, "usual_days": 0.0, "silence_hours": None}
    assert judge_source("stories", "run-1", facts, as_of=AS_OF).warnings == ()


def insert_mentions(con: duckdb.DuckDBPyConnection, source: str, day: datetime, count: int) -> None:
    parameters: dict[str, Any] = {"source": source, "day": day, "count": count}
    con.execute(
        "insert into raw.mention by name select $source || epoch($day::timestamp) || n as mention_id, 'x' as platform,"
        " n::varchar as native_id, 'post' as kind, '' as text, $day::timestamp + to_minutes(n::int % 1440) as"
        " published_at, 'query' as found_by, $source as source, $day::timestamp as first_seen_at, $day::timestamp as"
        " seen_at, 0 as content_hash, 1 as load_seq from range($count::bigint) as t (n)",
        parameters,
    )
